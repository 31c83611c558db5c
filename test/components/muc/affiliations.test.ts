import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';

import { serialize } from '../../../server/xmpp/element.ts';
import { admin, askFor, enter, enters, leave, MUC, makes, ROOM, roomOf, shape } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

async function open(t: TestContext) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  const nurse = await scene.comes('nurse@example.test/chamber');
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  await enters(nurse, 'Nurse');
  for (const one of [juliet, romeo, nurse]) await one.all();
  return { scene, juliet, romeo, nurse };
}

const shows = (nick: string, item: string, inner = '', codes = '', type = '') =>
  `<presence from='${ROOM}/${nick}'${type}><x xmlns='${MUC}#user'><item ${item}>${inner}</item>${codes}</x></presence>`;

describe('XEP-0045 §§9, 10: affiliations', () => {
  test('§9.1: who is banned goes at once with 301, who and why, by all names and devices, and stays out', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Montague');
    await nurse.all();
    await romeo.all();
    await juliet.gets(admin([["jid='romeo@example.test/orchard' affiliation='outcast'", 'Treason']]));
    const why = "<actor nick='Juliet'/><reason>Treason</reason>";
    const gone = (nick: string, codes: string) =>
      shows(nick, "affiliation='outcast' role='none'", why, codes, " type='unavailable'");
    await romeo.receives(gone('Romeo', "<status code='301'/><status code='110'/>"));
    assert.match(serialize((await phone.all()).at(-1)!), /code='301'/);
    for (const nick of ['Romeo', 'Montague']) {
      const seen = await nurse.receives(gone(nick, "<status code='301'/>"));
      assert.doesNotMatch(serialize(seen), /romeo@/);
    }
    // SECURITY 46: evasion by another name or another device.
    const watch = await scene.comes('romeo@example.test/watch');
    for (const device of [romeo, phone, watch]) {
      await device.all();
      await device.sends(enter('Stranger'));
      assert.equal(conditionOf((await device.all())[0]!), 'forbidden');
    }
    const list = serialize(await juliet.gets(askFor("affiliation='outcast'")));
    assert.match(list, /<item affiliation='outcast' jid='romeo@example\.test'><reason>Treason<\/reason><\/item>/);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='none'"]));
    await enters(romeo, 'Romeo');
    assert.equal(roomOf(scene).members.has('romeo@example.test'), false);
  });

  test('§9.1: by nickname as well; nobody bans themselves; the ban takes the reserved name away', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='member' nick='Romeo'"]));
    assert.equal(roomOf(scene).members.ownerOf('Romeo'), 'romeo@example.test');
    await juliet.gets(admin(["nick='Romeo' affiliation='outcast'"]));
    assert.match(serialize((await romeo.all()).at(-1)!), /code='301'/);
    assert.equal(roomOf(scene).members.ownerOf('Romeo'), undefined);
    await juliet.isRefused(admin(["jid='juliet@example.test' affiliation='outcast'"]), 'conflict');
    await juliet.isRefused(admin(["nick='Nobody' affiliation='outcast'"]), 'item-not-found');
  });

  test('§9.2: a whole domain is banned, but for those who are somebody in the room', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'example.org'] });
    const juliet = await scene.comes('juliet@example.test/balcony');
    const paris = await scene.comes('paris@example.org/hall');
    const rosaline = await scene.comes('rosaline@example.org/hall');
    await makes(juliet, 'Juliet');
    await juliet.gets(admin(["jid='rosaline@example.org' affiliation='member'"]));
    await enters(paris, 'Paris');
    await enters(rosaline, 'Rosaline');
    await juliet.gets(admin(["jid='example.org' affiliation='outcast'"]));
    assert.match(serialize((await paris.all()).at(-1)!), /affiliation='outcast'.*code='301'/);
    await paris.sends(enter('Paris'));
    assert.equal(conditionOf((await paris.all())[0]!), 'forbidden');
    assert.equal(roomOf(scene).occupants.has('Rosaline'), true);
    await rosaline.all();
    await juliet.gets(admin(["jid='rosaline@example.org' affiliation='none'"]));
    assert.match(
      serialize((await rosaline.all())[0]!),
      /affiliation='outcast'.*code='301'/,
      'the ban holds for them now',
    );
    await juliet.gets(admin(["jid='example.org' affiliation='none'"]));
    await enters(paris, 'Paris');
    assert.equal(roomOf(scene).occupants.has('Paris'), true);
  });

  test('§5.2: a room, and the service of rooms, is nobody: neither this one nor another is given an affiliation', async (t) => {
    const { scene, juliet } = await open(t);
    for (const jid of [ROOM, `${ROOM}/Romeo`, 'hall@conference.example.test', 'conference.example.test']) {
      const ban = admin(["jid='nurse@example.test' affiliation='member'", `jid='${jid}' affiliation='outcast'`]);
      assert.match(serialize(await juliet.isRefused(ban, 'not-acceptable')), /is an address of rooms/);
    }
    for (const affiliation of ['owner', 'admin', 'member'])
      await juliet.isRefused(admin([`jid='${ROOM}' affiliation='${affiliation}'`]), 'not-acceptable');
    assert.deepEqual([...roomOf(scene).members.keys()], ['juliet@example.test']);
    // One that is there from before goes as anybody.
    roomOf(scene).members.put({ jid: ROOM, affiliation: 'member', nick: '', reason: '' });
    await juliet.gets(admin([`jid='${ROOM}' affiliation='none'`]));
    assert.deepEqual([...roomOf(scene).members.keys()], ['juliet@example.test']);
  });

  test('§9.2: all changes of one request, or none', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='admin'"]));
    const both = admin([
      "jid='nurse@example.test' affiliation='outcast'",
      "jid='juliet@example.test' affiliation='outcast'",
    ]);
    await romeo.isRefused(both, 'not-allowed');
    assert.equal(roomOf(scene).occupants.has('Nurse'), true);
    assert.equal(roomOf(scene).members.size, 2);
  });

  test('§9.3, §9.4: membership is given and taken, and everybody sees it', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.gets(admin([["jid='romeo@example.test' affiliation='member'", 'worthy']]));
    const member = shows('Romeo', "affiliation='member' role='participant'", '<reason>worthy</reason>');
    await romeo.receives(member);
    await nurse.receives(member);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='none'"]));
    await nurse.receives(shows('Romeo', "affiliation='none' role='participant'"));
  });

  test('§9.4: out of a room for members goes who is none any more, with 321 and nothing before it', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    await juliet.gets(
      admin(["jid='romeo@example.test' affiliation='member'", "jid='nurse@example.test' affiliation='member'"]),
    );
    shape(scene, { membersOnly: true });
    for (const one of [juliet, romeo, nurse]) await one.all();
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='none'"]));
    const gone = shows(
      'Romeo',
      "affiliation='none' role='none'",
      "<actor nick='Juliet'/>",
      "<status code='321'/>",
      " type='unavailable'",
    );
    await romeo.receives(gone);
    await nurse.receives(gone);
    await romeo.sends(enter('Romeo'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'registration-required');
  });

  test('§9.5: who becomes member of a room for members hears of it, with the password', async (t) => {
    const { scene, juliet } = await open(t);
    const paris = await scene.comes('paris@example.test/hall');
    shape(scene, { membersOnly: true, password: 'moon' });
    await juliet.gets(admin(["jid='paris@example.test' affiliation='member'"]));
    await paris.receives(
      `<message from='${ROOM}'><x xmlns='${MUC}#user'><invite from='${ROOM}/Juliet'/><password>moon</password></x></message>`,
    );
    assert.doesNotMatch((await paris.all()).map(serialize).join(''), /juliet@example/);
  });

  test('§10.3, §10.6: owners and admins are made and unmade, moderators by that; who is away is told with 101', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='admin'"]));
    await nurse.receives(shows('Romeo', "affiliation='admin' role='moderator'"));
    const seen = (await romeo.all()).map(serialize).join('\n');
    assert.match(seen, /Nurse.*jid='nurse@example\.test\/chamber'/, 'a moderator sees who it is');
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='none'"]));
    await nurse.receives(shows('Romeo', "affiliation='none' role='participant'"));
    const paris = await scene.comes('paris@example.test/hall');
    await juliet.all();
    await juliet.gets(admin(["jid='paris@example.test' affiliation='owner'"]));
    await paris.receives(
      `<message from='${ROOM}'><x xmlns='${MUC}#user'><item affiliation='owner' role='none'/><status code='101'/></x></message>`,
    );
    await juliet.receives(
      `<message from='${ROOM}'><x xmlns='${MUC}#user'><item affiliation='owner' jid='paris@example.test' role='none'/></x></message>`,
    );
    await nurse.receivesNothing();
  });

  test('§10.4: the last owner stays, whatever the request; not the last one may go', async (t) => {
    const { juliet } = await open(t);
    await juliet.isRefused(admin(["jid='juliet@example.test' affiliation='admin'"]), 'conflict');
    await juliet.isRefused(
      admin(["jid='juliet@example.test' affiliation='none'", "jid='romeo@example.test' affiliation='admin'"]),
      'conflict',
    );
    await juliet.gets(
      admin(["jid='juliet@example.test' affiliation='member'", "jid='romeo@example.test' affiliation='owner'"]),
    );
    await juliet.isRefused(admin(["jid='juliet@example.test' affiliation='owner'"]), 'forbidden');
  });

  test('§5.1.3: in a moderated room members speak, and who is none any more listens', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    shape(scene, { moderated: true });
    await romeo.sends(leave('Romeo'));
    await enters(romeo, 'Romeo');
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='member'"]));
    await romeo.receives(shows('Romeo', "affiliation='member' role='participant'"));
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='none'"]));
    await romeo.receives(shows('Romeo', "affiliation='none' role='visitor'"));
  });

  test('affiliations are on disk when the answer comes, and are there when the room comes into use again', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    await juliet.gets(
      admin([
        "jid='romeo@example.test' affiliation='admin' nick='Montague'",
        ["jid='example.org' affiliation='outcast'", 'spam'],
      ]),
    );
    const { id } = roomOf(scene);
    assert.deepEqual(await scene.stores.rooms.members(id), [
      { jid: 'example.org', affiliation: 'outcast', nick: '', reason: 'spam' },
      { jid: 'juliet@example.test', affiliation: 'owner', nick: '', reason: '' },
      { jid: 'romeo@example.test', affiliation: 'admin', nick: 'Montague', reason: '' },
    ]);
    await juliet.sends(leave('Juliet'));
    await romeo.sends(leave('Romeo'));
    await nurse.sends(leave('Nurse'));
    await scene.settle();
    assert.throws(() => roomOf(scene));
    await enters(romeo, 'Montague');
    assert.equal(roomOf(scene).occupants.get('Montague')?.role, 'moderator');
    await nurse.all();
    await nurse.sends(enter('montague'));
    assert.equal(conditionOf((await nurse.all())[0]!), 'conflict');
  });

  test('a room has 10,000 members at most', async (t) => {
    const { scene, juliet } = await open(t);
    for (let i = 0; i < 9_998; i++) {
      roomOf(scene).members.put({ jid: `p${i}@example.org`, affiliation: 'member', nick: '', reason: '' });
    }
    await juliet.isRefused(
      admin(["jid='a@b.example' affiliation='member'", "jid='b@b.example' affiliation='member'"]),
      'resource-constraint',
    );
    await juliet.gets(admin(["jid='a@b.example' affiliation='member'", "jid='p1@example.org' affiliation='none'"]));
  });
});
