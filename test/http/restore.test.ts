import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { BackupProblem } from '../../provisioning/backup/problem.ts';
import type { RestoreNeeds } from '../../server/commands/restore.ts';
import { eventually } from '../browser/panel-kit.ts';
import { claim, openApp, openHouse } from './support.ts';

const HEAD = {
  format: 1,
  version: '0.9.0',
  schema: 3,
  hostname: 'old.example.test',
  domains: ['example.test'],
  madeAt: 1_000,
  counts: { account: 7 },
};
const STAGED = { head: HEAD, files: 2, migrated: true, reissued: ['example.test'], widened: false, backupFolder: '' };

/** A house that nobody has claimed, and a machine that says what it is asked. */
async function scene(t: TestContext, nameGiven = false) {
  const did: string[] = [];
  let problem: BackupProblem | undefined;
  let held = Promise.resolve();
  let now = 1_000_000;
  const needs: RestoreNeeds = {
    incoming: {
      receive: async () => undefined,
      async look(key) {
        did.push(`look ${key}`);
        if (problem !== undefined) throw problem;
        return { head: HEAD, files: 2 };
      },
      async stage(_key, hostname, named) {
        did.push(`stage ${hostname} ${named}`);
        await held;
        if (problem !== undefined) throw problem;
        return STAGED;
      },
      settle: () => void did.push('settle'),
      forget: async () => void did.push('forget'),
    },
    nameGiven,
    restart: () => void did.push('restart'),
  };
  const house = await openHouse(() => now, { restore: needs });
  const { ask, close } = await openApp(house);
  t.after(async () => {
    await close();
    await house.close();
  });
  const { code } = await house.commands.claim.freshCode({ name: 'test', door: 'house' });
  const begin = async (): Promise<string> => {
    const { json } = await ask('POST /api/restore', { body: { code } });
    const { token } = json as unknown as { token: string };
    // What comes over the wire is the business of test/cli/restore-claim.test.ts.
    await house.commands.restore.receive(token, undefined as never, 1, undefined as never);
    return token;
  };
  const step = async (token: string): Promise<string> =>
    ((await ask(`GET /api/restore/${token}`)).json as unknown as { step: string }).step;
  /** Up to where it is known what is in the backup. */
  const known = async (): Promise<string> => {
    const token = await begin();
    await ask(`POST /api/restore/${token}/look`, { body: { key: 'the key' } });
    await house.commands.restore.idle();
    return token;
  };
  return {
    house,
    ask,
    begin,
    known,
    step,
    did,
    code,
    later(ms: number) {
      now += ms;
    },
    fail(with_: BackupProblem | undefined) {
      problem = with_;
    },
    hold(until: Promise<void>) {
      held = until;
    },
  };
}

describe('restoring a backup on a house that nobody has claimed', () => {
  it('is for whoever has the claim code: it is looked into, and the server starts anew', async (t) => {
    const { ask, known, did, house, code } = await scene(t);
    const token = await known();
    const state = (await ask(`GET /api/restore/${token}`)).json as unknown as { step: string; backup: object };
    assert.equal(state.step, 'known');
    assert.deepEqual(state.backup, {
      madeAt: 1_000,
      hostname: 'old.example.test',
      domains: ['example.test'],
      people: 7,
      files: 2,
      version: '0.9.0',
    });
    const body = { hostname: 'Old.example.test' };
    assert.equal((await ask(`POST /api/restore/${token}/go`, { body })).status, 200);
    const meanwhile = await ask('POST /api/claim', {
      body: { code, name: 'eve', password: 'a long enough passphrase' },
    });
    assert.deepEqual([meanwhile.status, meanwhile.json.error.code], [409, 'busy'], 'nobody claims what is replaced');
    await house.commands.restore.idle();
    const done = (await ask(`GET /api/restore/${token}`)).json as unknown as { step: string; done: object };
    assert.equal(done.step, 'done');
    assert.deepEqual(done.done, {
      hostname: 'old.example.test',
      reissued: ['example.test'],
      widened: false,
      backupFolder: '',
    });
    await eventually(async () => assert.ok(did.includes('restart')));
    assert.deepEqual(did, ['look the key', 'stage old.example.test true', 'settle', 'restart']);
  });

  it('is refused without the code, with a wrong one, and with a secret that is not the newest', async (t) => {
    const { ask, begin, known, did } = await scene(t);
    for (const code of ['', 'AAAA-AAAA-AAAA', 'x'.repeat(65)]) {
      const answer = await ask('POST /api/restore', { body: { code } });
      assert.ok([400, 403].includes(answer.status), answer.text);
    }
    const first = await begin();
    await begin();
    for (const token of [first, 'A'.repeat(32), '../../etc/passwd', 'short']) {
      const path = `/api/restore/${encodeURIComponent(token)}`;
      for (const [key, body] of [
        [`GET ${path}`, undefined],
        [`POST ${path}/look`, { key: 'x' }],
        [`POST ${path}/go`, {}],
      ] as const) {
        const { status } = await ask(key, body === undefined ? {} : { body });
        assert.ok([400, 404].includes(status), `${key}: ${status}`);
      }
    }
    assert.equal(did.length, 0);
    const token = await known();
    const foreign = await ask(`POST /api/restore/${token}/go`, { body: {}, origin: 'https://evil.test' });
    assert.equal(foreign.status, 403);
    assert.ok(!did.includes('settle'));
  });

  it('is guessed at no faster than the claim itself', async (t) => {
    const { ask } = await scene(t);
    let refused = 0;
    for (let n = 0; n < 12; n++) {
      const { status } = await ask('POST /api/restore', { body: { code: `AAAA-AAAA-AAA${n}` }, from: '192.0.2.9' });
      if (status === 429) refused++;
    }
    assert.ok(refused > 0);
  });

  it('is refused once somebody has claimed it, at every step, and while it is put together', async (t) => {
    const { ask, known, house, did, hold, code } = await scene(t);
    const token = await known();
    const held = Promise.withResolvers<void>();
    hold(held.promise);
    await ask(`POST /api/restore/${token}/go`, { body: {} });
    await house.commands.claim.appoint(
      { name: 'root', door: 'cli' },
      { name: 'olga', passwordHash: 'x', role: 'owner' },
    );
    held.resolve();
    await house.commands.restore.idle();
    assert.ok(!did.includes('settle'), 'nothing is replaced');
    for (const [key, body] of [
      ['POST /api/restore', { code }],
      [`GET /api/restore/${token}`, undefined],
      [`PUT /api/restore/${token}/file`, undefined],
      [`POST /api/restore/${token}/look`, { key: 'x' }],
      [`POST /api/restore/${token}/go`, {}],
    ] as const) {
      if (key.startsWith('PUT')) continue; // over the wire (test/cli/restore-claim.test.ts)
      const answer = await ask(key, body === undefined ? {} : { body });
      assert.deepEqual([answer.status, answer.json.error.code], [409, 'already-claimed'], key);
    }
    await house.commands.restore.tend();
    assert.equal(did.at(-1), 'forget', 'the file does not lie about');
  });

  it('says what is wrong with the file or the key, and can be tried again', async (t) => {
    const { ask, begin, step, house, fail, did } = await scene(t);
    const token = await begin();
    const early = await ask(`POST /api/restore/${token}/go`, { body: {} });
    assert.equal(early.status, 422, 'not before it is known what is in it');
    fail(new BackupProblem('key', 'This recovery key does not open it: it belongs to another server.'));
    await ask(`POST /api/restore/${token}/look`, { body: { key: 'wrong' } });
    await house.commands.restore.idle();
    const told = (await ask(`GET /api/restore/${token}`)).json as unknown as { step: string; problem: string };
    assert.deepEqual([told.step, /belongs to another server/.test(told.problem)], ['here', true]);
    fail(undefined);
    await ask(`POST /api/restore/${token}/look`, { body: { key: 'right' } });
    await house.commands.restore.idle();
    assert.equal(await step(token), 'known');
    fail(new BackupProblem('room', 'The disk is full.'));
    await ask(`POST /api/restore/${token}/go`, { body: {} });
    await house.commands.restore.idle();
    assert.equal(await step(token), 'known');
    assert.ok(!did.includes('settle'));
    assert.ok(await claim(house, ask), 'and the house can be claimed after all');
  });

  it('takes no name that is none, nor another than the boot file says', async (t) => {
    const free = await scene(t);
    const token = await free.known();
    for (const hostname of ['10.0.0.1', 'a b', '../x']) {
      const answer = await free.ask(`POST /api/restore/${token}/go`, { body: { hostname } });
      assert.deepEqual([answer.status, answer.json.error.field], [422, 'hostname'], hostname);
    }
    const given = await scene(t, true);
    const other = await given.known();
    const answer = await given.ask(`POST /api/restore/${other}/go`, { body: { hostname: 'other.test' } });
    assert.match(answer.json.error.message, /boot file/);
    assert.equal((await given.ask(`POST /api/restore/${other}/go`, { body: {} })).status, 200);
    await given.house.commands.restore.idle();
    assert.ok(given.did.includes('stage chat.example.test false'));
  });

  it('is one at a time, and forgotten when nobody goes on with it', async (t) => {
    const { ask, known, hold, house, did, later, step, code } = await scene(t);
    const token = await known();
    const held = Promise.withResolvers<void>();
    hold(held.promise);
    await ask(`POST /api/restore/${token}/go`, { body: {} });
    for (const [key, body] of [
      ['POST /api/restore', { code }],
      [`POST /api/restore/${token}/look`, { key: 'x' }],
      [`POST /api/restore/${token}/go`, {}],
    ] as const) {
      assert.equal((await ask(key, { body })).status, 409, key);
    }
    later(2 * 3_600_000);
    await house.commands.restore.tend();
    assert.equal(await step(token), 'restoring', 'what is under way is not forgotten');
    held.resolve();
    await house.commands.restore.idle();
    assert.deepEqual(did.includes('forget'), false);
    const idle = await scene(t);
    const left = await idle.begin();
    idle.later(2 * 3_600_000);
    await idle.house.commands.restore.tend();
    assert.deepEqual(idle.did, ['forget']);
    assert.equal((await idle.ask(`GET /api/restore/${left}`)).status, 404);
  });
});
