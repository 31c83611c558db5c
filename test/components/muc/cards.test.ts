import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize } from '../../../server/xmpp/element.ts';
import { hashOf, PNG, pngOf } from '../../support/pictures.ts';
import { configure, enter, enters, leave, MUC, makes, ROOM } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const get = (to = ROOM): string => `<iq type='get' to='${to}'><vCard xmlns='vcard-temp'/></iq>`;
const set = (inner: string, to = ROOM): string =>
  `<iq type='set' to='${to}'><vCard xmlns='vcard-temp'>${inner}</vCard></iq>`;
const photo = (base64: string, type = 'image/png'): string =>
  `<PHOTO><TYPE>${type}</TYPE><BINVAL>${base64}</BINVAL></PHOTO>`;
const card = (answer: Element): string => serialize(child(answer, 'vCard', 'vcard-temp')!);
const info = `<iq type='get' to='${ROOM}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
const update = (hash: string): string => `<x xmlns='vcard-temp:x:update'><photo>${hash}</photo></x>`;

async function open(t: Parameters<typeof openScene>[0]) {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  const juliet = await scene.comes(`${J}/balcony`);
  const romeo = await scene.comes(`${R}/orchard`);
  await makes(juliet, 'Juliet');
  return { scene, juliet, romeo };
}

describe('the picture of a room (XEP-0486)', () => {
  test('§3.1: service and room say that they can', async (t) => {
    const { juliet } = await open(t);
    for (const to of [info, info.replace(ROOM, 'conference.example.test')]) {
      assert.match(serialize(await juliet.gets(to)), /<feature var='vcard-temp'\/>/);
    }
  });

  test('§3.2, §3.4: the owner sets it, who is in is told, everybody gets it, also after the room was out of use', async (t) => {
    const { juliet, romeo } = await open(t);
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.isRefused(get(), 'item-not-found');
    await juliet.gets(set(`<DESC>Roses</DESC>${photo(PNG, 'image/svg+xml')}`));
    const changed = `<message type='groupchat' from='${ROOM}'><x xmlns='${MUC}#user'><status code='104'/></x></message>`;
    await romeo.receives(changed);
    await romeo.receives(`<presence from='${ROOM}'>${update(hashOf(PNG))}</presence>`);
    for (const one of [juliet, romeo]) await one.sends(leave(one === juliet ? 'Juliet' : 'Romeo'));
    await romeo.all();
    // What it is its first bytes tell.
    const expected = `<vCard xmlns='vcard-temp'><DESC>Roses</DESC>${photo(PNG)}</vCard>`;
    assert.equal(card(await romeo.gets(get())), expected);
  });

  test('§3.3, §4: its hash is in the information of the room, and not when there is none', async (t) => {
    const { juliet, romeo } = await open(t);
    assert.doesNotMatch(serialize(await romeo.gets(info)), /avatarhash/);
    await juliet.gets(set(photo(PNG)));
    const field = new RegExp(`<field var='muc#roominfo_avatarhash' [^>]*><value>${hashOf(PNG)}</value></field>`);
    assert.match(serialize(await romeo.gets(info)), field);
    await juliet.gets(set(''));
    assert.doesNotMatch(serialize(await romeo.gets(info)), /avatarhash/);
    await romeo.isRefused(get(), 'item-not-found');
  });

  test('§5.2: who enters is shown the hash by the room’s own presence, if there is one', async (t) => {
    const { juliet, romeo } = await open(t);
    await romeo.sends(enter('Romeo'));
    const fromRoom = async () => (await romeo.all()).filter(({ attrs }) => attrs.from === ROOM).map(serialize);
    assert.doesNotMatch((await fromRoom()).join(), /photo/);
    await juliet.gets(set(photo(PNG)));
    await romeo.all();
    await romeo.sends(enter('Romeo'));
    const [shown, ...more] = (await fromRoom()).filter((one) => one.startsWith('<presence'));
    assert.deepEqual(more, []);
    assert.ok(shown!.includes(update(hashOf(PNG))));
  });

  test('§3.2, §7: nobody but owners; not before the room is made', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    await juliet.sends(enter('Juliet'));
    await juliet.all();
    await juliet.isRefused(set(photo(PNG)), 'not-allowed');
    await romeo.isRefused(get(), 'item-not-found');
    await juliet.gets(configure());
    await enters(romeo, 'Romeo');
    await romeo.isRefused(set(photo(PNG)), 'forbidden');
    await romeo.isRefused(get(), 'item-not-found');
  });

  test('SECURITY 49: of a hidden room for its members others do not get the picture', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(set(photo(PNG)));
    await juliet.sends(leave('Juliet'));
    await juliet.all();
    const stored = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    await scene.stores.rooms.configure(stored.id, { ...stored.config, public: false, membersOnly: true });
    await romeo.isRefused(get(), 'item-not-found');
    await juliet.gets(get());
  });

  test('SECURITY 59: what is no picture, or too large, or too much text, is refused, and nothing is decoded', async (t) => {
    const { juliet } = await open(t);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>').toString('base64');
    await juliet.isRefused(set(photo(svg, 'image/svg+xml')), 'not-acceptable');
    await juliet.isRefused(set(photo('%%%')), 'not-acceptable');
    await juliet.isRefused(set(photo(pngOf(128 * 1024 + 1))), 'policy-violation');
    await juliet.isRefused(set(`<DESC>${'x'.repeat(33 * 1024)}</DESC>`), 'policy-violation');
    await juliet.gets(set(photo(pngOf(100_000))));
  });

  test('attack: an owner who changes the picture all day makes everybody fetch it all day', async (t) => {
    const { juliet } = await open(t);
    for (let i = 0; i < 10; i++) await juliet.gets(set(photo(pngOf(100, String(i)))));
    await juliet.isRefused(set(photo(pngOf(100, 'x'))), 'resource-constraint');
  });

  test('SECURITY 50: a room that takes the name of one that is gone has no picture', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(set(photo(PNG)));
    await juliet.sends(leave('Juliet'));
    await juliet.all();
    await scene.stores.rooms.remove((await scene.stores.rooms.get('conference.example.test', 'garden'))!);
    await makes(juliet, 'Juliet');
    await romeo.isRefused(get(), 'item-not-found');
  });
});

describe('cards of occupants through the room (XEP-0045 §17.4)', () => {
  const NAMES = '<FN>Giulietta Capuleti</FN><NICKNAME>Jule</NICKNAME><JABBERID>juliet@example.test</JABBERID>';

  test('who may see addresses gets the card of the account, in the name of the occupant', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const nurse = await scene.comes('nurse@example.test/kitchen');
    await nurse.gets(set(`${NAMES}${photo(PNG)}`, 'nurse@example.test'));
    await enters(nurse, 'Nurse');
    await juliet.all();
    const answer = await juliet.gets(get(`${ROOM}/Nurse`));
    assert.equal(answer.attrs.from, `${ROOM}/Nurse`);
    assert.equal(card(answer), `<vCard xmlns='vcard-temp'>${NAMES}${photo(PNG)}</vCard>`);
    assert.deepEqual(await nurse.all(), [], 'no device is asked');
    await romeo.isRefused(get(`${ROOM}/Nurse`), 'not-acceptable');
  });

  test('CVE-2021-37601 class: who may not gets the picture and the nickname, and no name or address', async (t) => {
    const { juliet, romeo } = await open(t);
    const pointed = '<PHOTO><EXTVAL>https://example.test/juliet.png</EXTVAL></PHOTO>';
    await juliet.gets(set(`${NAMES}${pointed}${photo(PNG)}`, J));
    await enters(romeo, 'Romeo');
    const answer = await romeo.gets(get(`${ROOM}/Juliet`));
    assert.equal(card(answer), `<vCard xmlns='vcard-temp'><NICKNAME>Jule</NICKNAME>${photo(PNG)}</vCard>`);
    assert.doesNotMatch(serialize(answer), /juliet|Giulietta/);
    assert.match(card(await juliet.gets(get(`${ROOM}/Juliet`))), /Giulietta/, 'one’s own');
  });

  test('who is shown to nobody but contacts is shown to no contact through a room that hides addresses', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await scene.friends(J, R);
    await juliet.gets(set(`${NAMES}${photo(PNG)}`, J));
    await scene.commands.options.set(BY, 'profile.visible', 'contacts', 'example.test');
    await enters(romeo, 'Romeo');
    await romeo.isRefused(get(`${ROOM}/Juliet`), 'item-not-found');
    await romeo.gets(get(J));
  });

  test('of somebody of elsewhere their account is asked, and its answer shown as far as it may be', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const paris = await scene.comes('paris@other.test/church');
    await paris.gets(set(`${NAMES}${photo(PNG)}`, 'paris@other.test'));
    await enters(paris, 'Paris');
    await enters(romeo, 'Romeo');
    await scene.commands.options.set(BY, 'profile.visible', 'everyone', 'other.test');
    await juliet.all();
    assert.match(card(await juliet.gets(get(`${ROOM}/Paris`))), /Giulietta/);
    const answer = await romeo.gets(get(`${ROOM}/Paris`));
    assert.equal(answer.attrs.from, `${ROOM}/Paris`);
    assert.deepEqual(
      elements(child(answer, 'vCard', 'vcard-temp')!).map(({ name }) => name),
      ['NICKNAME', 'PHOTO'],
    );
    assert.deepEqual(
      (await paris.all()).filter(({ name }) => name === 'iq'),
      [],
    );
  });
});
