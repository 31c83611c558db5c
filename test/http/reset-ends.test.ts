import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Client, claimed, openApp, openHouse, type TestHouse } from './support.ts';

/** Links and codes that set a password, and what ends them before they have expired. */
let house: TestHouse;
let ask: Client;
let shut: () => Promise<void>;

beforeEach(async () => {
  house = await openHouse();
  ({ ask, close: shut } = await openApp(house));
  await claimed(house);
});
afterEach(async () => {
  await shut();
  await house.close();
});

test('a reset link that the help desk made is worth nothing once its person is a chat administrator (SECURITY 66)', async () => {
  const { accounts, resetLinks } = house.commands;
  const hal = { name: 'hal', door: 'panel', rights: ['help'] } as const;
  const owner = { name: 'olga', door: 'panel' } as const;
  await accounts.create(owner, 'example.test', { local: 'juliet', password: 'a secret of mine' });
  const token = (await resetLinks.create(hal, 'example.test', 'juliet')).url.split('/').at(-1)!;
  assert.equal((await ask('POST /api/reset/look', { body: { token } })).status, 200);
  await accounts.setChatAdmin(owner, 'example.test', 'juliet', true);
  const answer = await ask('POST /api/reset/use', { body: { token, password: 'a secret of his' } });
  assert.deepEqual([answer.status, answer.json.error?.code], [404, 'link-unknown']);
});

test('nobody is named a chat administrator whose password the help desk may know, until it came by an administrator (SECURITY 66)', async () => {
  const { accounts, resetLinks, bulk } = house.commands;
  const hal = { name: 'hal', door: 'panel', rights: ['help'] } as const;
  const olga = { name: 'olga', door: 'panel' } as const;
  const D = 'example.test';
  const password = 'a secret of his';
  const use = async (url: string) =>
    assert.equal((await ask('POST /api/reset/use', { body: { token: url.split('/').at(-1)!, password } })).status, 200);
  const refused = async (why: string) => {
    const named = accounts.setChatAdmin(olga, D, 'juliet', true);
    await assert.rejects(named, { code: 'not-allowed', message: /came by the help desk/ }, why);
  };
  await accounts.create(olga, D, { local: 'juliet', password });
  const ways: Record<string, () => Promise<unknown>> = {
    'one that it set': () => accounts.setPassword(hal, D, 'juliet', { password }),
    'one that it had made': () => accounts.setPassword(hal, D, 'juliet', { generate: true }),
    'one by a link of it': async () => use((await resetLinks.create(hal, D, 'juliet')).url),
    'one by one of many links': async () => use((await bulk.resetLinks(hal, ['juliet@example.test']))[0]!.url),
  };
  const ends: (() => Promise<unknown>)[] = [
    async () => use((await resetLinks.create(olga, D, 'juliet')).url),
    () => accounts.setPassword(olga, D, 'juliet', { generate: true }),
  ];
  for (const [turn, [why, way]] of Object.entries(ways).entries()) {
    await way();
    await refused(why);
    const session = { jid: { bare: `juliet${turn}@${D}`, domain: D, local: 'juliet', resource: 'x' }, connectedAt: 0 };
    await accounts.changeOwnPassword(session as never, 'whose choice this is nobody knows');
    await refused('changed in a session, which may be the help desk’s');
    await resetLinks.create(olga, D, 'juliet');
    await refused('a link that was not used');
    await ends[turn % 2]!();
    assert.ok((await accounts.setChatAdmin(olga, D, 'juliet', true)).account.chatAdmin);
    await accounts.setChatAdmin(olga, D, 'juliet', false);
  }
});

test('a password that the help desk is setting does not come behind the naming of its person', async () => {
  const { accounts } = house.commands;
  const hal = { name: 'hal', door: 'panel', rights: ['help'] } as const;
  const olga = { name: 'olga', door: 'panel' } as const;
  await accounts.create(olga, 'example.test', { local: 'juliet', password: 'a secret of mine' });
  const [set, named] = await Promise.allSettled([
    accounts.setPassword(hal, 'example.test', 'juliet', { password: 'a secret of his' }),
    accounts.setChatAdmin(olga, 'example.test', 'juliet', true),
  ]);
  assert.deepEqual([set.status, named.status].sort(), ['fulfilled', 'rejected'], 'one or the other');
});

test('a reset code that got about ends with whatever is done against that', async () => {
  const by = { name: 'olga', door: 'panel' } as const;
  const { administrators, admins } = house.commands;
  await administrators.invite(by, 'rita', 'help-desk');
  const password = 'the first long passphrase';
  const { code } = await admins.resetCode(by, 'rita');
  const { token } = await admins.reset(code, password, { address: '', agent: '' });
  const deeds: [string, () => Promise<unknown>][] = [
    [
      'her own new password',
      () => admins.changePassword({ ...by, name: 'rita' }, token, password, 'quite another passphrase'),
    ],
    ['the end of her sessions', () => administrators.endSessions(by, 'rita')],
    [
      'keeping her out for a while',
      async () => {
        await administrators.setDisabled(by, 'rita', true);
        await administrators.setDisabled(by, 'rita', false);
      },
    ],
    ['another role', () => administrators.setRole(by, 'rita', 'auditor')],
    ['no second factor any more', () => administrators.removeSecondFactor(by, 'rita')],
  ];
  for (const [what, deed] of deeds) {
    const leaked = (await admins.resetCode(by, 'rita')).code;
    const other = (await admins.resetCode(by, 'olga')).code;
    await admins.faceOfReset(leaked);
    await deed();
    const answer = await ask('POST /api/admin/reset', { body: { code: leaked, password } });
    assert.deepEqual([answer.status, answer.json.error?.code], [403, 'wrong-code'], what);
    assert.equal((await admins.faceOfReset(other)).name, 'olga', 'that of somebody else is not touched');
  }
});
