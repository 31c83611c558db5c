import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Setting } from '../../server/http/contract/index.ts';
import { Appliance } from '../support/appliance.ts';

type Value = boolean | number | string | string[];

/** What is right for a text or an entry of a list is known to the setting alone: one of these is. */
const TEXTS = [
  'Some words.',
  'chat.example.org',
  'https://chat.example.org',
  'example.org',
  '/tmp',
  '192.0.2.7',
  '2099-01-31T10:00Z',
  'room',
];

/** Values that are not what holds now, and may be right. */
function others({ shape, value }: Setting): readonly Value[] {
  switch (shape.kind) {
    case 'switch':
      return [value !== true];
    case 'number':
      return [value === shape.least ? shape.least + 1 : shape.least];
    case 'choice':
      return Object.keys(shape.choices).filter((one) => one !== value);
    case 'list':
      return TEXTS.map((text) => [text]);
    default:
      return TEXTS;
  }
}

describe('every setting of the server', { timeout: 120_000 }, () => {
  let appliance: Appliance;
  let settings: readonly Setting[];

  before(async () => {
    appliance = await Appliance.start({ more: '[scram]\niterations = 4096' });
    settings = (await appliance.local.call('GET /api/settings', { query: {} })).settings;
  });
  after(() => appliance?.[Symbol.asyncDispose]());

  const now = async (key: string) => {
    const found = (await appliance.local.call('GET /api/settings', { query: {} })).settings.find(
      (one) => one.key === key,
    );
    return found ?? assert.fail(key);
  };
  const put = (key: string, value: Value) =>
    appliance.local.call('PUT /api/settings/:key', { params: { key }, body: { value: value as string } });
  const reset = (key: string) => appliance.local.call('DELETE /api/settings/:key', { params: { key }, query: {} });

  test('says what it is in a title and in sentences, each title once', () => {
    assert.ok(settings.length > 40, `${settings.length}`);
    assert.equal(new Set(settings.map(({ title }) => title)).size, settings.length);
    for (const { key, title, help, group } of settings) {
      assert.match(title, /^\p{Lu}[^.]{4,60}$/u, key);
      assert.match(help, /^\p{Lu}.{20,400}\.$/su, key);
      assert.match(group, /^\p{Lu}/u, key);
    }
  });

  test('can be set, holds from then on, is told with its author, and is taken back', async () => {
    for (const setting of settings) {
      const { key } = setting;
      let done: Setting | undefined;
      for (const value of others(setting)) {
        done = await put(key, value).then(
          (reply) => reply.setting,
          () => undefined,
        );
        if (done !== undefined) break;
      }
      assert.ok(done, `${key}: none of TEXTS is right for it`);
      assert.equal(done.decided, true, key);
      assert.deepEqual((await now(key)).value, done.value, key);
      const { rows } = await appliance.local.call('GET /api/setting-changes', { query: { key } });
      const [change] = rows;
      assert.ok(change !== undefined && change.actor !== '', key);
      const secret = setting.shape.kind === 'text' && setting.shape.secret;
      assert.equal(change.undoable, !secret, key);
      if (secret) await reset(key);
      else await appliance.local.call('POST /api/setting-changes/:id/undo', { params: { id: String(change.id) } });
      const back = await now(key);
      assert.deepEqual([back.value, back.decided], [setting.value, false], key);
    }
  });

  test('refuses what is of another kind or too much, and stays as it is', async () => {
    for (const { key, shape, value } of settings) {
      const wrong: Value[] = [
        shape.kind === 'number' ? shape.most + 1 : 7,
        shape.kind === 'switch' ? 'on' : true,
        shape.kind === 'text' || shape.kind === 'list' ? 'x'.repeat(shape.longest + 1) : 'no such choice',
      ];
      for (const one of wrong.filter(
        (each) => typeof each !== 'number' || shape.kind !== 'number' || each > shape.most,
      ))
        await assert.rejects(put(key, one), key);
      assert.deepEqual((await now(key)).value, value, key);
    }
  });

  test('that of the log holds at once: what was not written before is', async () => {
    const log = async () =>
      appliance.local.call('GET /api/log', { query: { level: 'warn', text: 'a sign-in failed' } });
    const fail = () =>
      assert.rejects(appliance.local.call('POST /api/sign-in', { body: { name: 'nobody', password: 'not the one' } }));
    assert.equal((await log()).logged, 'info');
    await put('log.level', 'error');
    await fail();
    assert.deepEqual([(await log()).logged, (await log()).entries], ['error', []]);
    await put('log.level', 'warn');
    await fail();
    assert.deepEqual([(await log()).logged, (await log()).entries.length], ['warn', 1]);
    await reset('log.level');
    assert.equal((await log()).logged, 'info', 'as the boot file says');
  });

  test('that of the log does not silence the seal of the audit log', async () => {
    await put('log.level', 'error');
    await appliance.restart();
    const seal = /the seal of the audit log/;
    for (let tries = 0; tries < 100 && !seal.test(appliance.log); tries++) await pause(50);
    assert.match(appliance.log, seal);
    assert.doesNotMatch(appliance.log, /^(?:debug|info) (?!.*seal)/m);
    await reset('log.level');
  });

  test('of an unknown name is none', async () => {
    await assert.rejects(put('no.such-setting', true), /There is no setting called no\.such-setting\./);
  });
});
