import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sql } from '../../server/storage/database.ts';
import { elements, serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { readsArchive, stanzaIds } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const NURSE = 'nurse@example.test';

async function pair(scene: Scene): Promise<{ juliet: Actor; romeo: Actor }> {
  return { juliet: await scene.comes(`${JULIET}/balcony`), romeo: await scene.comes(`${ROMEO}/orchard`) };
}

const chat = (to: string, body: string): string => `<message to='${to}' type='chat'><body>${body}</body></message>`;

describe('XEP-0313 §5.1.1: what is archived, by both sides', () => {
  const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`;
  const state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  const invitation = "<x xmlns='jabber:x:conference' jid='ball@rooms.example.test'/>";
  const rows: [name: string, type: string, content: string, kept: boolean][] = [
    ['a chat message with a text', 'chat', '<body>hark</body>', true],
    ['a normal message with a text', 'normal', '<body>hark</body>', true],
    ['a message without a type', '', '<body>hark</body>', true],
    ['a message of a type that nobody knows', 'song', '<body>hark</body>', true],
    ['a subject alone', 'normal', '<subject>The ball</subject>', true],
    ['a receipt', 'chat', "<received xmlns='urn:xmpp:receipts' id='m0'/>", true],
    ['a marker', 'chat', "<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>", true],
    ['a correction', 'chat', "<body>hark</body><replace xmlns='urn:xmpp:message-correct:0' id='m0'/>", true],
    ['a text that may be marked', 'chat', "<body>hark</body><markable xmlns='urn:xmpp:chat-markers:0'/>", true],
    ['an invitation', 'normal', invitation, true],
    ['an encrypted message', 'chat', "<encrypted xmlns='urn:xmpp:omemo:2'/>", true],
    ['a text with a chat state', 'chat', `<body>hark</body>${state}`, true],
    ['a chat state alone', 'chat', state, false],
    ['a chat state in a thread', 'chat', `${state}<thread>t1</thread>`, false],
    ['a chat state that asks to be stored', 'chat', `${state}${hint('store')}`, true],
    ['nothing but its envelope', 'chat', '', false],
    ['a text with no-store', 'chat', `<body>hark</body>${hint('no-store')}`, false],
    ['a text with no-permanent-store', 'chat', `<body>hark</body>${hint('no-permanent-store')}`, false],
    ['a text with no-copy', 'chat', `<body>hark</body>${hint('no-copy')}`, true],
    ['a text with store and no-store', 'chat', `<body>hark</body>${hint('store')}${hint('no-store')}`, false],
    ['a headline', 'headline', '<body>hark</body>', false],
    ['a headline that asks to be stored', 'headline', `<body>hark</body>${hint('store')}`, false],
    ['a message of a room', 'groupchat', '<body>hark</body>', false],
    ['an error', 'error', "<body>hark</body><error type='cancel'/>", false],
  ];
  for (const [name, type, content, kept] of rows) {
    test(`${name}: ${kept ? 'yes' : 'no'}`, async (t) => {
      const scene = await openScene(t);
      const { juliet, romeo } = await pair(scene);
      const typed = type === '' ? '' : `type='${type}'`;
      await juliet.sends(`<message to='${ROMEO}/orchard' ${typed} id='m1'>${content}</message>`);
      const message = await romeo.receives("<message id='m1'/>");
      const [hers, his] = [(await readsArchive(juliet)).found, (await readsArchive(romeo)).found];
      assert.deepEqual([hers.length, his.length], kept ? [1, 1] : [0, 0]);
      // XEP-0359: the delivered copy has the id that his archive gave, and none if it gave none.
      assert.deepEqual(
        stanzaIds(message),
        his.map(({ id }) => ({ by: ROMEO, id })),
      );
    });
  }

  test('not what was refused: nobody got it', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    await romeo.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${JULIET}'/></block></iq>`);
    for (const to of [ROMEO, 'nobody@example.test', 'somebody@elsewhere.test', 'example.test']) {
      await juliet.sends(chat(to, 'refused'));
    }
    assert.equal((await juliet.all()).length, 4);
    assert.deepEqual((await readsArchive(juliet)).bodies, []);
    assert.deepEqual((await readsArchive(romeo)).bodies, []);
    assert.deepEqual(await scene.db.all(sql`SELECT id FROM message`), []);
  });

  test('nothing of presence and queries', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    await juliet.sends(`<presence to='${ROMEO}'><status>hark</status></presence>`);
    await juliet.sends(`<iq type='get' id='i1' to='${ROMEO}/orchard'><body/></iq>`);
    await juliet.all();
    for (const actor of [juliet, romeo]) assert.deepEqual((await readsArchive(actor)).found, []);
  });
});

describe('XEP-0313 §3: how it is archived', () => {
  test('one message in two archives is stored once, under one id', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    await juliet.sends(chat(ROMEO, 'wherefore'));
    const [copy] = await romeo.all();
    const [hers] = (await readsArchive(juliet)).found;
    const [his] = (await readsArchive(romeo)).found;
    assert.equal(hers!.id, his!.id);
    assert.deepEqual(stanzaIds(copy), [{ by: ROMEO, id: his!.id }]);
    assert.deepEqual(await scene.db.all(sql`SELECT owners FROM message`), [{ owners: 2 }]);
  });

  test('as it was said: addresses, id and payload; without the ids of archives', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    const payload =
      "<body>a &lt;b&gt; &amp; ‘c’</body><x xmlns='urn:example' a='1 &quot;2&quot;'><y xmlns='urn:other'>z</y></x>";
    await juliet.sends(`<message to='${ROMEO}' type='chat' id='m1'>${payload}</message>`);
    for (const actor of [juliet, romeo]) {
      await scene.settle();
      const { message } = (await readsArchive(actor)).found[0]!;
      const { xmlns, ...attributes } = message.attrs;
      assert.equal(xmlns, 'jabber:client'); // XEP-0297 §3.1
      assert.deepEqual(attributes, { to: ROMEO, from: `${JULIET}/balcony`, type: 'chat', id: 'm1' });
      assert.equal(elements(message).map(serialize).join(''), payload);
    }
  });

  test('what comes later has the id of the archive already', async (t) => {
    const scene = await openScene(t);
    await scene.account(ROMEO);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await juliet.sends(chat(ROMEO, 'later'));
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    await romeo.sends('<presence/>');
    const message = (await romeo.all()).find(({ name }) => name === 'message');
    assert.deepEqual(stanzaIds(message), [{ by: ROMEO, id: (await readsArchive(romeo)).found[0]!.id }]);
  });

  test('who gets a name that was free again finds nothing of who had it (SECURITY 50)', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    await romeo.gets("<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='never'/></iq>");
    await romeo.gets("<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='always'/></iq>");
    await juliet.sends(chat(ROMEO, 'secret'));
    await romeo.gets("<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='never'/></iq>");
    await scene.commands.accounts.remove({ name: 'office', door: 'panel' }, 'example.test', 'romeo', ROMEO);
    const heir = await scene.comes(`${ROMEO}/orchard`);
    assert.deepEqual((await readsArchive(heir)).bodies, []);
    assert.deepEqual((await readsArchive(juliet)).bodies, ['secret']);
    await juliet.sends(chat(ROMEO, 'welcome'));
    await heir.all();
    assert.deepEqual((await readsArchive(heir)).bodies, ['welcome']); // nor are his wishes inherited
  });
});

describe('XEP-0441 §3: what the wishes mean', () => {
  const set = (standard: string, always: readonly string[] = [], never: readonly string[] = []): string => {
    const list = (name: string, jids: readonly string[]) =>
      `<${name}>${jids.map((jid) => `<jid>${jid}</jid>`).join('')}</${name}>`;
    const lists = `${list('always', always)}${list('never', never)}`;
    return `<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='${standard}'>${lists}</prefs></iq>`;
  };

  test('never: nothing, except with whom it is always', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    const nurse = await scene.comes(`${NURSE}/house`);
    await juliet.gets(set('never', [ROMEO]));
    await romeo.sends(chat(JULIET, 'from romeo'));
    await juliet.sends(chat(ROMEO, 'to romeo'));
    await nurse.sends(chat(JULIET, 'from the nurse'));
    await juliet.sends(chat(NURSE, 'to the nurse'));
    await juliet.all();
    assert.deepEqual((await readsArchive(juliet)).bodies, ['from romeo', 'to romeo']);
  });

  test('of two lists, never wins', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    await juliet.gets(set('always', [ROMEO], [ROMEO]));
    await romeo.sends(chat(JULIET, 'from romeo'));
    await juliet.sends(chat(ROMEO, 'to romeo'));
    await juliet.sends(chat(JULIET, 'note'));
    await juliet.all();
    assert.deepEqual((await readsArchive(juliet)).bodies, ['note']);
  });

  test('an entry with a resource is for that device only', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    const phone = await scene.comes(`${ROMEO}/phone`);
    await juliet.gets(set('always', [], [`${ROMEO}/phone`]));
    await romeo.sends(chat(JULIET, 'from the orchard'));
    await phone.sends(chat(JULIET, 'from the phone'));
    await juliet.all();
    assert.deepEqual((await readsArchive(juliet)).bodies, ['from the orchard']);
  });

  test('roster: with people in the contact list; who only asked to be let in is not in it', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await pair(scene);
    const nurse = await scene.comes(`${NURSE}/house`);
    await scene.contact(JULIET, NURSE);
    await juliet.gets(set('roster', ['paris@example.test']));
    await romeo.sends(`<presence to='${JULIET}' type='subscribe'/>`);
    await romeo.sends(chat(JULIET, 'from a stranger'));
    await nurse.sends(chat(JULIET, 'from the nurse'));
    await juliet.sends(chat(ROMEO, 'to a stranger'));
    await juliet.sends(chat(NURSE, 'to the nurse'));
    await (await scene.comes('paris@example.test/x')).sends(chat(JULIET, 'from one of the list'));
    await juliet.all();
    assert.deepEqual((await readsArchive(juliet)).bodies, ['from the nurse', 'to the nurse', 'from one of the list']);
  });

  test('what is refused changes nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await juliet.gets(set('never'));
    const many = Array.from({ length: 1_001 }, (_, i) => `${i}@example.test`);
    await juliet.isRefused(set('sometimes'), 'bad-request');
    await juliet.isRefused(set('always', ['not@an@address']), 'bad-request');
    await juliet.isRefused(set('always', many), 'bad-request');
    await juliet.sends(chat(JULIET, 'note'));
    await juliet.all();
    assert.deepEqual((await readsArchive(juliet)).bodies, []);
  });
});
