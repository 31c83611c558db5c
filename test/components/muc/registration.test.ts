import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../../server/xmpp/element.ts';
import { admin, askFor, enter, enters, leave, MUC, makes, ROOM, roomOf, say, shape } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

const DESCRIBE = `<iq type='get' to='${ROOM}'><query xmlns='jabber:iq:register'/></iq>`;
const UNREGISTER = `<iq type='set' to='${ROOM}'><query xmlns='jabber:iq:register'><remove/></query></iq>`;
const NICKNAME = `<iq type='get' to='${ROOM}'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>`;

function form(kind: string, fields: Record<string, string>, type = 'submit'): string {
  const all = Object.entries(fields).map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`);
  return `<x xmlns='jabber:x:data' type='${type}'><field var='FORM_TYPE'><value>${MUC}#${kind}</value></field>${all.join('')}</x>`;
}

function register(nick: string): string {
  return `<iq type='set' to='${ROOM}'><query xmlns='jabber:iq:register'>${form('register', { 'muc#register_roomnick': nick })}</query></iq>`;
}

const send = (inner: string) => `<message to='${ROOM}'>${inner}</message>`;

describe('XEP-0045 §7.10, §9.9: registration with a room', () => {
  test('§7.10: whoever registers is a member, everybody in the room sees it, and the name is theirs', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const paris = await scene.comes('paris@example.test/hall');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.isRefused(DESCRIBE, 'not-allowed');
    await romeo.isRefused(register('Romeo'), 'not-allowed');
    shape(scene, { allowRegistration: true });
    assert.match(serialize(await romeo.gets(DESCRIBE)), /muc#register_roomnick/);
    await romeo.isRefused(
      `<iq type='set' to='${ROOM}'><query xmlns='jabber:iq:register'><username>x</username></query></iq>`,
      'bad-request',
    );
    await romeo.gets(register('Romeo'));
    await juliet.receives(
      `<presence from='${ROOM}/Romeo'><x xmlns='${MUC}#user'><item affiliation='member' role='participant'/></x></presence>`,
    );
    assert.match(serialize(await romeo.gets(DESCRIBE)), /<registered\/><username>Romeo<\/username>/);
    assert.match(serialize(await romeo.gets(NICKNAME)), /<identity category='conference' type='text' name='Romeo'\/>/);
    assert.doesNotMatch(serialize(await paris.gets(NICKNAME)), /<identity/);
    await romeo.sends(leave('Romeo'));
    for (const nick of ['Romeo', 'romeo', 'ROMEO', 'Ｒomeo']) {
      await paris.sends(enter(nick));
      assert.equal(conditionOf((await paris.all())[0]!), 'conflict', `${nick} is Romeo’s`);
    }
    await paris.isRefused(register('Romeo'), 'conflict');
    await paris.isRefused(register('Juliet'), 'conflict');
    await romeo.gets(UNREGISTER);
    await enters(paris, 'Romeo');
    assert.equal(roomOf(scene).affiliationOf(paris.session.jid), 'none');
  });

  test('SECURITY 46: nick hijack: another one’s reserved name is not to be had by changing to it', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const paris = await scene.comes('paris@example.test/hall');
    await makes(juliet, 'Juliet');
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='member' nick='Romeo'"]));
    await enters(paris, 'Paris');
    await paris.sends(`<presence to='${ROOM}/romeo'/>`);
    assert.equal(conditionOf((await paris.all())[0]!), 'conflict');
    // §9.5: an empty nickname gives it free.
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='member' nick=''"]));
    await paris.sends(`<presence to='${ROOM}/romeo'/>`);
    assert.match(serialize((await paris.all()).at(-1)!), /code='110'/);
  });

  test('§9.9: into a room for members an admin lets people; registering alone does not', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    shape(scene, { membersOnly: true, allowRegistration: true });
    await romeo.gets(register('Romeo'));
    await romeo.sends(enter('Romeo'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'registration-required');
    const asked = serialize((await juliet.all())[0]!);
    assert.match(asked, /Registration request.*romeo@example\.test.*muc#register_allow/);
    const answer = (allow: string) =>
      send(
        form('register', {
          'x-jid': 'romeo@example.test',
          'muc#register_roomnick': 'Romeo',
          'muc#register_allow': allow,
        }),
      );
    await romeo.sends(answer('true'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'forbidden', 'nobody lets themselves in');
    await juliet.sends(answer('false'));
    assert.equal(roomOf(scene).affiliationOf(romeo.session.jid), 'none');
    await juliet.sends(answer('1'));
    assert.match(serialize((await romeo.all())[0]!), /<invite /);
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.gets(UNREGISTER);
    assert.match(serialize((await juliet.all())[0]!), /type='unavailable'.*code='321'/);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='outcast'"]));
    await juliet.all();
    await juliet.sends(answer('1'));
    assert.equal(conditionOf((await juliet.all())[0]!), 'not-allowed', 'a ban is not undone by an old request');
    await romeo.isRefused(DESCRIBE, 'not-allowed');
  });

  test('SECURITY 46: a voice that was taken is not won back by registering', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    shape(scene, { allowRegistration: true });
    await enters(romeo, 'Romeo');
    await juliet.gets(admin(["nick='Romeo' role='visitor'"]));
    await romeo.gets(register('Romeo'));
    await romeo.all();
    await romeo.sends(say('hello'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'forbidden');
  });

  test('requests are limited', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    shape(scene, { allowRegistration: true });
    for (let i = 0; i < 5; i++) await romeo.gets(register(`Romeo${i}`));
    await romeo.isRefused(register('Romeo'), 'resource-constraint');
    assert.match(serialize(await juliet.gets(askFor("affiliation='member'"))), /nick='Romeo4'/);
  });
});

describe('XEP-0045 §7.13, §8.6: asking for voice', () => {
  const ASK = send(form('request', { 'muc#role': 'participant' }));
  const decide = (jid: string, nick: string, allow = 'true') =>
    send(
      form('request', { 'muc#role': 'participant', 'muc#jid': jid, 'muc#roomnick': nick, 'muc#request_allow': allow }),
    );

  const open = async (t: Parameters<typeof openScene>[0]) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    shape(scene, { moderated: true });
    await enters(romeo, 'Romeo');
    await juliet.all();
    return { scene, juliet, romeo };
  };

  test('a visitor asks, all moderators get the form, one says yes, and everybody hears of it', async (t) => {
    const { juliet, romeo } = await open(t);
    await romeo.sends(ASK);
    const asked = serialize((await juliet.all())[0]!);
    assert.match(asked, /muc#jid'.*romeo@example\.test\/orchard.*muc#roomnick'.*Romeo.*muc#request_allow/);
    await juliet.sends(decide('romeo@example.test/orchard', 'Romeo', 'false'));
    await romeo.receivesNothing();
    await juliet.sends(decide('romeo@example.test/orchard', 'Romeo'));
    await romeo.receives(
      `<presence from='${ROOM}/Romeo'><x xmlns='${MUC}#user'><item affiliation='none' role='participant'/></x></presence>`,
    );
    await romeo.sends(ASK);
    assert.equal(conditionOf((await romeo.all())[0]!), 'not-allowed');
  });

  test('SECURITY 46: a yes is for who asked, not for whoever has the name now, and only moderators say it', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const paris = await scene.comes('paris@example.test/hall');
    await romeo.sends(ASK);
    await romeo.sends(decide('romeo@example.test/orchard', 'Romeo'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'forbidden');
    await romeo.sends(leave('Romeo'));
    await enters(paris, 'Romeo');
    await juliet.all();
    await juliet.sends(decide('romeo@example.test/orchard', 'Romeo'));
    assert.equal(conditionOf((await juliet.all())[0]!), 'item-not-found');
    assert.equal(roomOf(scene).occupants.get('Romeo')?.role, 'visitor');
  });

  test('requests are refused where they are not wanted, where nobody decides, and when there are too many', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const paris = await scene.comes('paris@example.test/hall');
    const refused = async (condition: string) => {
      await romeo.sends(ASK);
      assert.equal(conditionOf((await romeo.all())[0]!), condition);
    };
    await paris.sends(ASK);
    assert.equal(conditionOf((await paris.all())[0]!), 'not-acceptable');
    shape(scene, { allowVoiceRequests: false });
    await refused('forbidden');
    shape(scene, { allowVoiceRequests: true });
    for (let i = 0; i < 3; i++) await romeo.sends(ASK);
    await refused('resource-constraint');
    await juliet.sends(leave('Juliet'));
    await romeo.all();
    await refused('recipient-unavailable');
  });
});
