import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Names } from '../../../server/components/muc/names.ts';
import { type Element, elements, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { clock, enabling, J, open as phones, pushed, R, settings, summary } from '../../support/push.ts';
import { enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import type { Scene } from '../../support/scene.ts';

const SERVICE = 'conference.example.test';
const texts = (list: readonly Element[]): string[] => list.filter(({ name }) => name === 'message').map(serialize);
const saying = (body: string, more = ''): string =>
  `<message to='${ROOM}' type='groupchat'><body>${body}</body>${more}</message>`;

/** Romeo is in his room, Juliet is a member of it (or what `affiliation` says) and away; her phone wants pushes. */
async function open(
  t: Parameters<typeof phones>[0],
  affiliation: 'member' | 'outcast' | 'none' = 'member',
  nick = 'Jule',
) {
  const { scene, app, phone, romeo } = await phones(t);
  await phone.gets(enabling());
  await makes(romeo, 'Romeo');
  await romeo.sends(leave('Romeo'));
  await romeo.all();
  const stored = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
  await scene.stores.rooms.configure(stored.id, { ...stored.config, title: 'The Garden' });
  await scene.stores.rooms.affiliate(stored.id, [{ jid: J, affiliation, nick, reason: '' }]);
  await enters(romeo, 'Romeo');
  return { scene, app, phone, romeo };
}

async function comesBack(scene: Scene): Promise<{ actor: Actor; messages: string[] }> {
  const actor = await scene.connect(`${J}/desktop`);
  await actor.sends('<presence/>');
  return { actor, messages: texts(await actor.all()) };
}

describe('who is spoken of in a room and not in it', () => {
  test('a member’s phone is woken, and one notice waits, which clients show as text and as an invitation', async (t) => {
    const { scene, app, phone, romeo } = await open(t);
    await settings(scene, 'message');
    phone.leaves();
    await romeo.sends(saying('where is jule?'));
    const push = summary(await pushed(app));
    assert.equal(push['last-message-body'], 'Romeo mentioned you in The Garden.');
    const { messages } = await comesBack(scene);
    assert.equal(messages.length, 1);
    assert.match(messages[0]!, /from='garden@conference\.example\.test'/);
    assert.match(
      messages[0]!,
      /<body>Romeo mentioned you in The Garden\.<\/body><x xmlns='jabber:x:conference' jid='garden@/,
    );
    assert.doesNotMatch(messages[0]!, /where is|romeo@/, 'what was said may be taken back');
  });

  test('until they come there is no second notice, only pushes with what was said; after they were there one again', async (t) => {
    const pass = clock(t);
    const { scene, app, phone, romeo } = await open(t);
    await settings(scene, 'message');
    phone.leaves();
    await romeo.sends(saying('jule?'));
    await pushed(app);
    await romeo.sends(saying('Jule, again'));
    await scene.settle();
    pass(15_000);
    await scene.settle();
    const push = summary(await pushed(app));
    assert.equal(push['message-count'], '2');
    assert.equal(push['last-message-sender'], `${ROOM}/Romeo`);
    assert.equal(push['last-message-body'], 'Jule, again');
    const { actor, messages } = await comesBack(scene);
    assert.equal(messages.length, 1);
    await romeo.sends(saying('jule!'));
    await actor.receivesNothing();
    await enters(actor, 'Jule');
    await actor.sends(leave('Jule'));
    await actor.all();
    await romeo.all();
    await romeo.sends(saying('jule??'));
    assert.equal(texts(await actor.all()).length, 1);
  });

  test('many who speak of them at the same time leave one notice', async (t) => {
    const { scene, romeo, phone } = await open(t);
    await Promise.all(Array.from({ length: 8 }, () => romeo.sends(saying('jule'))));
    assert.equal(texts(await phone.all()).length, 1);
    await scene.settle();
  });

  test('that somebody was told outlives the room being out of use', async (t) => {
    const { scene, phone, romeo } = await open(t);
    phone.leaves();
    await romeo.sends(saying('jule'));
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    await enters(romeo, 'Romeo');
    await romeo.sends(saying('jule'));
    await scene.settle();
    assert.equal((await comesBack(scene)).messages.length, 1);
  });

  test('by the name that they had in the room last, though nobody reserved it, and after the room was out of use', async (t) => {
    const { scene, phone, romeo } = await open(t, 'member', '');
    await enters(phone, 'Giulietta C.');
    await phone.sends(leave('Giulietta C.'));
    await phone.all();
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    await enters(romeo, 'Romeo');
    await romeo.sends(saying('giulietta c. knows'));
    assert.equal(texts(await phone.all()).length, 1);
    await scene.settle();
  });

  test('XEP-0372 §4.2, XEP-0513: by address, by name in the room, by occupant id; the text does not count then', async (t) => {
    const { scene, romeo, phone } = await open(t);
    const reference = (uri: string): string =>
      `<reference xmlns='urn:xmpp:reference:0' type='mention' begin='0' end='1' uri='${uri}'/>`;
    const nurse = 'nurse@example.test';
    await scene.account(nurse);
    const stored = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    for (const [mark, counts] of [
      [reference(`xmpp:${J}`), true],
      [reference(`xmpp:${ROOM}/Jule`), true],
      [reference('xmpp:juliet%40example.test?message'), true],
      [reference('xmpp:%'), false],
      [reference(`xmpp:${nurse}`), false],
      [reference('https://example.test/'), false],
      [`<mention xmlns='urn:xmpp:mentions:0' jid='${J}'/>`, true],
      [`<mention xmlns='urn:xmpp:mentions:0' occupantid='forged'/>`, false],
    ] as const) {
      await romeo.sends(saying('jule, look', mark));
      assert.equal(texts(await phone.all()).length, counts ? 1 : 0, mark);
      await enters(phone, 'Jule');
      await phone.sends(leave('Jule'));
      await phone.all();
      await romeo.all();
    }
    await enters(phone, 'Jule');
    const seen = elements((await romeo.all()).at(-1)!).find(({ name }) => name === 'occupant-id')!;
    await phone.sends(leave('Jule'));
    await phone.all();
    await romeo.sends(saying('see', `<mention xmlns='urn:xmpp:mentions:0' occupantid='${seen.attrs.id}'/>`));
    assert.equal(texts(await phone.all()).length, 1);
    assert.ok(stored.id > 0);
  });

  test('who is in the room gets the message itself; a phone of theirs that is away is woken for it', async (t) => {
    const { scene, app, phone, romeo } = await open(t);
    const desktop = await scene.comes(`${J}/desktop`);
    await enters(desktop, 'Jule');
    await romeo.all();
    phone.leaves();
    await romeo.sends(saying('nothing of interest'));
    assert.equal(texts(await desktop.all()).length, 1);
    await app.receivesNothing();
    await romeo.sends(saying('jule?'));
    assert.equal(texts(await desktop.all()).length, 1);
    await pushed(app);
  });

  test('a device in the room that does not show that it is there is woken for what is said, and gets a name at once', async (t) => {
    const { scene, app, phone, romeo } = await open(t);
    await enters(phone, 'Jule');
    await romeo.all();
    Object.assign(phone, { away: true }); // as in XEP-0198 §5, between two connections
    await romeo.sends(saying('jule?'));
    assert.match(texts(await phone.all()).join(), /type='groupchat'.*jule\?/);
    await pushed(app);
    await app.receivesNothing();
    await scene.settle();
  });

  test('not: no member, banned, quoted, corrected, not to be stored, one’s own, from before', async (t) => {
    const { romeo, phone } = await open(t);
    for (const [body, more] of [
      ['&gt; jule\nno', ''],
      ['jule', "<replace xmlns='urn:xmpp:message-correct:0' id='a'/>"],
      ['jule', "<no-store xmlns='urn:xmpp:hints'/>"],
      ['julep', ''],
      ['the will of juliet', ''],
    ] as const) {
      await romeo.sends(saying(body, more));
      await phone.receivesNothing();
    }
    await romeo.sends(saying('@juliet'));
    assert.equal(texts(await phone.all()).length, 1);
  });

  for (const affiliation of ['outcast', 'none'] as const) {
    test(`not: ${affiliation}`, async (t) => {
      const { romeo, phone } = await open(t, affiliation);
      await romeo.sends(saying('jule and @juliet'));
      await phone.receivesNothing();
    });
  }

  test('not: by somebody whom they have blocked, nor in a room that they have silenced (XEP-0492)', async (t) => {
    const { romeo, phone } = await open(t);
    const block = (what: string): string =>
      `<iq type='set'><${what} xmlns='urn:xmpp:blocking'><item jid='${R}'/></${what}></iq>`;
    await phone.gets(block('block'));
    await romeo.all();
    await romeo.sends(saying('jule'));
    assert.deepEqual(texts(await phone.all()), []);
    await phone.gets(block('unblock'));
    await phone.gets(
      `<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'><item id='${ROOM}'>` +
        `<conference xmlns='urn:xmpp:bookmarks:1'><extensions><notify xmlns='urn:xmpp:notification-settings:1'><never/></notify></extensions></conference>` +
        '</item></publish></pubsub></iq>',
    );
    await romeo.all();
    await phone.all();
    await romeo.sends(saying('jule'));
    assert.deepEqual(texts(await phone.all()), []);
  });

  test('attack: one message that names everybody, and naming people all day, reach few', async (t) => {
    const { scene, romeo } = await open(t);
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    const stored = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    const people = Array.from({ length: 60 }, (_, i) => `person${i}`);
    for (const one of people) await scene.account(`${one}@example.test`);
    await scene.stores.rooms.affiliate(
      stored.id,
      people.map((one) => ({ jid: `${one}@example.test`, affiliation: 'member', nick: one, reason: '' })),
    );
    await enters(romeo, 'Romeo');
    const told = async (): Promise<number> => {
      await scene.settle();
      return (await scene.stores.roomReach.of(stored.id)).filter((one) => one.told).length;
    };
    await romeo.sends(saying(people.join(' ')));
    assert.equal(await told(), 20);
    for (const one of people.slice(20)) await romeo.sends(say(one));
    assert.equal(await told(), 40);
  });
});

describe('names in a text', () => {
  const names = new Names();
  for (const [name, who, addressed] of [
    ['Jule', 'a', false],
    ['Ana María (home)', 'b', false],
    ['will', 'c', true],
    ['李小龙', 'd', false],
    ['x', 'e', false],
    ['***', 'f', false],
  ] as const) {
    names.add(name, who, addressed);
  }
  for (const [text, expected] of [
    ['Jule', 'a'],
    ['hey JULE!', 'a'],
    ['@jule: @will', 'a c'],
    ['jules', ''],
    ['xjule', ''],
    ['ana maría (home), come', 'b'],
    ['ana maría (homeless)', ''],
    ['i will come', ''],
    ['will: come', 'c'],
    [' will, come', 'c'],
    ['@willy', ''],
    ['李小龙 你好', 'd'],
    ['x *** y', ''],
    ['> jule\nwho?', ''],
    [`${'a '.repeat(6_000)}jule`, ''],
    ['\ud800 jule', 'a'],
  ] as const) {
    test(JSON.stringify(text.slice(0, 40)), () => assert.equal([...names.in(text)].sort().join(' '), expected));
  }

  test('attack: a text made to be slow takes no longer than others', () => {
    const many = new Names();
    for (let i = 0; i < 5_000; i++) many.add(`a ${'a '.repeat(i % 50)}b${i}`, String(i));
    const start = process.cpuUsage().user;
    for (let i = 0; i < 10; i++) many.in('a '.repeat(5_000));
    assert.ok(process.cpuUsage().user - start < 300_000, `${process.cpuUsage().user - start} µs`);
  });

  test('attack: ten thousand members whose names begin alike are read as fast as others', () => {
    const took = (nameOf: (i: number) => string): number => {
      const start = process.cpuUsage().user;
      const many = new Names();
      for (let i = 0; i < 10_000; i++) many.add(nameOf(i), `person${i}@example.test`);
      return process.cpuUsage().user - start;
    };
    const others = took((i) => `name${i} of guest`);
    const alike = took((i) => `guest name${i}`);
    assert.ok(alike < 5 * others + 20_000, `${alike} µs, others ${others} µs`);
  });
});
