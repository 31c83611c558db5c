import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { readsArchive, stanzaIds } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const ENABLE = "<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
const DISABLE = "<iq type='set'><disable xmlns='urn:xmpp:carbons:2'/></iq>";

/** Two people with two devices each; the second ones have carbons on. */
async function cast(scene: Scene): Promise<{ balcony: Actor; phone: Actor; orchard: Actor; street: Actor }> {
  const balcony = await scene.comes(`${JULIET}/balcony`);
  const phone = await scene.comes(`${JULIET}/phone`);
  const orchard = await scene.comes(`${ROMEO}/orchard`);
  const street = await scene.comes(`${ROMEO}/street`);
  for (const actor of [phone, street]) await actor.gets(ENABLE);
  for (const actor of [balcony, phone, orchard, street]) await actor.all();
  return { balcony, phone, orchard, street };
}

const chat = (to: string, content: string, type = 'chat'): string =>
  `<message to='${to}' type='${type}' id='m1'>${content}</message>`;

/** Which copies a device got, by kind. */
async function copiesOf(actor: Actor): Promise<string[]> {
  const kinds: string[] = [];
  for (const element of await actor.all()) {
    for (const kind of ['sent', 'received']) if (child(element, kind, 'urn:xmpp:carbons:2')) kinds.push(kind);
  }
  return kinds;
}

function inner(carbon: Element | undefined): Element {
  const message =
    carbon && (find(carbon, 'sent', 'forwarded', 'message') ?? find(carbon, 'received', 'forwarded', 'message'));
  assert.ok(message !== undefined, 'there is no carbon');
  return message;
}

describe('XEP-0280 §4, §5: on and off', () => {
  test('only one’s own, and nobody else’s', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await scene.account(ROMEO);
    await juliet.gets(ENABLE);
    await juliet.gets(ENABLE.replace('<iq', `<iq to='${JULIET}'`));
    await juliet.gets(DISABLE);
    for (const to of [ROMEO, 'example.test', 'nobody@example.test']) {
      await juliet.isRefused(ENABLE.replace('<iq', `<iq to='${to}'`), 'service-unavailable');
    }
  });

  test('a device gets copies from when it says so until it says no', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone } = await cast(scene);
    await phone.gets(DISABLE);
    await balcony.sends(chat(ROMEO, '<body>one</body>'));
    await phone.receivesNothing();
    await phone.gets(ENABLE);
    await balcony.sends(chat(ROMEO, '<body>two</body>'));
    assert.deepEqual(await copiesOf(phone), ['sent']);
    await phone.gets(DISABLE);
    await balcony.sends(chat(ROMEO, '<body>three</body>'));
    await phone.receivesNothing();
  });

  test('a device that comes back begins without', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone } = await cast(scene);
    phone.leaves();
    const again = await scene.comes(`${JULIET}/phone`);
    await balcony.sends(chat(ROMEO, '<body>one</body>'));
    await again.receivesNothing();
  });
});

describe('XEP-0280 §6, §7: who gets a copy', () => {
  test('§7: of what one sends, one’s other devices that want it; the sender gets none', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone, orchard, street } = await cast(scene);
    const plain = await scene.comes(`${JULIET}/tablet`);
    for (const actor of [balcony, phone]) await actor.all();
    await balcony.sends(chat(ROMEO, '<body>wherefore</body>'));
    await phone.receives(`<message from='${JULIET}' to='${JULIET}/phone' type='chat'>
      <sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>
        <message xmlns='jabber:client' from='${JULIET}/balcony' to='${ROMEO}' type='chat' id='m1'><body>wherefore</body></message>
      </forwarded></sent></message>`);
    await phone.receivesNothing();
    await balcony.receivesNothing();
    await plain.receivesNothing();
    for (const device of [orchard, street]) {
      await device.receives(`<message from='${JULIET}/balcony' to='${ROMEO}'><body>wherefore</body></message>`);
      await device.receivesNothing();
    }
  });

  test('§6: of what is for one device, the others; that device gets the message and no copy', async (t) => {
    const scene = await openScene(t);
    const { balcony, orchard, street } = await cast(scene);
    await orchard.gets(ENABLE);
    await balcony.sends(chat(`${ROMEO}/orchard`, '<body>wherefore</body>'));
    await orchard.receives(`<message from='${JULIET}/balcony' to='${ROMEO}/orchard'><body>wherefore</body></message>`);
    await orchard.receivesNothing();
    await street.receives(`<message from='${ROMEO}' to='${ROMEO}/street' type='chat'>
      <received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>
        <message xmlns='jabber:client' from='${JULIET}/balcony' to='${ROMEO}/orchard' type='chat' id='m1'><body>wherefore</body></message>
      </forwarded></received></message>`);
    await street.receivesNothing();
  });

  test('§6: of what is for the account, the devices that it does not reach by itself', async (t) => {
    const scene = await openScene(t);
    const { balcony, orchard, street } = await cast(scene);
    const attic = await scene.connect(`${ROMEO}/attic`);
    await attic.gets(ENABLE);
    await attic.sends('<presence><priority>-1</priority></presence>');
    for (const actor of [orchard, street, attic]) await actor.all();
    await balcony.sends(chat(ROMEO, '<body>wherefore</body>'));
    assert.deepEqual(await copiesOf(attic), ['received']);
    assert.deepEqual(await copiesOf(street), []);
  });

  test('a message that waits for who is away makes no copy for devices that do not take messages', async (t) => {
    const scene = await openScene(t);
    await scene.account(ROMEO);
    const attic = await scene.connect(`${ROMEO}/attic`);
    await attic.gets(ENABLE);
    await attic.sends('<presence><priority>-1</priority></presence>');
    await attic.all();
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.sends(chat(ROMEO, '<body>wherefore</body>'));
    await attic.receivesNothing();
    assert.equal(await scene.stores.offline.count((await scene.account(ROMEO)).id), 1);
  });

  test('a message to oneself comes once to each device', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone } = await cast(scene);
    await balcony.sends(chat(JULIET, '<body>note</body>'));
    for (const device of [balcony, phone]) {
      await device.receives(`<message from='${JULIET}/balcony' to='${JULIET}'><body>note</body></message>`);
      await device.receivesNothing();
    }
  });

  test('what one device says to another of the same person comes once', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone } = await cast(scene);
    await balcony.sends(chat(`${JULIET}/phone`, '<body>note</body>'));
    await phone.receives(`<message from='${JULIET}/balcony' to='${JULIET}/phone'><body>note</body></message>`);
    await phone.receivesNothing();
  });
});

describe('XEP-0280 §6.1: what is copied', () => {
  const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`;
  const state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  const rows: [name: string, type: string, content: string, copied: boolean][] = [
    ['a chat message', 'chat', '<body>hark</body>', true],
    ['a normal message with a text', 'normal', '<body>hark</body>', true],
    [
      'the same with no-store: that is about keeping, not about copies',
      'normal',
      `<body>hark</body>${hint('no-store')}`,
      true,
    ],
    ['a chat message with no-store', 'chat', `<body>hark</body>${hint('no-store')}`, true],
    ['a receipt', 'chat', "<received xmlns='urn:xmpp:receipts' id='m0'/>", true],
    ['a receipt of type normal', 'normal', "<received xmlns='urn:xmpp:receipts' id='m0'/>", true],
    ['a marker of type normal', 'normal', "<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>", true],
    ['a chat state', 'chat', state, true],
    ['a chat state of type normal', 'normal', state, true],
    ['an invitation', 'normal', "<x xmlns='jabber:x:conference' jid='ball@rooms.example.test'/>", true],
    ['a normal message that says nothing', 'normal', '<thread>t1</thread>', false],
    ['§9: what is private', 'chat', "<body>hark</body><private xmlns='urn:xmpp:carbons:2'/>", false],
    ['§9: what has no-copy', 'chat', `<body>hark</body>${hint('no-copy')}`, false],
    ['a headline', 'headline', '<body>hark</body>', false],
    ['a message of a room', 'groupchat', '<body>hark</body>', false],
    ['an error', 'error', "<error type='cancel'/>", false],
  ];
  for (const [name, type, content, copied] of rows) {
    test(`${name}: ${copied ? 'yes' : 'no'}`, async (t) => {
      const scene = await openScene(t);
      const { balcony, phone, orchard, street } = await cast(scene);
      await balcony.sends(chat(`${ROMEO}/orchard`, content, type));
      await orchard.receives(`<message id='m1' type='${type}'/>`);
      assert.deepEqual(await copiesOf(phone), copied ? ['sent'] : []);
      assert.deepEqual(await copiesOf(street), copied ? ['received'] : []);
    });
  }
});

describe('XEP-0280 §11: copies are made by the account’s own server only (SECURITY 39)', () => {
  for (const kind of ['received', 'sent']) {
    test(`a <${kind}/> that a client made does not leave, all of them, to whomever it is sent`, async (t) => {
      const scene = await openScene(t);
      const { balcony, phone, orchard, street } = await cast(scene);
      const forged = `<${kind} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>
        <message xmlns='jabber:client' from='nurse@example.test/x' to='${ROMEO}'><body>forged</body></message>
        </forwarded></${kind}>`;
      for (const to of [`${ROMEO}/orchard`, ROMEO, JULIET, `${JULIET}/phone`]) {
        await balcony.sends(chat(to, `<body>true</body>${forged}${forged}`));
      }
      await scene.settle();
      for (const actor of [balcony, phone, orchard, street]) {
        const got = await actor.all();
        assert.ok(got.length > 0, actor.jid);
        for (const message of got) assert.doesNotMatch(serialize(message), /forged/);
      }
    });
  }

  test('§9: what says that no copies shall be made stays in the message, so that nobody can hide that it was so', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const asks = "<private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/>";
    await romeo.sends(`<message to='${juliet.jid}' type='chat'><body>hark</body>${asks}</message>`);
    await juliet.receives(`<message type='chat'><body>hark</body>${asks}</message>`);
  });

  test('XEP-0184: a receipt is called <received/> as well, and passes', async (t) => {
    const scene = await openScene(t);
    const { balcony, orchard } = await cast(scene);
    await balcony.sends(chat(`${ROMEO}/orchard`, "<received xmlns='urn:xmpp:receipts' id='m0'/>"));
    await orchard.receives("<message><received xmlns='urn:xmpp:receipts' id='m0'/></message>");
  });
});

describe('copies and the archive (XEP-0313 §5, XEP-0359)', () => {
  test('a copy has the id that the message has in the account’s own archive', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone, orchard, street } = await cast(scene);
    await balcony.sends(chat(`${ROMEO}/orchard`, '<body>wherefore</body>'));
    const [message] = await orchard.all();
    const [sent] = await phone.all();
    const [received] = await street.all();
    const [hers] = (await readsArchive(phone)).found;
    const [his] = (await readsArchive(street)).found;
    assert.deepEqual(stanzaIds(inner(sent)), [{ by: JULIET, id: hers!.id }]);
    assert.deepEqual(stanzaIds(inner(received)), [{ by: ROMEO, id: his!.id }]);
    assert.deepEqual(stanzaIds(message), [{ by: ROMEO, id: his!.id }]);
    assert.equal(textOf(child(hers!.message, 'body')), 'wherefore');
  });

  test('and none when it is not archived', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone, street } = await cast(scene);
    await balcony.sends(chat(`${ROMEO}/orchard`, "<body>psst</body><no-store xmlns='urn:xmpp:hints'/>"));
    const [sent] = await phone.all();
    const [received] = await street.all();
    assert.deepEqual([...stanzaIds(inner(sent)), ...stanzaIds(inner(received))], []);
  });

  test('copies are not archived', async (t) => {
    const scene = await openScene(t);
    const { balcony, phone, street } = await cast(scene);
    await balcony.sends(chat(`${ROMEO}/orchard`, '<body>wherefore</body>'));
    await scene.settle();
    for (const device of [phone, street]) assert.deepEqual((await readsArchive(device)).bodies, ['wherefore']);
  });
});

test('XEP-0191: what was blocked makes no copy, on neither side', async (t) => {
  const scene = await openScene(t);
  const { balcony, phone, orchard, street } = await cast(scene);
  await orchard.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${JULIET}'/></block></iq>`);
  await orchard.all();
  await balcony.sends(chat(`${ROMEO}/orchard`, '<body>wherefore</body>'));
  for (const device of [orchard, street]) await device.receivesNothing();
  await orchard.sends(chat(`${JULIET}/balcony`, '<body>therefore</body>'));
  await street.receivesNothing();
  assert.deepEqual(await copiesOf(balcony), []);
  assert.deepEqual(await copiesOf(phone), []);
});

test('XEP-0280 §6.1: of a message that bounces her other devices get no copy; of one that waits they do', async (t) => {
  const scene = await openScene(t);
  const { balcony, phone, orchard, street } = await cast(scene);
  for (const device of [orchard, street]) device.leaves();
  await scene.settle();
  await balcony.sends(chat('nobody@example.test', '<body>anybody?</body>'));
  await balcony.sends(chat('mercutio@elsewhere.test', '<body>plague</body>'));
  await balcony.sends(chat(`${ROMEO}/orchard`, '<body>too late</body>', 'normal'));
  assert.deepEqual(await copiesOf(phone), []);
  assert.equal((await balcony.all()).filter(({ attrs }) => attrs.type === 'error').length, 3);
  await balcony.sends(chat(ROMEO, '<body>later</body>'));
  assert.deepEqual(await copiesOf(phone), ['sent']);
});
