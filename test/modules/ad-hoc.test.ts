import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import type { Actor } from '../support/actor.ts';
import { readsArchive } from '../support/archive.ts';
import { openScene, type Scene, type SceneOptions } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const COMMANDS = 'http://jabber.org/protocol/commands';
const ADMIN = 'http://jabber.org/protocol/admin';
const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';
const OFFICE = { name: 'office', door: 'panel' } as const;
const PRINCE = 'escalus@example.test';
const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** The prince may administer. */
async function palace(
  t: Parameters<typeof openScene>[0],
  options: SceneOptions = {},
): Promise<{ scene: Scene; prince: Actor }> {
  const scene = await openScene(t, options);
  const prince = await scene.connect(`${PRINCE}/palace`);
  await scene.commands.chatAdmins.set(OFFICE, PRINCE, true);
  return { scene, prince };
}

function command(node: string, attributes = '', content = ''): string {
  return `<iq type='set' to='example.test'><command xmlns='${COMMANDS}' node='${ADMIN}#${node}' ${attributes}>${content}</command></iq>`;
}

function form(fields: Fields): string {
  const field = ([name, value]: [string, string | readonly string[]]) =>
    `<field var='${name}'>${[value]
      .flat()
      .map((one) => `<value>${one}</value>`)
      .join('')}</field>`;
  return `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${ADMIN}</value></field>
    ${Object.entries(fields).map(field).join('')}</x>`;
}

/** The first step. */
async function begins(who: Actor, node: string): Promise<{ id: string; answer: Element }> {
  const answer = child(await who.gets(command(node)), 'command', COMMANDS)!;
  assert.equal(answer.attrs.status, 'executing', serialize(answer));
  return { id: String(answer.attrs.sessionid), answer };
}

const submit = (node: string, id: string, fields: Fields, action = 'complete'): string =>
  command(node, `sessionid='${id}' action='${action}'`, form(fields));

/** Both steps of a command that asks for something. Gives the completed command. */
async function orders(who: Actor, node: string, fields: Fields): Promise<Element> {
  const { id } = await begins(who, node);
  const answer = child(await who.gets(submit(node, id, fields)), 'command', COMMANDS)!;
  assert.equal(answer.attrs.status, 'completed', serialize(answer));
  return answer;
}

/** The same, of a command that must be refused. */
async function isRefused(who: Actor, node: string, fields: Fields, condition: string): Promise<Element> {
  const { id } = await begins(who, node);
  return who.isRefused(submit(node, id, fields), condition);
}

const valuesOf = (answer: Element, name: string): string[] | undefined =>
  child(answer, 'x', 'jabber:x:data')
    ?.getChildren('field')
    .find(({ attrs }) => attrs.var === name)
    ?.getChildren('value')
    .map(textOf);

/** Whether a password would let somebody in. */
async function opens(scene: Scene, bare: string, password: string): Promise<boolean> {
  const [local, domain] = bare.split('@') as [string, string];
  const account = await scene.stores.accounts.find(domain, local);
  const [stored] = await scene.stores.credentials.of(account!.id);
  const made = await keysOf(stored!.mechanism, password, stored!.salt, stored!.iterations);
  return Buffer.from(made.storedKey).equals(stored!.storedKey);
}

describe('who may administer from chat', () => {
  const everything = command('add-user');

  test('XEP-0133 §5: nobody until the office names them', async (t) => {
    const { scene } = await palace(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.isRefused(everything, 'forbidden');
    await scene.commands.chatAdmins.set(OFFICE, JULIET, true);
    await juliet.gets(everything);
  });

  test('who is not one any more may not finish what was begun', async (t) => {
    const { scene, prince } = await palace(t);
    const { id } = await begins(prince, 'disable-user');
    await scene.account(ROMEO);
    await scene.commands.chatAdmins.set(OFFICE, PRINCE, false);
    await prince.isRefused(submit('disable-user', id, { accountjids: ROMEO }), 'forbidden');
    assert.equal((await scene.account(ROMEO)).status, 'active');
  });

  test('not on another domain of the house', async (t) => {
    const { prince } = await palace(t, { domains: ['example.test', 'other.test'] });
    const elsewhere = everything.replace("to='example.test'", "to='other.test'");
    await prince.isRefused(elsewhere, 'forbidden');
  });

  test('not somebody new who has the name of one who was deleted (SECURITY 50)', async (t) => {
    const { scene } = await palace(t);
    await scene.commands.accounts.remove(OFFICE, 'example.test', 'escalus', PRINCE);
    const heir = await scene.connect(`${PRINCE}/palace`);
    await heir.isRefused(everything, 'forbidden');
  });

  test('XEP-0050 §2.2: others are shown no commands', async (t) => {
    const { scene, prince } = await palace(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const list = `<iq type='get' to='example.test'><query xmlns='${ITEMS}' node='${COMMANDS}'/></iq>`;
    assert.deepEqual(elements(find(await juliet.gets(list), 'query')!), []);
    const nodes = elements(find(await prince.gets(list), 'query')!).map(({ attrs }) => String(attrs.node));
    assert.equal(nodes.length, 14);
    for (const node of [COMMANDS, ...nodes]) {
      const info = `<iq type='get' to='example.test'><query xmlns='${INFO}' node='${node}'/></iq>`;
      await juliet.isRefused(info, 'forbidden');
      const type = node === COMMANDS ? 'command-list' : 'command-node';
      const query = find(await prince.gets(info), 'query')!;
      assert.equal(query.attrs.node, node);
      assert.deepEqual(
        query.getChildren('identity').map(({ attrs }) => [attrs.category, attrs.type]),
        [['automation', type]],
      );
    }
  });

  test('XEP-0050 §2.2: each command has its address and a name', async (t) => {
    const { prince } = await palace(t);
    const list = await prince.gets(
      `<iq type='get' to='example.test'><query xmlns='${ITEMS}' node='${COMMANDS}'/></iq>`,
    );
    for (const { attrs } of elements(find(list, 'query')!)) {
      assert.equal(attrs.jid, 'example.test');
      assert.match(attrs.node, /^http:\/\/jabber\.org\/protocol\/admin#[a-z-]+$/);
      assert.notEqual(attrs.name ?? '', '');
    }
  });
});

describe('XEP-0050 §3: the walk of a command', () => {
  test('§3.3: it asks, with a form, and can be completed', async (t) => {
    const { prince } = await palace(t);
    await prince.sends(command('delete-user').replace('<iq', "<iq id='c1'"));
    await prince.receives(`<iq type='result' id='c1' from='example.test'>
      <command xmlns='${COMMANDS}' node='${ADMIN}#delete-user' sessionid='*' status='executing'>
        <actions execute='complete'><complete/></actions>
        <x xmlns='jabber:x:data' type='form'><title>Delete people</title>
          <field var='FORM_TYPE' type='hidden'><value>${ADMIN}</value></field>
          <field var='accountjids' type='jid-multi'><required/></field></x></command></iq>`);
  });

  test('what needs no form answers at once', async (t) => {
    const { prince } = await palace(t);
    const answer = child(await prince.gets(command('get-registered-users-num')), 'command', COMMANDS)!;
    assert.equal(answer.attrs.status, 'completed');
    assert.notEqual(answer.attrs.sessionid ?? '', '');
  });

  test('§3.4: default action, complete and next all finish it', async (t) => {
    const { scene, prince } = await palace(t);
    for (const action of ['execute', 'complete', 'next']) {
      await scene.account(`${action}@example.test`);
      const { id } = await begins(prince, 'disable-user');
      await prince.gets(submit('disable-user', id, { accountjids: `${action}@example.test` }, action));
      assert.equal((await scene.account(`${action}@example.test`)).status, 'disabled');
    }
  });

  test('§3.4: cancelled, nothing is done and it is over', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const { id } = await begins(prince, 'delete-user');
    const answer = await prince.gets(command('delete-user', `sessionid='${id}' action='cancel'`));
    assert.equal(child(answer, 'command', COMMANDS)!.attrs.status, 'canceled');
    await prince.isRefused(submit('delete-user', id, { accountjids: ROMEO }), 'bad-request');
    assert.ok((await scene.stores.accounts.find('example.test', 'romeo')) !== undefined);
  });

  test('§3.4: there is no way back, and no other action', async (t) => {
    const { prince } = await palace(t);
    const { id } = await begins(prince, 'delete-user');
    for (const attributes of [
      `sessionid='${id}' action='prev'`,
      `sessionid='${id}' action='dance'`,
      "action='cancel'",
    ]) {
      const error = await prince.isRefused(command('delete-user', attributes), 'bad-request');
      assert.ok(find(error, 'error', 'bad-action') !== undefined, serialize(error));
    }
  });

  test('§4.5: a session is for one command of one device, once', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const garden = await scene.connect(`${PRINCE}/garden`);
    const { id } = await begins(prince, 'disable-user');
    const fields = { accountjids: ROMEO };
    const refused = async (who: Actor, xml: string): Promise<void> => {
      const error = await who.isRefused(xml, 'bad-request');
      assert.ok(find(error, 'error', 'bad-sessionid') !== undefined, serialize(error));
    };
    await refused(prince, submit('disable-user', 'guessed', fields));
    await refused(prince, submit('disable-user', '', fields));
    await refused(prince, submit('delete-user', id, fields));
    await refused(garden, submit('disable-user', id, fields));
    assert.equal((await scene.account(ROMEO)).status, 'active');
    await prince.gets(submit('disable-user', id, fields));
    await refused(prince, submit('disable-user', id, fields));
  });

  test('what was refused can be put right in the same session', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const { id } = await begins(prince, 'disable-user');
    await prince.isRefused(submit('disable-user', id, {}), 'not-acceptable');
    await prince.gets(submit('disable-user', id, { accountjids: ROMEO }));
  });

  test('§4.5: what is no command', async (t) => {
    const { prince } = await palace(t);
    await prince.isRefused(command('shutdown'), 'item-not-found');
    await prince.isRefused(`<iq type='set' to='example.test'><command xmlns='${COMMANDS}'/></iq>`, 'item-not-found');
    await prince.isRefused(command('add-user').replace("type='set'", "type='get'"), 'service-unavailable');
    await prince.isRefused(command('add-user').replace('example.test', PRINCE), 'service-unavailable');
  });

  test('a form given with the first step is not taken for an answer', async (t) => {
    const { scene, prince } = await palace(t);
    await scene.account(ROMEO);
    const answer = await prince.gets(command('delete-user', '', form({ accountjids: ROMEO })));
    assert.equal(child(answer, 'command', COMMANDS)!.attrs.status, 'executing');
    assert.ok((await scene.stores.accounts.find('example.test', 'romeo')) !== undefined);
  });
});

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

  test('a list shows a hundred, and says how many there are', async (t) => {
    const { scene, prince } = await palace(t);
    for (let i = 0; i < 101; i++) {
      await scene.stores.accounts.create({ domain: 'example.test', local: `p${i}`, credentials: [] });
    }
    const answer = child(await prince.gets(command('get-registered-users-list')), 'command', COMMANDS)!;
    assert.equal(valuesOf(answer, 'registereduserjids')?.length, 100);
    assert.match(textOf(child(answer, 'note')), /100 of 102/);
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
