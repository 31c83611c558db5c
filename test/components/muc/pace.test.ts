import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joinRateOption, personRateOption, roomRateOption } from '../../../server/components/muc/rules.ts';
import type { Option } from '../../../server/host/options.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { admin, askFor, configure, enter, enters, leave, makes, ROOM, roomOf, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { conditionOf, find } from '../../support/xml.ts';

type Context = Parameters<typeof openScene>[0];

interface Stage {
  readonly scene: Scene;
  readonly juliet: Actor;
  readonly romeo: Actor;
}

/** Juliet’s room with Romeo in it; the clock stands still from here on. */
async function open(t: Context, options: readonly (readonly [Option<number>, number])[] = []): Promise<Stage> {
  const scene = await openScene(t);
  for (const [option, value] of options) await scene.house.options.set(option, 'example.test', value);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.now() });
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  await juliet.all();
  return { scene, juliet, romeo };
}

const bodies = async (actor: Actor): Promise<number> =>
  (await actor.all()).filter((one) => one.attrs.type !== 'error' && find(one, 'body') !== undefined).length;
const errors = async (actor: Actor): Promise<string[]> =>
  (await actor.all()).filter(({ attrs }) => attrs.type === 'error').map(serialize);

describe('XEP-0045 §14.6: nobody floods a room', () => {
  test('attack: long messages that nobody keeps, to all in a large room: who sends them rests in between', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    for (let n = 0; n < 40; n++) await enters(await scene.comes(`guest${n}@example.test/x`), `guest${n}`);
    await romeo.sends(say('short'));
    await juliet.sends(say('and sweet'));
    const long = `<body>${'y'.repeat(250_000)}</body><no-store xmlns='urn:xmpp:hints'/>`;
    await romeo.sends(`<message to='${ROOM}' type='groupchat'>${long}</message>`);
    assert.ok(romeo.session.rest > 1_000);
    assert.equal(juliet.session.rest, 0);
  });

  test('attack: thousands of requests that nobody answers: those of others are not forgotten', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const tybalt = await scene.comes('tybalt@example.test/street');
    await enters(tybalt, 'Tybalt');
    await romeo.all();
    const ask = (nick: string, id: string) =>
      `<iq type='get' id='${id}' to='${ROOM}/${nick}'><query xmlns='jabber:iq:version'/></iq>`;
    await juliet.sends(ask('Romeo', 'mine'));
    const { id } = (await romeo.all()).find(({ name }) => name === 'iq')!.attrs;
    for (let n = 0; n < 10_100; n++) {
      await tybalt.sends(ask('Tybalt', `${n}`));
      if (n === 600) assert.match((await errors(tybalt)).at(-1)!, /type='wait'.*<resource-constraint/);
      tybalt.received.length = 0;
    }
    await juliet.all();
    await romeo.sends(`<iq type='result' id='${id}' to='${ROOM}/Juliet'><query xmlns='jabber:iq:version'/></iq>`);
    assert.equal((await juliet.all()).filter(({ attrs }) => attrs.id === 'mine').length, 1);
  });

  test('attack: presence that is as long as a message, for all to get and for the room to remember', async (t) => {
    const { juliet, romeo } = await open(t);
    const long = (length: number) => `<presence to='${ROOM}/Romeo'><status>${'y'.repeat(length)}</status></presence>`;
    await romeo.sends(long(17_000));
    assert.match((await errors(romeo)).join(), /policy-violation/);
    assert.deepEqual(await juliet.all(), []);
    await romeo.sends(long(16_000));
    assert.equal((await juliet.all()).length, 1);
  });

  test('attack: the longest list of members asked for again and again: thirty at once, then one in two seconds', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const room = roomOf(scene);
    for (let n = 0; n < 9_998; n++)
      room.members.put({ jid: `guest${n}@example.test`, affiliation: 'member', nick: '', reason: '' });
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='admin'"]));
    const list = askFor("affiliation='member'");
    for (let n = 0; n < 30; n++) await juliet.gets(list);
    assert.match(serialize(await juliet.isRefused(list, 'resource-constraint')), /type='wait'.*wait 2 seconds/);
    await juliet.gets(askFor("affiliation='owner'")); // a short one as often as one likes
    await romeo.gets(list); // each has their own pace
    t.mock.timers.tick(2_000);
    await juliet.gets(list);
    await juliet.isRefused(list, 'resource-constraint');
  });

  test('attack: the disk filled by long messages: refused, in no archive, and short ones go on; later long ones, too', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const long = (id: string) =>
      `<message to='${ROOM}' type='groupchat' id='${id}'><body>${'y'.repeat(200_000)}</body></message>`;
    let heard = 0;
    const refused: string[] = [];
    for (let i = 0; i < 30; i++) {
      await romeo.sends(long(`long${i}`));
      heard += await bodies(juliet); // read at once, as more would not wait for her
      refused.push(...(await errors(romeo)));
    }
    assert.equal(heard, 26);
    assert.equal(refused.length, 4);
    assert.match(refused[0]!, /type=['"]wait['"].*<policy-violation.*too many long messages/);
    await romeo.sends(say('short'));
    assert.equal(await bodies(juliet), 1);
    await scene.settle();
    const { id } = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    const { rows } = await scene.stores.archives.page(id, { limit: 2, fromEnd: true });
    assert.deepEqual(
      rows.map(({ stanza }) => /id='(\w+)'/.exec(stanza)?.[1]),
      ['long25', 'short'],
    );
    t.mock.timers.tick(20_000);
    await romeo.sends(long('later'));
    assert.equal(await bodies(juliet), 1);
  });

  test('attack: message flood of one person: refused and not passed on, with any device or nickname; later they may again', async (t) => {
    const { scene, juliet, romeo } = await open(t, [[personRateOption, 30]]);
    for (let i = 0; i < 15; i++) await romeo.sends(say(`m${i}`));
    assert.equal(await bodies(juliet), 10, 'a third of a minute’s share at once');
    const refused = await errors(romeo);
    assert.equal(refused.length, 5);
    assert.match(refused[0]!, /type=['"]wait['"].*<policy-violation.*too many messages.*Please wait 2 seconds/);
    // Out and in again, under another name, from another device: it is the same person.
    await romeo.sends(leave('Romeo'));
    await enters(romeo, 'Mercutio');
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Mercutio');
    await juliet.all();
    await phone.sends(say('again'));
    await romeo.sends(say('again'));
    assert.equal(await bodies(juliet), 0);
    // Others speak on, and what was refused is in no archive.
    await juliet.sends(say('peace'));
    assert.equal(await bodies(juliet), 1);
    await scene.settle();
    const { id } = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    const stored = await scene.stores.archives.page(id, { limit: 50, fromEnd: true });
    assert.equal(stored.rows.length, 11);
    t.mock.timers.tick(2_000);
    await phone.sends(say('better'));
    assert.equal(await bodies(juliet), 1);
  });

  test('attack: a flood of private messages is one as well', async (t) => {
    const { juliet, romeo } = await open(t, [[personRateOption, 30]]);
    for (let i = 0; i < 15; i++) {
      await romeo.sends(`<message to='${ROOM}/Juliet' type='chat' id='m${i}'><body>hey</body></message>`);
    }
    assert.equal(await bodies(juliet), 10);
    assert.equal((await errors(romeo)).length, 5);
  });

  test('attack: many people flood a room together', async (t) => {
    const { juliet, romeo } = await open(t, [[roomRateOption, 30]]);
    for (let i = 0; i < 8; i++) for (const one of [juliet, romeo]) await one.sends(say(`m${i}`));
    const refused = [...(await errors(juliet)), ...(await errors(romeo))];
    assert.equal(refused.length, 6);
    assert.match(refused[0]!, /<resource-constraint/);
  });

  test('0 is no limit, and a new one holds at once', async (t) => {
    const { scene, juliet, romeo } = await open(t, [
      [personRateOption, 0],
      [roomRateOption, 0],
    ]);
    for (let i = 0; i < 400; i++) await romeo.sends(say(`m${i}`));
    assert.equal(await bodies(juliet), 400);
    await romeo.all();
    await scene.house.options.set(personRateOption, 'example.test', 3);
    for (let i = 0; i < 3; i++) await romeo.sends(say(`m${i}`));
    assert.equal(await bodies(juliet), 1);
  });

  test('attack: join and part flood', async (t) => {
    const { juliet, romeo } = await open(t, [[joinRateOption, 5]]);
    for (let i = 0; i < 20; i++) {
      await romeo.sends(leave('Romeo'));
      await romeo.sends(enter('Romeo'));
    }
    const refused = await errors(romeo);
    assert.equal(refused.length, 16);
    assert.match(refused[0]!, /<policy-violation.*too often/);
    assert.ok((await juliet.all()).length <= 10);
    t.mock.timers.tick(12_000);
    await romeo.sends(enter('Romeo'));
    assert.deepEqual(await errors(romeo), []);
  });

  test('attack: guessing the password of a room goes no faster', async (t) => {
    const { scene, juliet } = await open(t, [[joinRateOption, 5]]);
    await juliet.gets(configure({ roomsecret: '7777' }));
    const paris = await scene.comes('paris@example.test/road');
    for (let i = 0; i < 20; i++) await paris.sends(enter('Paris', `<password>${i}</password>`));
    const refused = (await paris.all()).map(conditionOf);
    assert.equal(refused.filter((one) => one === 'not-authorized').length, 5);
    await paris.sends(enter('Paris', '<password>7777</password>'));
    assert.equal(conditionOf((await paris.all())[0]!), 'policy-violation');
  });

  test('attack: nick-change flood', async (t) => {
    const { juliet, romeo } = await open(t);
    for (let i = 0; i < 30; i++) await romeo.sends(`<presence to='${ROOM}/Romeo${i}'/>`);
    const refused = await errors(romeo);
    assert.equal(refused.length, 20);
    assert.match(refused[0]!, /<policy-violation.*change your name too often/);
    assert.equal((await juliet.all()).length, 20);
    t.mock.timers.tick(10_000);
    await romeo.sends(`<presence to='${ROOM}/Montague'/>`);
    assert.deepEqual(await errors(romeo), []);
  });

  test('attack: presence flood: not everything is told, no error throws anybody out, and the last word is told', async (t) => {
    const { juliet, romeo } = await open(t);
    for (let i = 0; i < 100; i++) {
      await romeo.sends(`<presence to='${ROOM}/Romeo'><status>s${i}</status></presence>`);
    }
    assert.equal((await juliet.all()).length, 20);
    assert.deepEqual(await errors(romeo), []);
    t.mock.timers.tick(2_000);
    const [last, ...more] = await juliet.all();
    assert.deepEqual(more, []);
    assert.match(serialize(last!), /<status>s99<\/status>/);
    t.mock.timers.tick(60_000);
    assert.deepEqual(await juliet.all(), []);
    // Who has left meanwhile is not shown again.
    for (let i = 0; i < 40; i++) await romeo.sends(`<presence to='${ROOM}/Romeo'><status>t${i}</status></presence>`);
    await romeo.sends(leave('Romeo'));
    await juliet.all();
    t.mock.timers.tick(60_000);
    assert.deepEqual(await juliet.all(), []);
  });
});

describe('XEP-0500: slow mode', () => {
  test('§5: a second message before its time is refused, of the same person whatever device and nickname, and passed on to nobody', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(configure({ slow_mode_duration: '20' }));
    for (const one of [juliet, romeo]) await one.all();
    await romeo.sends(say('one'));
    await romeo.sends(say('two'));
    assert.equal(await bodies(juliet), 1);
    const [refused] = await errors(romeo);
    assert.match(refused!, /type=['"]wait['"].*<policy-violation.*<text[^>]*>In this room one waits 20 seconds/);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Other');
    await juliet.all();
    await phone.sends(say('three'));
    assert.equal(await bodies(juliet), 0);
    t.mock.timers.tick(19_000);
    await phone.sends(say('four'));
    assert.equal(await bodies(juliet), 0);
    t.mock.timers.tick(1_000);
    await romeo.sends(say('five'));
    assert.equal(await bodies(juliet), 1);
  });

  test('§5: owners and admins are not held up, and neither is what has no body', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(configure({ slow_mode_duration: '20' }));
    for (const one of [juliet, romeo]) await one.all();
    for (const text of ['one', 'two']) await juliet.sends(say(text));
    assert.equal(await bodies(romeo), 2);
    const typing = `<message to='${ROOM}' type='groupchat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`;
    await romeo.sends(say('one'));
    for (let i = 0; i < 3; i++) await romeo.sends(typing);
    assert.deepEqual(await errors(romeo), []);
  });

  test('§5: what was refused for another reason does not make anybody wait', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(configure({ slow_mode_duration: '20', moderatedroom: '1' }));
    await romeo.sends(say('one'));
    await juliet.gets(configure({ moderatedroom: '0' }));
    for (const one of [juliet, romeo]) await one.all();
    await romeo.sends(say('two'));
    assert.equal(await bodies(juliet), 1);
  });

  test('§4, XEP-0122: it is in the form as a whole number from 0, and in what a room tells of itself', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(configure({ slow_mode_duration: '20' }));
    const owner = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    const form = serialize(await juliet.gets(`<iq type='get' to='${ROOM}'>${owner}</iq>`));
    assert.match(
      form,
      /slow_mode_duration['"] type=['"]text-single['"][^>]*><validate [^>]*datatype=['"]xs:integer['"]><range min=['"]0['"] max=['"]86400['"]\/><\/validate><value>20</,
    );
    const info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    const told = serialize(await romeo.gets(`<iq type='get' to='${ROOM}'>${info}</iq>`));
    assert.match(told, /muc#roominfo_slow_mode_duration['"] type=['"]text-single['"][^>]*><value>20</);
  });
});
