import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize, textOf } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { configure, enter, enters, leave, MUC, makes, ROOM } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const SERVICE = 'conference.example.test';
const DISCO = 'http://jabber.org/protocol/disco';
const RSM = 'http://jabber.org/protocol/rsm';
const info = (to = ROOM, node = ''): string =>
  `<iq type='get' to='${to}'><query xmlns='${DISCO}#info'${node && ` node='${node}'`}/></iq>`;
const items = (to = SERVICE, inner = '', node = ''): string =>
  `<iq type='get' to='${to}'><query xmlns='${DISCO}#items'${node && ` node='${node}'`}>${inner}</query></iq>`;
const page = (inner: string): string => `<set xmlns='${RSM}'>${inner}</set>`;

const payload = (answer: Element): Element => elements(answer)[0]!;
const names = (answer: Element): string[] =>
  elements(payload(answer))
    .filter(({ name }) => name === 'item')
    .map(({ attrs }) => attrs.jid.split('@')[0]);
const setOf = (answer: Element): Element | undefined => child(payload(answer), 'set', RSM);
const features = (answer: Element): string[] =>
  elements(payload(answer))
    .filter(({ name }) => name === 'feature')
    .map(({ attrs }) => attrs.var);
const fields = (answer: Element): Record<string, string> => {
  const form = child(payload(answer), 'x', 'jabber:x:data');
  return Object.fromEntries(
    (form === undefined ? [] : elements(form)).map((field) => [field.attrs.var, textOf(child(field, 'value'))]),
  );
};

async function set(scene: Scene, value: string): Promise<void> {
  await scene.house.options.set(scene.house.options.find('rooms.found')!, 'example.test', value);
}

/** Writes a room's configuration, as the owner's form would. */
async function becomes(scene: Scene, name: string, change: Record<string, unknown>): Promise<void> {
  const stored = (await scene.stores.rooms.get(SERVICE, name))!;
  await scene.stores.rooms.configure(stored.id, { ...stored.config, ...change });
}

async function room(scene: Scene, owner: Actor, name: string, change: Record<string, unknown> = {}): Promise<void> {
  const jid = `${name}@${SERVICE}`;
  await makes(owner, 'Juliet', {}, jid);
  await owner.sends(leave('Juliet', jid));
  await owner.all();
  if (Object.keys(change).length > 0) await becomes(scene, name, change);
}

describe('discovery of rooms (XEP-0045 §6)', () => {
  test('§6.2: the service says what it is and can', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const answer = await juliet.gets(info(SERVICE));
    assert.match(serialize(answer), /<identity category='conference' type='text' name='Rooms'/);
    for (const one of [MUC, RSM, 'urn:xmpp:occupant-id:0']) assert.ok(features(answer).includes(one), one);
  });

  test('§6.3: public rooms are listed with their names; a hidden one is not, its members do not find it either', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await room(scene, juliet, 'garden', { title: 'The <b>Garden</b>' });
    await room(scene, juliet, 'crypt', { public: false });
    await room(scene, juliet, 'council', { membersOnly: true });
    for (const one of [juliet, romeo]) {
      const answer = await one.gets(items());
      assert.deepEqual(names(answer), ['council', 'garden']);
      assert.equal(elements(payload(answer))[1]!.attrs.name, 'The <b>Garden</b>');
      assert.equal(setOf(answer), undefined);
    }
  });

  test('§10.1.3: a room that is being made is not listed, and others are not told that it is there', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await juliet.sends(enter('Juliet'));
    assert.deepEqual(names(await romeo.gets(items())), []);
    await romeo.isRefused(info(), 'item-not-found');
    await romeo.isRefused(items(ROOM), 'item-not-found');
    await juliet.gets(info());
    await juliet.gets(configure());
    await romeo.gets(info());
  });

  test('§6.3, XEP-0059: a long list comes in pages, forwards and backwards, never more than a hundred at once', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await room(scene, juliet, 'garden');
    const { config } = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    const made = { service: SERVICE, createdAt: 0, createdBy: '', secret: new Uint8Array(32), subject: undefined };
    for (let i = 0; i < 130; i++) {
      const one = { ...made, id: scene.house.archiveIds.next(), name: `r${String(i).padStart(3, '0')}` };
      await scene.stores.rooms.create({ ...one, config: { ...config, public: i !== 5 } }, []);
    }
    const all = await juliet.gets(items(SERVICE, page('<max>100000</max>')));
    assert.equal(names(all).length, 100);
    assert.equal((await juliet.gets(items())).children.length, 1);
    assert.equal(names(await juliet.gets(items())).length, 100);
    assert.equal(textOf(child(setOf(await juliet.gets(items()))!, 'count')), '130');
    const three = await juliet.gets(items(SERVICE, page(`<max>3</max><after>r003@${SERVICE}</after>`)));
    assert.deepEqual(names(three), ['r004', 'r006', 'r007']);
    assert.equal(textOf(child(setOf(three)!, 'last')), `r007@${SERVICE}`);
    const back = await juliet.gets(items(SERVICE, page(`<max>3</max><before>r007@${SERVICE}</before>`)));
    assert.deepEqual(names(back), ['r003', 'r004', 'r006']);
    assert.deepEqual(names(await juliet.gets(items(SERVICE, page('<max>2</max><before/>')))), ['r128', 'r129']);
    assert.deepEqual(names(await juliet.gets(items(SERVICE, page(`<max>2</max><after>r129@${SERVICE}</after>`)))), []);
    const none = await juliet.gets(items(SERVICE, page('<max>0</max>')));
    assert.equal(serialize(setOf(none)!), `<set xmlns='${RSM}'><count>130</count></set>`);
    await juliet.isRefused(items(SERVICE, page('<max>-1</max>')), 'bad-request');
  });

  test('SECURITY 49: who may look for rooms is a setting; strangers see an empty list and no details', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const juliet = await scene.comes('juliet@example.test/balcony');
    const mallory = await scene.comes('mallory@other.test/pub');
    await room(scene, juliet, 'garden', { title: 'Layoffs', membersOnly: true, description: 'Who goes' });
    assert.deepEqual(names(await mallory.gets(items())), []);
    assert.doesNotMatch(serialize(await mallory.gets(info())), /Layoffs|Who goes/);
    await set(scene, 'everyone');
    assert.deepEqual(names(await mallory.gets(items())), ['garden']);
    assert.match(serialize(await mallory.gets(info())), /Layoffs/);
    await set(scene, 'nobody');
    assert.deepEqual(names(await juliet.gets(items())), []);
    assert.match(serialize(await juliet.gets(info())), /Layoffs/, 'its owner knows');
  });

  test('§6.4: a room tells its name, every feature of its configuration, and the form muc#roominfo', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    const plain = await romeo.gets(info());
    assert.match(serialize(plain), /<identity category='conference' type='text' name='garden'\/>/);
    const kinds = (answer: Element): string =>
      features(answer)
        .filter((one) => one.startsWith('muc_'))
        .join(' ');
    assert.equal(kinds(plain), 'muc_open muc_persistent muc_public muc_semianonymous muc_unmoderated muc_unsecured');
    assert.ok(features(plain).includes(`${MUC}#stable_id`));
    const told = fields(plain);
    assert.equal(told.FORM_TYPE, `${MUC}#roominfo`);
    assert.equal(told['muc#roominfo_occupants'], '1');
    assert.equal(told['muc#roominfo_subject'], 'Love');
    assert.equal(told['muc#roominfo_subjectmod'], '1');
    assert.equal(told['muc#maxhistoryfetch'], '20');
    assert.ok(!('muc#roominfo_contactjid' in told), 'who owns it is not told');
    await juliet.sends(leave('Juliet'));
    await becomes(scene, 'garden', {
      title: 'The Garden',
      description: 'Flowers',
      lang: 'it',
      contacts: ['nurse@example.test'],
      membersOnly: true,
      moderated: true,
      openAddresses: true,
      password: 'rose',
    });
    const other = await juliet.gets(info());
    assert.equal(
      kinds(other),
      'muc_membersonly muc_moderated muc_nonanonymous muc_passwordprotected muc_persistent muc_public',
    );
    assert.equal(fields(other)['muc#roomconfig_roomname'], 'The Garden');
    assert.equal(fields(other)['muc#roominfo_description'], 'Flowers');
    assert.equal(fields(other)['muc#roominfo_lang'], 'it');
    assert.equal(fields(other)['muc#roominfo_contactjid'], 'nurse@example.test');
    assert.doesNotMatch(serialize(other), /rose/);
  });

  test('§6.4: of a hidden room that is for its members others learn what kind it is, and nothing of what it is about', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const secret = { public: false, membersOnly: true, title: 'Wedding', description: 'Friar Laurence’s cell' };
    await room(scene, juliet, 'garden', secret);
    const told = await romeo.gets(info());
    assert.ok(features(told).includes('muc_membersonly'));
    assert.deepEqual(fields(told), {});
    assert.doesNotMatch(serialize(told), /Wedding|Friar/);
    assert.match(serialize(await juliet.gets(info())), /Wedding/);
    await becomes(scene, 'garden', { membersOnly: false, password: 'rose' });
    assert.doesNotMatch(serialize(await romeo.gets(info())), /Wedding/);
    await becomes(scene, 'garden', { password: '' });
    assert.match(serialize(await romeo.gets(info())), /Wedding/, 'whoever may go in may know');
  });

  test('§6.5, SECURITY 49: who is in a room is told those who are in it', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    assert.equal(serialize(payload(await romeo.gets(items(ROOM)))), `<query xmlns='${DISCO}#items'/>`);
    await enters(romeo, 'Romeo');
    const nicks = (answer: Element) => elements(payload(answer)).map(({ attrs }) => attrs.jid);
    assert.deepEqual(nicks(await romeo.gets(items(ROOM))), [`${ROOM}/Juliet`, `${ROOM}/Romeo`]);
    const paged = await romeo.gets(items(ROOM, page('<max>1</max>')));
    assert.match(serialize(paged), /Juliet'.*<last>Juliet<\/last><count>2</);
    assert.match(
      serialize(await romeo.gets(items(ROOM, page('<max>1</max><after>Juliet</after>')))),
      /garden@[^/]*\/Romeo'/,
    );
    assert.doesNotMatch(serialize(await romeo.gets(items(ROOM))), /juliet@/);
  });

  test('§6.6: who is not in the room may not ask occupants; who is asks their client', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await romeo.isRefused(info(`${ROOM}/Juliet`), 'bad-request');
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.sends(info(`${ROOM}/Juliet`).replace('<iq', "<iq id='a'"));
    await juliet.receives(`<iq type='get' from='${ROOM}/Romeo'><query xmlns='${DISCO}#info'/></iq>`);
  });

  test('nodes: what nobody knows is not there; §18.1.1: all traffic may pass', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    await juliet.isRefused(info(ROOM, 'nonsense'), 'item-not-found');
    await juliet.isRefused(items(ROOM, '', 'nonsense'), 'item-not-found');
    await juliet.isRefused(items(SERVICE, '', 'nonsense'), 'item-not-found');
    await juliet.isRefused(info(ROOM, `${MUC}#traffic`), 'service-unavailable');
    await juliet.isRefused(info(`nowhere@${SERVICE}`), 'item-not-found');
  });

  test('asking about a room that nobody is in does not keep it in memory', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await room(scene, juliet, 'garden');
    await Promise.all([juliet.gets(info()), juliet.gets(info())]);
    await scene.settle();
    const service = scene.host('example.test').components.get(SERVICE) as unknown as {
      rooms: { inUse: { all(): Iterable<unknown> } };
    };
    assert.deepEqual([...service.rooms.inUse.all()], []);
  });
});
