import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import {
  ADMIN,
  begins,
  COMMANDS,
  command,
  form,
  JULIET,
  OFFICE,
  orders,
  PRINCE,
  palace,
  ROMEO,
  submit,
} from '../support/ad-hoc.ts';
import { find } from '../support/xml.ts';

const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';

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
    // What is for everybody, as inviting, is not looked at here.
    const offered = async (who: Actor) =>
      elements(find(await who.gets(list), 'query')!)
        .map(({ attrs }) => String(attrs.node))
        .filter((node) => node.startsWith(ADMIN));
    assert.deepEqual(await offered(juliet), []);
    const nodes = await offered(prince);
    assert.equal(nodes.length, 21);
    for (const node of nodes) {
      const info = `<iq type='get' to='example.test'><query xmlns='${INFO}' node='${node}'/></iq>`;
      await juliet.isRefused(info, 'forbidden');
      const query = find(await prince.gets(info), 'query')!;
      assert.equal(query.attrs.node, node);
      assert.deepEqual(
        query.getChildren('identity').map(({ attrs }) => [attrs.category, attrs.type]),
        [['automation', 'command-node']],
      );
    }
  });

  test('whatever a form asks or tells has words: apps that do not know the command show those', async (t) => {
    const { scene, prince } = await palace(t);
    const list = await prince.gets(
      `<iq type='get' to='example.test'><query xmlns='${ITEMS}' node='${COMMANDS}'/></iq>`,
    );
    const wordless: string[] = [];
    const look = (node: string, answer: Element) => {
      for (const one of find(answer, 'x')?.getChildren('field') ?? []) {
        if (one.attrs.type !== 'hidden' && !one.attrs.label) wordless.push(`${node} ${one.attrs.var}`);
      }
    };
    for (const { attrs } of elements(find(list, 'query')!)) {
      const node = String(attrs.node);
      const run = `<iq type='set' to='example.test'><command xmlns='${COMMANDS}' node='${node}'/></iq>`;
      look(node, find(await prince.gets(run), 'command')!);
    }
    await scene.account(ROMEO);
    look('user-stats', await orders(prince, 'user-stats', { accountjid: ROMEO }));
    assert.deepEqual(wordless, []);
  });

  test('XEP-0050 §2.2: each command has its address and a name', async (t) => {
    const { prince } = await palace(t);
    const list = await prince.gets(
      `<iq type='get' to='example.test'><query xmlns='${ITEMS}' node='${COMMANDS}'/></iq>`,
    );
    for (const { attrs } of elements(find(list, 'query')!)) {
      assert.equal(attrs.jid, 'example.test');
      assert.match(attrs.node, /^(http:\/\/jabber\.org\/protocol\/admin|urn:xmpp:invite)#[a-z-]+$/);
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
