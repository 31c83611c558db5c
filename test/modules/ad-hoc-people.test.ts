import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, textOf } from '../../server/xmpp/element.ts';
import {
  COMMANDS,
  command,
  isRefused,
  JULIET,
  OFFICE,
  opens,
  orders,
  PRINCE,
  palace,
  ROMEO,
  valuesOf,
} from '../support/ad-hoc.ts';
import { readsArchive } from '../support/archive.ts';

describe('XEP-0133 §4: people', () => {
  const NEW = { accountjid: ROMEO, password: 'by-yonder-moon', 'password-verify': 'by-yonder-moon' };

  test('§4.1: add one, with a name; the password is the one that was given', async (t) => {
    const { scene, prince } = await palace(t);
    await orders(prince, 'add-user', { ...NEW, given_name: 'Romeo', surname: 'Montague' });
    const account = await scene.stores.accounts.find('example.test', 'romeo');
    assert.equal(account?.name, 'Romeo Montague');
    assert.equal(await opens(scene, ROMEO, 'by-yonder-moon'), true);
    assert.equal(await opens(scene, ROMEO, 'by-yonder-sun'), false);
  });

  test('§4.1: not with two passwords, a bad one, an address elsewhere, a name that is taken', async (t) => {
    const { scene, prince } = await palace(t);
    await isRefused(prince, 'add-user', { ...NEW, 'password-verify': 'by-yonder-sun' }, 'not-acceptable');
    await isRefused(prince, 'add-user', { ...NEW, password: 'abc', 'password-verify': 'abc' }, 'not-acceptable');
    for (const accountjid of ['romeo@elsewhere.test', 'example.test', 'not an address', '']) {
      await isRefused(prince, 'add-user', { ...NEW, accountjid }, 'not-acceptable');
    }
    assert.equal(await scene.stores.accounts.find('example.test', 'romeo'), undefined);
    await isRefused(prince, 'add-user', { ...NEW, accountjid: PRINCE }, 'conflict');
  });

  test('§4.2: delete some; they leave, and what was theirs goes', async (t) => {
    const { scene, prince } = await palace(t);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    await scene.account(JULIET);
    await romeo.sends(`<message to='${JULIET}' type='chat'><body>farewell</body></message>`);
    await scene.settle();
    await scene.commands.options.set({ name: 'office', door: 'panel' }, 'accounts.grace', 0);
    await orders(prince, 'delete-user', { accountjids: [ROMEO, JULIET] });
    assert.equal(romeo.ended?.condition, 'not-authorized');
    for (const local of ['romeo', 'juliet']) {
      assert.equal(await scene.stores.accounts.find('example.test', local), undefined);
    }
    assert.deepEqual((await readsArchive(await scene.connect(`${ROMEO}/orchard`))).bodies, []);
    await isRefused(prince, 'delete-user', { accountjids: 'nobody@example.test' }, 'item-not-found');
  });

  test('§4.3, §4.4: disable, which ends their sessions, and enable again', async (t) => {
    const { scene, prince } = await palace(t);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await orders(prince, 'disable-user', { accountjids: ROMEO });
    assert.equal(romeo.ended?.condition, 'not-authorized');
    assert.equal(juliet.ended, undefined);
    assert.equal((await scene.account(ROMEO)).status, 'disabled');
    await orders(prince, 'reenable-user', { accountjids: ROMEO });
    assert.equal((await scene.account(ROMEO)).status, 'active');
  });

  test('§4.5: end the sessions of a person, or of one device', async (t) => {
    const { scene, prince } = await palace(t);
    const orchard = await scene.comes(`${ROMEO}/orchard`);
    const street = await scene.comes(`${ROMEO}/street`);
    const balcony = await scene.comes(`${JULIET}/balcony`);
    await orders(prince, 'end-user-session', { accountjids: `${ROMEO}/street` });
    assert.deepEqual(
      [orchard.ended, street.ended?.condition, balcony.ended],
      [undefined, 'policy-violation', undefined],
    );
    const again = await scene.comes(`${ROMEO}/street`);
    await orders(prince, 'end-user-session', { accountjids: [ROMEO, JULIET] });
    for (const actor of [orchard, again, balcony]) assert.equal(actor.ended?.condition, 'policy-violation');
    await isRefused(prince, 'end-user-session', { accountjids: `${ROMEO}/street` }, 'item-not-found');
    await orders(prince, 'end-user-session', { accountjids: ROMEO }); // he has none; there is nothing to refuse
  });

  test('§4.7: change a password; who is in must log in again', async (t) => {
    const { scene, prince } = await palace(t);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    await orders(prince, 'change-user-password', { accountjid: ROMEO, password: 'by-yonder-moon' });
    assert.equal(romeo.ended?.condition, 'not-authorized');
    assert.equal(await opens(scene, ROMEO, 'by-yonder-moon'), true);
    await isRefused(prince, 'change-user-password', { accountjid: ROMEO, password: '' }, 'not-acceptable');
    await isRefused(
      prince,
      'change-user-password',
      { accountjid: 'x@example.test', password: 'abcdef' },
      'item-not-found',
    );
    assert.equal(await opens(scene, ROMEO, 'by-yonder-moon'), true);
  });

  test('§4.9: when somebody was last here', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const last = async () => valuesOf(await orders(prince, 'get-user-lastlogin', { accountjid: ROMEO }), 'lastlogin');
    assert.deepEqual(await last(), ['never']);
    scene.stores.lastActivity.set((await scene.account(ROMEO)).id, Date.UTC(2026, 2, 1, 12), '');
    assert.deepEqual(await last(), ['2026-03-01T12:00:00.000Z']);
    await scene.comes(`${ROMEO}/orchard`);
    assert.ok(Math.abs(Date.parse((await last())![0]!) - Date.now()) < 60_000);
  });

  test('§4.10: about somebody', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.friends(ROMEO, JULIET);
    await scene.connect(`${ROMEO}/orchard`);
    const answer = await orders(prince, 'user-stats', { accountjid: ROMEO });
    assert.deepEqual(valuesOf(answer, 'rostersize'), ['1']);
    assert.deepEqual(valuesOf(answer, 'onlineresources'), ['orchard']);
    assert.deepEqual(valuesOf(answer, 'ipaddresses'), ['192.0.2.1']);
  });

  test('§4.13 to §4.20: how many there are, and who', async (t) => {
    const { scene, prince } = await palace(t, { domains: ['example.test', 'other.test'] });
    await scene.connect(`${ROMEO}/orchard`);
    await scene.connect(`${ROMEO}/street`);
    await scene.account(JULIET);
    await scene.account('mercutio@other.test');
    await scene.commands.accounts.disable(OFFICE, 'example.test', 'juliet');
    const ask = async (node: string, field: string) =>
      valuesOf(child(await prince.gets(command(node)), 'command', COMMANDS)!, field);
    assert.deepEqual(await ask('get-registered-users-num', 'registeredusersnum'), ['3']);
    assert.deepEqual(await ask('get-disabled-users-num', 'disabledusersnum'), ['1']);
    assert.deepEqual(await ask('get-online-users-num', 'onlineusersnum'), ['2']);
    assert.deepEqual(await ask('get-registered-users-list', 'registereduserjids'), [PRINCE, JULIET, ROMEO]);
    assert.deepEqual(await ask('get-disabled-users-list', 'disableduserjids'), [JULIET]);
    assert.deepEqual(await ask('get-online-users-list', 'onlineuserjids'), [PRINCE, ROMEO]);
  });

  test('§4.18: a long list asks how much of it to show, and says how many there are', async (t) => {
    const { scene, prince } = await palace(t);
    for (let i = 0; i < 101; i++) {
      await scene.stores.accounts.create({ domain: 'example.test', local: `p${i}`, credentials: [] });
    }
    const answer = await orders(prince, 'get-registered-users-list', { max_items: '25' });
    assert.equal(valuesOf(answer, 'registereduserjids')?.length, 25);
    assert.match(textOf(child(answer, 'note')), /25 of 102/);
    const all = await orders(prince, 'get-registered-users-list', { max_items: '150' });
    assert.equal(valuesOf(all, 'registereduserjids')?.length, 102);
    for (const max_items of ['none', '1000000', '-1']) {
      await isRefused(prince, 'get-registered-users-list', { max_items }, 'not-acceptable');
    }
  });

  test('a command takes one to a hundred people, all of this domain, or does nothing', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const many = Array.from({ length: 101 }, () => ROMEO);
    for (const accountjids of [[], many, [ROMEO, 'juliet@elsewhere.test'], [ROMEO, '@'], [ROMEO, 'example.test']]) {
      await isRefused(prince, 'disable-user', { accountjids }, 'not-acceptable');
    }
    assert.equal((await scene.account(ROMEO)).status, 'active');
  });

  test('somebody who is named twice is meant once', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const answer = await orders(prince, 'delete-user', {
      accountjids: [ROMEO, `${ROMEO}/orchard`, 'ROMEO@example.test'],
    });
    assert.equal(textOf(child(answer, 'note')), 'Deleted: 1');
  });

  test('one who is not there among several: nothing is done to the others', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    for (const node of ['disable-user', 'delete-user']) {
      await isRefused(prince, node, { accountjids: [ROMEO, 'nobody@example.test'] }, 'item-not-found');
      assert.equal((await scene.stores.accounts.find('example.test', 'romeo'))?.status, 'active');
    }
  });
});

test('the audit log has every deed, by whom and that it came by chat, and no password', async (t) => {
  const { scene, prince } = await palace(t);
  const password = 'by-yonder-moon';
  await orders(prince, 'add-user', { accountjid: ROMEO, password, 'password-verify': password });
  const romeo = await scene.connect(`${ROMEO}/orchard`);
  await orders(prince, 'end-user-session', { accountjids: ROMEO });
  assert.ok(romeo.ended !== undefined);
  await orders(prince, 'change-user-password', { accountjid: ROMEO, password: `${password}!` });
  await orders(prince, 'disable-user', { accountjids: ROMEO });
  await orders(prince, 'reenable-user', { accountjids: ROMEO });
  await scene.commands.options.set({ name: 'office', door: 'panel' }, 'accounts.grace', 0);
  await orders(prince, 'delete-user', { accountjids: ROMEO });
  await isRefused(prince, 'delete-user', { accountjids: ROMEO }, 'item-not-found');
  await orders(prince, 'get-user-lastlogin', { accountjid: PRINCE });
  const rows = (await scene.stores.audit.page({ limit: 50, actor: PRINCE })).toReversed();
  assert.deepEqual(
    rows.map(({ door, action, subject }) => [door, action, subject]),
    [
      ['chat', 'account.create', ROMEO],
      ['chat', 'session.end', `${ROMEO}/orchard`],
      ['chat', 'account.password', ROMEO],
      ['chat', 'account.disable', ROMEO],
      ['chat', 'account.enable', ROMEO],
      ['chat', 'account.delete', ROMEO],
    ],
  );
  assert.doesNotMatch(JSON.stringify(rows), /yonder/);
});
