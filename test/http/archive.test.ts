import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Role } from '../../server/commands/rights.ts';
import { archived } from '../support/archive.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';
import { assertStrict } from '../support/strict-headers.ts';
import { type Client, openApp } from './support.ts';

const DOMAIN = 'example.test';
const [J, R] = ['juliet@example.test', 'romeo@example.test'] as const;
const NASTY = '<img src=x onerror="alert(1)">\u202e';
const reason = 'complaint 12';
/** As the scene's server is called. */
const NAMED = { headers: { host: 'chat.example.test' }, origin: 'https://chat.example.test' } as const;
const OWNER = { name: 'olga', door: 'panel' } as const;

describe('archives over HTTP', () => {
  let scene: Scene;
  let close: () => Promise<void>;
  let panel: { ask: Client; close: () => Promise<void> };
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-exports-'));
    ({ scene, close } = await openLastingScene({ exportFolder: folder }));
    panel = await openApp({ commands: scene.commands, log: scene.house.log });
    await archived(scene, J, R, [{ body: 'the invoice is late' }, { body: '&lt;img src=x onerror="alert(1)">\u202e' }]);
    await scene.stores.admins.create({ name: 'olga', passwordHash: '', role: 'owner' });
  });
  after(async () => {
    await panel.close();
    await close();
    await rm(folder, { recursive: true });
  });

  /** Somebody of a role who has just signed in. */
  async function signsIn(name: string, role: Role) {
    await scene.stores.admins.create({ name, passwordHash: '', role });
    const { token } = await scene.commands.admins.welcome(name, { address: '', agent: '' });
    const cookie = `__Host-hallway=${token}`;
    return (key: string, body?: object) => panel.ask(key, { cookie, ...NAMED, ...(body !== undefined && { body }) });
  }
  type Asks = Awaited<ReturnType<typeof signsIn>>;

  async function exported(ask: Asks) {
    const made = await ask('POST /api/archive/exports', { domain: DOMAIN, kind: 'domain', reason });
    assert.equal(made.status, 200, made.text);
    const { id } = made.json as unknown as { id: number };
    for (;;) {
      const { json } = await ask(`GET /api/archive/exports?domain=${DOMAIN}`);
      const all = json.exports as unknown as { id: number; state: string; sha256: string; bytes: number }[];
      const found = all.find((one) => one.id === id)!;
      if (found.state !== 'running') return found;
      await pause(20);
    }
  }

  const link = async (ask: Asks, id: number) =>
    ((await ask(`POST /api/archive/exports/${id}/link`)).json as unknown as { token: string }).token;

  test('an auditor reads with a reason, gets text and never markup, and it is in the log', async () => {
    const ask = await signsIn('alma', 'auditor');
    const { json, status, headers } = await ask('POST /api/archive/search', {
      domain: DOMAIN,
      reason,
      people: ['juliet'],
    });
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^application\/json/);
    const [nasty, invoice] = json.messages as unknown as { id: number; text: string; archive: string }[];
    assert.deepEqual([nasty?.text, invoice?.text], [NASTY, 'the invoice is late']);
    const pair = await ask('POST /api/archive/search', { domain: DOMAIN, reason, people: [J], with: 'romeo' });
    assert.equal((pair.json.messages as unknown as unknown[]).length, 2);
    const around = await ask('POST /api/archive/context', { domain: DOMAIN, reason, archive: J, id: invoice!.id });
    assert.equal((around.json.messages as unknown as unknown[]).length, 2);
    const log = (await scene.commands.audit.page(undefined, 3)).rows.map(({ actor, action }) => `${actor} ${action}`);
    assert.deepEqual(log, ['alma archive.context', 'alma archive.search', 'alma archive.search']);
  });

  test('refusals: each with its status, its code and the field at fault; nothing is read then', async () => {
    const ask = await signsIn('arno', 'auditor');
    const rows = async () => (await scene.commands.audit.page(undefined, 1)).rows[0]?.id;
    const before = await rows();
    const search = { domain: DOMAIN, reason };
    const rule = { domain: DOMAIN, kind: 'domain', rule: { days: 30, silent: false } };
    const cases: [string, object | undefined, number, string, string | undefined][] = [
      ['POST /api/archive/search', { domain: DOMAIN }, 400, 'invalid', 'reason'],
      ['POST /api/archive/search', { ...search, reason: '     x' }, 422, 'invalid', 'reason'],
      ['POST /api/archive/search', { ...search, domain: 'gone.test' }, 404, 'domain-not-found', undefined],
      ['POST /api/archive/search', { ...search, people: ['nobody'] }, 404, 'account-not-found', 'name'],
      ['POST /api/archive/search', { ...search, with: 'a@b@c', people: [J] }, 422, 'invalid', 'with'],
      ['POST /api/archive/search', { ...search, with: R }, 422, 'invalid', 'people'],
      ['POST /api/archive/search', { ...search, words: 'x'.repeat(1_001) }, 400, 'invalid', 'words'],
      ['POST /api/archive/search', { ...search, limit: 201 }, 400, 'invalid', 'limit'],
      ['POST /api/archive/search', { ...search, since: 2, until: 1 }, 422, 'invalid', 'until'],
      ['POST /api/archive/search', { ...search, owner: 1 }, 400, 'invalid', 'owner'],
      ['POST /api/archive/context', { ...search, archive: J, id: 1 }, 404, 'message-not-found', undefined],
      ['POST /api/archive/exports', { ...search, kind: 'all' }, 400, 'invalid', 'kind'],
      ['POST /api/archive/exports', { ...search, kind: 'room', name: 'x' }, 404, 'room-not-found', 'name'],
      ['POST /api/archive/exports/999/link', undefined, 404, 'export-not-found', undefined],
      ['GET /api/archive/export-files/..%2f..%2fetc%2fpasswd', undefined, 404, 'link-unknown', undefined],
      [`GET /api/archive/export-files/${'A'.repeat(101)}`, undefined, 400, 'invalid', 'token'],
      ['POST /api/archive/rules/effect', { ...rule, rule: { days: 36_501, silent: false } }, 400, 'invalid', 'rule'],
      ['POST /api/archive/rules/effect', { ...rule, kind: 'room', name: 'x' }, 404, 'room-not-found', 'name'],
      [`GET /api/archive/applies?domain=${DOMAIN}`, undefined, 422, 'invalid', 'person'],
      [`GET /api/archive/applies?domain=${DOMAIN}&person=nobody`, undefined, 404, 'account-not-found', 'name'],
      ['PUT /api/archive/rules', { ...rule, at: Date.now(), messages: 0 }, 403, 'not-your-role', undefined],
    ];
    for (const [key, body, status, code, field] of cases) {
      const { json, ...answer } = await ask(key, body);
      assert.deepEqual(
        [answer.status, json.error?.code, json.error?.field],
        [status, code, field],
        `${key} ${answer.text}`,
      );
    }
    assert.equal(await rows(), before, 'what was refused was neither read nor written down');
  });

  test('an export is fetched whole, by a link that is good once', async () => {
    const ask = await signsIn('anna', 'auditor');
    const { id, sha256, bytes } = await exported(ask);
    const token = await link(ask, id);
    const file = await panel.ask(`GET /api/archive/export-files/${token}`, NAMED);
    assert.equal(file.status, 401, 'the link alone opens nothing');
    const fetched = await ask(`GET /api/archive/export-files/${token}`);
    assert.equal(fetched.status, 200);
    assert.equal(fetched.headers['content-disposition'], `attachment; filename="hallway-export-${id}.tar"`);
    assertStrict(fetched.headers, 'export');
    assert.equal(fetched.bytes.length, bytes);
    assert.equal(createHash('sha256').update(fetched.bytes).digest('hex'), sha256);
    assert.equal((await ask(`GET /api/archive/export-files/${token}`)).json.error.code, 'link-unknown');
  });

  test('the link of an auditor who was disabled, or is none any more, leads nowhere', async () => {
    const { administrators } = scene.commands;
    const ask = await signsIn('ali', 'auditor');
    const { id } = await exported(ask);
    const [first, second] = [await link(ask, id), await link(ask, id)];
    const admin = await signsIn('adam', 'admin');
    assert.equal((await admin(`GET /api/archive/export-files/${first}`)).json.error.code, 'not-your-role');
    await administrators.setDisabled(OWNER, 'ali', true);
    const tries: [string, object?][] = [
      [`GET /api/archive/export-files/${second}`],
      [`POST /api/archive/exports/${id}/link`],
      ['POST /api/archive/search', { domain: DOMAIN, reason }],
    ];
    for (const [key, body] of tries) {
      const { status, json } = await ask(key, body);
      assert.deepEqual([status, json.error.code], [401, 'not-signed-in'], key);
    }
    const other = await signsIn('agnes', 'auditor');
    await administrators.setRole(OWNER, 'agnes', 'help-desk');
    assert.equal((await other(`GET /api/archive/export-files/${second}`)).status, 401);
  });

  test('who runs the house decides how long messages are kept, and reads none; the help desk sees what holds for one', async () => {
    const admin = await signsIn('ada', 'admin');
    const help = await signsIn('hedy', 'help-desk');
    const wish = { domain: DOMAIN, kind: 'domain', rule: { days: 30, silent: false } };
    const effect = await admin('POST /api/archive/rules/effect', wish);
    const { at, messages } = effect.json as unknown as { at: number; messages: number };
    assert.equal((await admin('PUT /api/archive/rules', { ...wish, at, messages })).status, 200);
    const says = await help(`GET /api/archive/applies?domain=${DOMAIN}&person=juliet`);
    assert.deepEqual(says.json, { days: 30, silent: false, by: 'domain', name: DOMAIN, domainSilent: false });
    for (const ask of [admin, help]) {
      assert.equal(
        (await ask('POST /api/archive/search', { domain: DOMAIN, reason })).json.error.code,
        'not-your-role',
      );
    }
  });
});
