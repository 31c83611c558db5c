import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Element, elements, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { configure, enter, enters, MUC, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { find } from '../../support/xml.ts';

type Context = Parameters<typeof openScene>[0];

interface Stage {
  readonly scene: Scene;
  readonly juliet: Actor;
  readonly romeo: Actor;
  readonly nurse: Actor;
}

/** Juliet’s room, with Romeo, who is nobody in it, and Nurse, who is a member. */
async function open(t: Context, fields: Record<string, string> = {}): Promise<Stage> {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  const nurse = await scene.comes('nurse@example.test/phone');
  await makes(juliet, 'Juliet', fields);
  // Who was an admin and is none stays a member.
  await juliet.gets(configure({ roomadmins: 'nurse@example.test' }));
  await juliet.gets(configure({ roomadmins: [] }));
  await enters(romeo, 'Romeo');
  await enters(nurse, 'Nurse');
  for (const one of [juliet, romeo]) await one.all();
  return { scene, juliet, romeo, nurse };
}

/** What of a stanza matters here: who, what, affiliation, role, address, codes. */
function short(stanza: Element): string {
  const x = find(stanza, 'x');
  const item = find(stanza, 'x', 'item');
  const codes =
    x === undefined ? [] : elements(x).flatMap(({ name, attrs }) => (name === 'status' ? [attrs.code] : []));
  const { type = 'here', from = '' } = stanza.attrs;
  const nick = from.split('/')[1] ?? 'room';
  const { affiliation, role, jid } = item?.attrs ?? {};
  return [nick, type, affiliation, role, jid, ...codes].filter(Boolean).join(' ');
}

const heard = async (actor: Actor): Promise<string[]> =>
  (await actor.all()).filter(({ name }) => name !== 'iq').map(short);

const note = (code: number): string => `room groupchat ${code}`;

describe('XEP-0045: what a new configuration does to who is in', () => {
  for (const [code, field, value, before] of [
    [170, 'enablelogging', '1', { enablelogging: '0' }],
    [171, 'enablelogging', '0', {}],
    [173, 'whois', 'moderators', { whois: 'anyone' }],
    [104, 'roomname', 'Cave', {}],
    [104, 'maxusers', '10', {}],
    [104, 'slow_mode_duration', '5', {}],
    [104, 'passwordprotectedroom', '0', {}],
  ] as const) {
    test(`§10.2.1: everybody is told of ${field} = ${value} by ${code}, in a message from the room`, async (t) => {
      const { scene, juliet, romeo, nurse } = await open(t, before);
      if (field === 'passwordprotectedroom') {
        await juliet.gets(configure({ roomsecret: 'x' }));
        for (const one of [juliet, romeo, nurse]) assert.deepEqual(await heard(one), [note(104)]);
      }
      await juliet.gets(configure({ [field]: value }));
      for (const one of [juliet, romeo, nurse]) assert.deepEqual(await heard(one), [note(code)]);
      await juliet.gets(configure({ [field]: value }));
      for (const one of [juliet, romeo, nurse]) assert.deepEqual(await heard(one), [], 'nothing has changed now');
      const room = await scene.stores.rooms.get('conference.example.test', 'garden');
      assert.equal((await scene.stores.archives.page(room!.id, { limit: 10, fromEnd: true })).rows.length, 0);
    });
  }

  test('§10.2.1: each change has its message, with nothing but its code', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(configure({ enablelogging: '0', whois: 'anyone', roomname: 'Cave' }));
    const [one, two, three] = await romeo.all();
    for (const [stanza, code] of [
      [one!, 171],
      [two!, 172],
      [three!, 104],
    ] as const) {
      assert.match(
        serialize(stanza),
        new RegExp(`^<message [^>]*><x xmlns=['"]${MUC}#user['"]><status code=['"]${code}['"]/></x></message>$`),
      );
      assert.equal(stanza.attrs.from, ROOM);
    }
  });

  test('§10.2: the room is for members now: the others are out with 322, and all are told', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.gets(configure({ membersonly: '1' }));
    assert.deepEqual(await heard(romeo), ['Romeo unavailable none none romeo@example.test/orchard 322 110']);
    assert.deepEqual(await heard(nurse), ['Romeo unavailable none none 322', note(104)]);
    assert.deepEqual(await heard(juliet), ['Romeo unavailable none none romeo@example.test/orchard 322', note(104)]);
    await romeo.sends(say('hello?'));
    assert.match(serialize((await romeo.all())[0]!), /<not-acceptable/);
    await romeo.sends(enter('Romeo'));
    assert.match(serialize((await romeo.all())[0]!), /<registration-required/);
  });

  test('attack: opening the addresses and closing the room in one form does not show who was thrown out by it', async (t) => {
    const { juliet, nurse } = await open(t);
    await juliet.gets(configure({ membersonly: '1', whois: 'anyone' }));
    const [gone] = (await nurse.all()).map(serialize);
    assert.match(gone!, /unavailable/);
    assert.doesNotMatch(gone!, /orchard/);
  });

  test('§5.1.2: moderated now: who is no member is a visitor, and not any more when that ends', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.gets(configure({ moderatedroom: '1' }));
    assert.deepEqual(await heard(romeo), ['Romeo here none visitor romeo@example.test/orchard 110', note(104)]);
    assert.deepEqual(await heard(nurse), ['Romeo here none visitor', note(104)]);
    await romeo.sends(say('hm'));
    assert.match(serialize((await romeo.all())[0]!), /<forbidden/);
    await nurse.sends(say('I may'));
    for (const one of [juliet, romeo, nurse]) await one.all();
    await juliet.gets(configure({ moderatedroom: '0' }));
    assert.deepEqual(await heard(nurse), ['Romeo here none participant', note(104)]);
    await romeo.sends(say('hm'));
    assert.equal((await nurse.all()).length, 1);
  });

  test('§10.2.1: addresses are open now: first the warning 172, then everybody with their address; back again with 173', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.gets(configure({ whois: 'anyone' }));
    const [warning, ...rest] = await heard(romeo);
    assert.equal(warning, note(172));
    assert.deepEqual(rest.sort(), [
      'Juliet here owner moderator juliet@example.test/balcony',
      'Nurse here member participant nurse@example.test/phone',
    ]);
    // A moderator has seen them all along.
    assert.deepEqual(await heard(juliet), [note(172)]);
    await nurse.all();
    await juliet.gets(configure({ whois: 'moderators' }));
    assert.deepEqual(await heard(romeo), [note(173)]);
    await nurse.sends(`<presence to='${ROOM}/Nurse'><show>away</show></presence>`);
    assert.deepEqual(await heard(romeo), ['Nurse here member participant']);
  });

  test('§10.1.3, presencebroadcast: whose presence is told no more is gone for the others, and comes again', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.gets(configure({ presencebroadcast: ['moderator'] }));
    assert.deepEqual(await heard(romeo), [note(104), 'Nurse unavailable member none']);
    assert.deepEqual((await heard(juliet)).sort(), [
      'Nurse unavailable member none nurse@example.test/phone',
      'Romeo unavailable none none romeo@example.test/orchard',
      note(104),
    ]);
    await nurse.all();
    await nurse.sends(`<presence to='${ROOM}/Nurse'><show>away</show></presence>`);
    assert.deepEqual(await heard(nurse), ['Nurse here member participant nurse@example.test/phone 110']);
    assert.deepEqual(await heard(romeo), []);
    // They are in still.
    await nurse.sends(say('boo'));
    assert.equal((await romeo.all()).length, 1);
    for (const one of [juliet, nurse]) await one.all();
    await juliet.gets(configure({ presencebroadcast: ['moderator', 'participant'] }));
    assert.deepEqual(await heard(romeo), [note(104), 'Nurse here member participant']);
  });

  test('a role whose presence is not told hides who gets it', async (t) => {
    const { juliet, nurse } = await open(t, {});
    await juliet.gets(configure({ presencebroadcast: ['moderator', 'participant'] }));
    await nurse.all();
    await juliet.gets(configure({ moderatedroom: '1' }));
    assert.deepEqual(await heard(nurse), ['Romeo unavailable none none', note(104)]);
    await juliet.gets(configure({ moderatedroom: '0' }));
    assert.deepEqual(await heard(nurse), ['Romeo here none participant', note(104)]);
  });

  test('§10.2: admins and owners that a form makes or unmakes are shown to all as what they are now', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.gets(configure({ roomadmins: ['romeo@example.test'] }));
    assert.deepEqual(await heard(nurse), ['Romeo here admin moderator']);
    await juliet.all();
    await romeo.all();
    await juliet.gets(configure({ roomowners: ['juliet@example.test', 'romeo@example.test'] }));
    assert.deepEqual(await heard(nurse), ['Romeo here owner moderator']);
    // An owner who is left out is an admin still, where the form does not speak of those.
    await juliet.gets(configure({ roomowners: ['juliet@example.test'] }));
    assert.deepEqual(await heard(nurse), ['Romeo here admin moderator']);
    await juliet.gets(configure({ roomadmins: [] }));
    assert.deepEqual(await heard(nurse), ['Romeo here member participant']);
    // Both lists are full: who is in neither is a member.
    await juliet.gets(configure({ roomowners: ['juliet@example.test', 'romeo@example.test'] }));
    await nurse.all();
    await juliet.gets(configure({ roomowners: ['juliet@example.test'], roomadmins: [] }));
    assert.deepEqual(await heard(nurse), ['Romeo here member participant']);
  });

  test('§10.2: the last owner cannot go; one of two can', async (t) => {
    const { juliet } = await open(t);
    await juliet.isRefused(configure({ roomowners: [] }), 'conflict');
    await juliet.gets(configure({ roomowners: ['juliet@example.test', 'romeo@example.test'] }));
    await juliet.gets(configure({ roomowners: ['romeo@example.test'] }));
    await juliet.isRefused(configure(), 'forbidden');
  });

  test('§7.2.9: a room that is full lets in those who run it, and a smaller one throws nobody out', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    await juliet.gets(configure({ maxusers: '2' }));
    for (const one of [romeo, nurse]) assert.deepEqual(await heard(one), [note(104)]);
    const friar = await scene.comes('friar@example.test/cell');
    await friar.sends(enter('Friar'));
    assert.match(serialize((await friar.all())[0]!), /type=['"]wait['"].*<service-unavailable/);
    await juliet.gets(configure({ roomadmins: ['friar@example.test'] }));
    await friar.sends(enter('Friar'));
    assert.ok((await heard(friar)).some((one) => one.startsWith('Friar here admin moderator')));
  });

  test('muc#maxhistoryfetch: a shorter history forgets at once', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    for (const text of ['one', 'two', 'three']) await juliet.sends(say(text));
    const form = configure({}).replace(
      "<x xmlns='jabber:x:data' type='submit'>",
      `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${MUC}#roomconfig</value></field>` +
        "<field var='muc#maxhistoryfetch'><value>1</value></field>",
    );
    await juliet.gets(form);
    await romeo.all();
    const friar = await scene.comes('friar@example.test/cell');
    await friar.sends(enter('Friar'));
    const bodies = (await friar.all()).filter((one) => find(one, 'body') !== undefined);
    assert.equal(bodies.length, 1);
  });

  test('171: what is said while it is not logged is in no archive', async (t) => {
    const { scene, juliet } = await open(t);
    await juliet.gets(configure({ enablelogging: '0' }));
    await juliet.sends(say('secret'));
    await juliet.gets(configure({ enablelogging: '1' }));
    await juliet.sends(say('open'));
    await scene.settle();
    const room = await scene.stores.rooms.get('conference.example.test', 'garden');
    const { rows } = await scene.stores.archives.page(room!.id, { limit: 10, fromEnd: true });
    assert.deepEqual(
      rows.map(({ stanza }) => /<body>(\w+)/.exec(stanza)?.[1]),
      ['open'],
    );
  });

  test('§14.6: an owner who changes the room again and again is stopped, as all hear of it', async (t) => {
    const { juliet } = await open(t);
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const answer = await juliet.asks(configure({ roomname: `Cave ${i}` }));
      if (answer.attrs.type === 'error') {
        assert.match(serialize(answer), /type=['"]wait['"].*<policy-violation/);
        refused++;
      }
    }
    assert.ok(refused >= 10, String(refused));
  });

  test('addresses of a big room are opened in slices: nobody else waits long', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    const people: Actor[] = [];
    for (let i = 0; i < 60; i++) {
      const one = await scene.comes(`p${i}@example.test/x`);
      people.push(one);
      await one.sends(enter(`P${i}`));
    }
    for (const one of people) await one.all();
    await juliet.gets(configure({ whois: 'anyone' }));
    for (const one of people) assert.equal((await one.all()).length, 61);
  });
});
