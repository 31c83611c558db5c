import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { el, elements, serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { events, listener, publish, set, tune } from '../support/pubsub.ts';
import { openScene } from '../support/scene.ts';
import { conditionOf, find } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const GET = "<iq type='get'><blocklist xmlns='urn:xmpp:blocking'/></iq>";
const items = (jids: string[]) => jids.map((jid) => `<item jid='${jid}'/>`).join('');
const block = (...jids: string[]) => `<iq type='set'><block xmlns='urn:xmpp:blocking'>${items(jids)}</block></iq>`;
const unblock = (...jids: string[]) =>
  `<iq type='set'><unblock xmlns='urn:xmpp:blocking'>${items(jids)}</unblock></iq>`;

test('XEP-0191 §3.1 to §3.4: the list, and pushes to all who asked for it', async (t) => {
  const scene = await openScene(t);
  const balcony = await scene.connect(`${J}/balcony`);
  const chamber = await scene.connect(`${J}/chamber`);
  const idle = await scene.connect(`${J}/idle`);
  for (const one of [balcony, chamber]) {
    const list = find(await one.gets(GET), 'blocklist')!;
    assert.deepEqual(elements(list), []);
  }
  await balcony.gets(block('Romeo@example.test', 'elsewhere.test', 'paris@example.test/x'));
  const push = (name: string, inner: string) =>
    `<iq type='set' id='*' from='${J}'><${name} xmlns='urn:xmpp:blocking'>${inner}</${name}></iq>`;
  for (const one of [balcony, chamber]) {
    await one.receives(push('block', items([R, 'elsewhere.test', 'paris@example.test/x'])));
  }
  const listed = elements(find(await idle.gets(GET), 'blocklist')!).map(({ attrs }) => attrs.jid as string);
  assert.deepEqual(listed.sort(), ['elsewhere.test', 'paris@example.test/x', R]);
  await chamber.gets(unblock(R));
  for (const one of [balcony, chamber, idle]) await one.receives(push('unblock', items([R])));
  await balcony.gets(unblock());
  for (const one of [balcony, chamber, idle]) {
    assert.deepEqual((await one.receives(push('unblock', ''))).getChild('unblock')?.children, []);
  }
  assert.deepEqual(elements(find(await balcony.gets(GET), 'blocklist')!), []);
});

for (const [name, xml, condition] of [
  ['blocking nobody (§3.3)', block(), 'bad-request'],
  ['an address that is none', block('a b@c.test'), 'jid-malformed'],
  ['no address', "<iq type='set'><block xmlns='urn:xmpp:blocking'><item/></block></iq>", 'jid-malformed'],
] as const) {
  test(`refused: ${name}`, async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.isRefused(xml, condition);
  });
}

test('nobody else’s list', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  await scene.account(R);
  for (const xml of [GET, block('a@b.test'), unblock()]) {
    await juliet.isRefused(xml.replace('<iq', `<iq to='${R}'`), 'service-unavailable');
  }
});

describe('XEP-0191 §3.5: what the blocked one gets', () => {
  test('is what one gets who writes to nobody', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    await juliet.gets(block(R));
    await juliet.all();
    await romeo.all();
    for (const to of [J, `${J}/balcony`]) {
      await romeo.all();
      await romeo.sends(`<message to='${to}' type='chat' id='m'><body>hi</body></message>`);
      assert.equal(
        conditionOf(await romeo.receives(`<message from='${to}' type='error' id='m'/>`)),
        'service-unavailable',
      );
      await romeo.isRefused(`<iq to='${to}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>`, 'service-unavailable');
      await romeo.isRefused(`<iq to='${to}' type='get'><query xmlns='jabber:iq:last'/></iq>`, 'service-unavailable');
      await romeo.isRefused(
        `<iq to='${to}' type='get'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
        'service-unavailable',
      );
      for (const type of ['probe', 'subscribe', 'unsubscribe', 'unavailable']) {
        await romeo.sends(`<presence to='${to}' type='${type}'/>`);
      }
    }
    await romeo.sends('<presence><show>away</show></presence>');
    await juliet.receivesNothing();
    const presence = (await romeo.all()).filter(({ attrs }) => String(attrs.from).startsWith(J));
    assert.deepEqual(presence.map(serialize), []);
    const { rows } = await scene.stores.archives.page(juliet.session.account.id, { limit: 9, fromEnd: false });
    assert.deepEqual(rows, [], 'it is not even archived');
  });

  test('is nothing of her presence: not its changes, nor that she comes or goes', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await scene.comes(`${R}/orchard`);
    const juliet = await scene.comes(`${J}/balcony`);
    await romeo.all();
    await juliet.gets(block(R));
    await romeo.receives(`<presence from='${J}/balcony' type='unavailable'/>`); // §3.3
    await juliet.sends('<presence><show>away</show></presence>');
    const chamber = await scene.comes(`${J}/chamber`);
    chamber.leaves();
    await juliet.sends("<presence type='unavailable'/>");
    await juliet.sends('<presence/>');
    await romeo.receivesNothing();
    await juliet.gets(unblock(R));
    await romeo.receives(`<presence from='${J}/balcony'/>`); // §3.4
    await romeo.receivesNothing();
  });

  test('and what she sends him is refused with its reason', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    await juliet.gets(block(R));
    const reason =
      "<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error>";
    await juliet.sends(`<message to='${R}' type='chat' id='m'><body>hi</body></message>`);
    await juliet.receives(`<message from='${R}' type='error' id='m'>${reason}</message>`);
    await juliet.sends(`<iq to='${R}/orchard' type='get' id='q'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await juliet.receives(`<iq from='${R}/orchard' type='error' id='q'>${reason}</iq>`);
    await juliet.sends(`<presence to='${R}' id='p'/>`);
    await juliet.receives(`<presence from='${R}' type='error' id='p'>${reason}</presence>`);
    await romeo.receivesNothing();
  });
});

describe('XEP-0191 §2: what an entry covers', () => {
  const cases: [string, string, boolean][] = [
    ['an account', R, true],
    ['the account’s device', `${R}/orchard`, true],
    ['another device of it', `${R}/street`, false],
    ['its domain', 'other.test', true],
    ['such a device of its domain', 'other.test/orchard', true],
    ['another domain', 'else.test', false],
    ['a domain that ends alike', 'er.test', false],
    ['another account', 'romeo2@other.test', false],
  ];
  for (const [name, entry, blocked] of cases) {
    test(`${name}: ${blocked ? 'blocked' : 'not blocked'}`, async (t) => {
      const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
      const juliet = await scene.comes(`${J}/balcony`);
      const romeo = await scene.comes('romeo@other.test/orchard');
      await juliet.gets(block(entry.replace(R, 'romeo@other.test')));
      await romeo.sends(`<message to='${J}' type='chat'><body>hi</body></message>`);
      await scene.settle();
      assert.equal(juliet.received.filter(({ name: kind }) => kind === 'message').length, blocked ? 0 : 1);
    });
  }
});

describe('who blocks all of their own domain', () => {
  test('does not hear of its people, and can still ask the server and be told by it', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    await juliet.gets(block('example.test'));
    await juliet.gets("<iq type='get' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>");
    await romeo.sends(`<message to='${J}' type='chat'><body>hi</body></message>`);
    await juliet.receivesNothing();
    await juliet.isRefused(`<iq type='get' to='${R}'><ping xmlns='urn:xmpp:ping'/></iq>`, 'not-acceptable');
    const news = el('message', {}, el('body', {}, 'The server goes down at noon.'));
    scene.host('example.test').send(new Stanza(news, parseJid('example.test'), parseJid(J)));
    await juliet.receives("<message from='example.test'><body>The server goes down at noon.</body></message>");
  });

  test('another domain’s server stays blocked', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.gets(block('other.test'));
    await juliet.isRefused("<iq type='get' to='other.test'><ping xmlns='urn:xmpp:ping'/></iq>", 'not-acceptable');
  });
});

test('one’s own devices are never blocked', async (t) => {
  const scene = await openScene(t);
  const balcony = await scene.comes(`${J}/balcony`);
  const chamber = await scene.comes(`${J}/chamber`);
  await balcony.all();
  await balcony.gets(block(J, 'example.test'));
  await balcony.sends(`<message to='${J}/chamber' type='chat'><body>still me</body></message>`);
  await chamber.receives('<message><body>still me</body></message>');
  await balcony.gets(GET);
  await balcony.gets(unblock());
});

test('a full list refuses more', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  const many = (from: number) => Array.from({ length: 2_500 }, (_, i) => `a${from + i}@b.test`);
  await juliet.gets(block(...many(0)));
  await juliet.gets(block(...many(2_500)));
  await juliet.isRefused(block('one@more.test'), 'resource-constraint');
  await juliet.gets(block('a1@b.test')).catch(() => undefined);
  await juliet.gets(unblock('a1@b.test'));
});

describe('XEP-0191 §2, §3.3: a device that is blocked', () => {
  for (const entry of [`${R}/street`, 'example.test/street']) {
    test(`attack: sees no presence any more, its owner's other devices do (${entry})`, async (t) => {
      const scene = await openScene(t);
      await scene.friends(J, R);
      const street = await scene.comes(`${R}/street`);
      const orchard = await scene.comes(`${R}/orchard`);
      const juliet = await scene.comes(`${J}/balcony`);
      for (const one of [street, orchard]) await one.all();
      await juliet.gets(block(entry));
      await street.receives(`<presence from='${J}/balcony' to='${R}/street' type='unavailable'/>`);
      await juliet.sends('<presence><show>away</show></presence>');
      await orchard.receives(`<presence from='${J}/balcony'><show>away</show></presence>`);
      const chamber = await scene.comes(`${J}/chamber`);
      chamber.leaves();
      assert.equal((await orchard.all()).length, 2);
      await street.receivesNothing();
      await juliet.gets(block(R));
      await orchard.receives(`<presence from='${J}/balcony' type='unavailable'/>`);
      await juliet.gets(unblock(R));
      await orchard.receives(`<presence from='${J}/balcony'><show>away</show></presence>`);
      for (const one of [street, orchard]) await one.receivesNothing();
      await juliet.gets(unblock(entry));
      await street.receives(`<presence from='${J}/balcony'><show>away</show></presence>`);
      await orchard.receivesNothing();
    });
  }

  test('attack: hears no events (XEP-0163), be it interested or its owner subscribed', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const street = await listener(scene, `${R}/street`, 'urn:example:tune');
    const orchard = await listener(scene, `${R}/orchard`, 'urn:example:tune', 'urn:example:mood');
    const juliet = await scene.comes(`${J}/balcony`);
    for (const node of ['tune', 'mood', 'other']) await juliet.gets(publish(`urn:example:${node}`, 'a', tune('x')));
    await street.gets(set(`<subscribe node='urn:example:other' jid='${R}'/>`, J));
    for (const one of [street, orchard]) await one.all();
    await juliet.gets(block(`${R}/street`));
    for (const node of ['tune', 'mood', 'other']) await juliet.gets(publish(`urn:example:${node}`, 'b', tune('y')));
    assert.equal((await events(orchard)).length, 3);
    assert.equal((await events(street)).length, 0);
    await juliet.gets(unblock());
    await juliet.gets(publish('urn:example:other', 'c', tune('z')));
    assert.equal((await events(street)).length, 1);
  });
});
