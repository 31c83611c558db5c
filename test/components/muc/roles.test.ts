import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../../server/xmpp/element.ts';
import { admin, askFor, enter, enters, leave, MUC, makes, ROOM, say, shape } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

describe('XEP-0045 §8: roles', () => {
  const open = async (t: Parameters<typeof openScene>[0]) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const nurse = await scene.comes('nurse@example.test/chamber');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await enters(nurse, 'Nurse');
    for (const one of [juliet, romeo, nurse]) await one.all();
    return { scene, juliet, romeo, nurse };
  };

  test('§8.2: a moderator kicks: first the result, then everybody is told, with 307, who and why', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.sends(admin([["nick='Romeo' role='none'", 'Banished']]).replace('<iq ', "<iq id='kick' "));
    const gone = (jid: string, codes: string) =>
      `<presence from='${ROOM}/Romeo' type='unavailable'><x xmlns='${MUC}#user'>` +
      `<item affiliation='none' role='none'${jid}><actor nick='Juliet'/><reason>Banished</reason></item>${codes}</x></presence>`;
    await juliet.receives(`<iq from='${ROOM}' type='result' id='kick'/>`);
    await juliet.receives(gone(" jid='romeo@example.test/orchard'", "<status code='307'/>"));
    await romeo.receives(gone('', "<status code='307'/><status code='110'/>"));
    const seen = await nurse.receives(gone('', "<status code='307'/>"));
    assert.doesNotMatch(serialize(seen), /orchard/);
    await romeo.sends(say('still here?'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'not-acceptable');
    await romeo.sends(enter('Romeo'));
    assert.equal((await romeo.all()).at(-1)?.name, 'message', 'who was kicked may come back');
  });

  test('§8.2: all devices of the occupant go, and nobody kicks themselves', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Romeo');
    await romeo.all();
    await juliet.gets(admin(["nick='Romeo' role='none'"]));
    assert.match(serialize((await phone.all())[0]!), /code='307'/);
    assert.match(serialize((await romeo.all())[0]!), /code='307'/);
    await juliet.isRefused(admin(["nick='Juliet' role='none'"]), 'conflict');
    await juliet.isRefused(admin(["nick='Romeo' role='none'"]), 'item-not-found');
  });

  test('§8.3, §8.4: voice is given and taken in a moderated room, and everybody hears of it', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    shape(scene, { moderated: true });
    await enters(romeo, 'Romeo');
    await juliet.all();
    const told = (role: string) =>
      `<presence from='${ROOM}/Romeo'><x xmlns='${MUC}#user'><item affiliation='none' role='${role}'><reason>so</reason></item></x></presence>`;
    await romeo.sends(say('hello'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'forbidden');
    await juliet.gets(admin([["nick='Romeo' role='participant'", 'so']]));
    await romeo.receives(told('participant'));
    await juliet.receives(told('participant'));
    await romeo.sends(say('hello'));
    assert.equal((await romeo.all())[0]?.attrs.type, 'groupchat');
    await romeo.sends(leave('Romeo'));
    await enters(romeo, 'Romeo');
    await romeo.sends(say('hello'));
    assert.equal((await romeo.all())[0]?.attrs.type, 'groupchat', 'who was given voice has it on coming back (§5.1)');
    await juliet.all();
    await juliet.gets(admin([["nick='Romeo' role='visitor'", 'so']]));
    await romeo.receives(told('visitor'));
    await romeo.sends(say('hello'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'forbidden');
  });

  test('§5.1: who lost voice does not get it back by coming again, by another name or by another device', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Montague');
    await juliet.gets(admin(["nick='Romeo' role='visitor'"]));
    await phone.all();
    await phone.sends(say('by another device'));
    assert.equal(conditionOf((await phone.all())[0]!), 'forbidden');
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    await enters(romeo, 'Tybalt');
    await romeo.sends(say('by another name'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'forbidden');
    await juliet.gets(admin(["nick='Tybalt' role='participant'"]));
    await romeo.all();
    await romeo.sends(say('thank you'));
    assert.equal((await romeo.all())[0]?.attrs.type, 'groupchat');
  });

  test('§9.6, §9.7: moderators are made and unmade by admins; they see who everybody is from then on', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await romeo.isRefused(admin(["nick='Nurse' role='moderator'"]), 'forbidden');
    await juliet.gets(admin(["nick='Romeo' role='moderator'"]));
    const seen = (await romeo.all()).map(serialize).join('\n');
    assert.match(seen, /Romeo.*role='moderator'/);
    assert.match(seen, /jid='nurse@example\.test\/chamber'/);
    await nurse.all();
    await romeo.isRefused(admin(["nick='Nurse' role='moderator'"]), 'forbidden');
    await romeo.gets(admin(["nick='Nurse' role='none'"]));
    await juliet.gets(admin(["nick='Romeo' role='participant'"]));
    await romeo.all();
    await romeo.isRefused(admin(["nick='Juliet' role='none'"]), 'forbidden');
  });

  test('§8.5: several at once, all or none', async (t) => {
    const { juliet, romeo, nurse } = await open(t);
    await juliet.isRefused(admin(["nick='Romeo' role='visitor'", "nick='Paris' role='visitor'"]), 'item-not-found');
    await romeo.receivesNothing();
    await juliet.gets(admin(["nick='Romeo' role='visitor'", "nick='Nurse' role='visitor'"]));
    await juliet.all();
    const list = serialize(await juliet.gets(askFor("role='visitor'")));
    assert.match(list, /nick='Romeo'/);
    assert.match(list, /jid='nurse@example\.test\/chamber' nick='Nurse'/);
    await nurse.all();
    await nurse.isRefused(askFor("role='visitor'"), 'forbidden');
  });

  test('§17.4: what is no change of a role or an affiliation is refused', async (t) => {
    const { juliet } = await open(t);
    for (const items of [
      [],
      ["nick='Romeo' role='none' affiliation='outcast'"],
      ["nick='Romeo'"],
      ["nick='Romeo' role='king'"],
      ["jid='romeo@example.test' affiliation='king'"],
      ["jid='romeo@example.test/orchard' role='visitor'"],
      ["affiliation='member'"],
      ["nick='Romeo' role='visitor'", "nick='Romeo' role='participant'"],
      ["nick='Romeo' role='visitor'", "jid='nurse@example.test' affiliation='member'"],
      ["jid='romeo@example.test' affiliation='member'", "jid='romeo@example.test/x' affiliation='none'"],
    ]) {
      await juliet.isRefused(admin(items), 'bad-request');
    }
    await juliet.isRefused(admin(["jid='@@' affiliation='member'"]), 'jid-malformed');
    await juliet.isRefused(admin(["jid='example.org' affiliation='member'"]), 'not-acceptable');
    for (const wrong of [
      "role='none'",
      "affiliation='none'",
      "role='king'",
      "affiliation='member' role='visitor'",
      '',
    ]) {
      await juliet.isRefused(askFor(wrong), 'bad-request');
    }
  });

  test('more than 500 changes in one request, and long reasons, are refused', async (t) => {
    const { juliet } = await open(t);
    const many = (n: number) =>
      admin(Array.from({ length: n }, (_, i) => `jid='p${i}@example.org' affiliation='member'`));
    await juliet.isRefused(many(501), 'policy-violation');
    await juliet.gets(many(500));
    await juliet.isRefused(admin([["nick='Romeo' role='none'", 'x'.repeat(501)]]), 'not-acceptable');
  });
});
