import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Element, serialize } from '../../../server/xmpp/element.ts';
import { parseJid } from '../../../server/xmpp/jid.ts';
import { decide, Elsewhere } from '../../support/elsewhere.ts';
import { admin, configure, enter, enters, MUC, makes, ROOM, roomOf, say } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

const NURSE = 'nurse@capulet.test';

/** Juliet was chosen to talk outside, Romeo was not. */
async function open(t: TestContext) {
  const scene = await openScene(t);
  await decide(scene, { default: 'open', outside: 'chosen', people: ['juliet@example.test'] });
  const elsewhere = new Elsewhere(scene);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet');
  return { scene, elsewhere, juliet, romeo };
}

const from = (xml: string, who = `${NURSE}/tv`) => xml.replace(/^<(\w+)/, `<$1 from='${who}'`);
const share = admin([`affiliation='member' jid='${NURSE}'`]);
const errors = (stanzas: readonly Element[]) =>
  stanzas.filter(({ attrs }) => attrs.type === 'error').map((one) => conditionOf(one));
const nicks = (scene: Parameters<typeof roomOf>[0]) => [...roomOf(scene).occupants.keys()];

describe('rooms where only chosen people may talk with other servers (SECURITY 38, 51)', () => {
  it('nobody from outside comes into a room that its owners have not shared', async (t) => {
    const { scene, elsewhere } = await open(t);
    await elsewhere.says(from(enter('Nurse')));
    assert.deepEqual(errors(elsewhere.all()), ['registration-required']);
    assert.deepEqual(nicks(scene), ['Juliet']);
  });

  it('into a shared room people from outside and chosen people come, and hear each other', async (t) => {
    const { scene, elsewhere, juliet } = await open(t);
    await juliet.gets(share);
    await elsewhere.says(from(enter('Nurse')));
    assert.deepEqual(nicks(scene), ['Juliet', 'Nurse']);
    elsewhere.all();
    await juliet.all();
    await juliet.sends(say('to all'));
    await elsewhere.says(from(say('to all as well')));
    assert.deepEqual(
      elsewhere.all().map(({ attrs }) => attrs.id),
      ['to all', 'to all as well'],
    );
    assert.deepEqual(
      (await juliet.all()).map(({ attrs }) => attrs.id),
      ['to all', 'to all as well'],
    );
  });

  it('who was not chosen neither enters a shared room nor reads its archive', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(configure({ roomname: 'Garden' }));
    await juliet.gets(share);
    await romeo.sends(enter('Romeo'));
    const answer = await romeo.all();
    assert.deepEqual(errors(answer), ['forbidden']);
    assert.match(serialize(answer.at(-1)!), /shared with people of other servers/);
    await romeo.isRefused(`<iq type='set' to='${ROOM}'><query xmlns='urn:xmpp:mam:2'/></iq>`, 'forbidden');
    assert.deepEqual(nicks(scene), ['Juliet']);
  });

  it('whoever is in when a room is shared goes, and is told why', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await enters(romeo, 'Romeo');
    await juliet.gets(share);
    assert.deepEqual(nicks(scene), ['Juliet']);
    assert.match((await romeo.all()).map(serialize).join(), /shared with people of other servers/);
  });

  it('whoever may not talk outside any more goes at once, and those outside see them go', async (t) => {
    const { scene, elsewhere, juliet, romeo } = await open(t);
    await decide(scene, { default: 'open' });
    await juliet.gets(share);
    await enters(romeo, 'Romeo');
    await elsewhere.says(from(enter('Nurse')));
    elsewhere.all();
    await decide(scene, { default: 'open', outside: 'chosen', people: ['juliet@example.test'] });
    await scene.settle();
    assert.deepEqual(nicks(scene), ['Juliet', 'Nurse']);
    const gone = elsewhere.all();
    assert.deepEqual(
      gone.map(({ attrs }) => [attrs.from, attrs.type]),
      [[`${ROOM}/Romeo`, 'unavailable']],
    );
  });

  it('a stranger from outside goes when people are chosen', async (t) => {
    const { scene, elsewhere } = await open(t);
    await decide(scene, { default: 'open' });
    await elsewhere.says(from(enter('Nurse')));
    assert.deepEqual(nicks(scene), ['Juliet', 'Nurse']);
    await decide(scene, { default: 'open', outside: 'chosen' });
    await scene.settle();
    assert.deepEqual(nicks(scene), ['Juliet']);
  });

  it('it is known who of ours is behind a name in a room, and of nobody else', async (t) => {
    const { scene, elsewhere, romeo } = await open(t);
    await decide(scene, { default: 'open' });
    await enters(romeo, 'Romeo');
    await elsewhere.says(from(enter('Nurse')));
    const service = scene.house.router.find('conference.example.test');
    assert.deepEqual(
      ['Romeo', 'Nurse', 'Nobody'].map((nick) => service?.behind?.(parseJid(`${ROOM}/${nick}`))),
      ['romeo@example.test', undefined, undefined],
    );
  });

  it('an invitation through a room carries no words of who may not talk outside, either way (XEP-0045 §7.8.2)', async (t) => {
    const { elsewhere, juliet, romeo } = await open(t);
    await enters(romeo, 'Romeo');
    const invite = (to: string) =>
      `<message to='${ROOM}'><x xmlns='${MUC}#user'><invite to='${to}'><reason>a secret</reason></invite></x></message>`;
    await romeo.sends(invite(NURSE));
    assert.deepEqual(elsewhere.all(), []);
    assert.deepEqual(errors(await romeo.all()), ['forbidden']);
    await juliet.sends(invite(NURSE));
    assert.match(texts(elsewhere.all()).join(), /a secret/);
    await elsewhere.says(from(invite('romeo@example.test')));
    assert.deepEqual(errors(elsewhere.all()), ['not-allowed']);
    assert.deepEqual(
      texts(await romeo.all()).filter((text) => text.includes('a secret')),
      [],
    );
  });

  it('where everybody may talk outside, rooms are as they were', async (t) => {
    const { scene, elsewhere, romeo } = await open(t);
    await decide(scene, { default: 'open' });
    await elsewhere.says(from(enter('Nurse')));
    await enters(romeo, 'Romeo');
    assert.deepEqual(nicks(scene), ['Juliet', 'Nurse', 'Romeo']);
  });
});

function texts(stanzas: readonly Element[]): string[] {
  return stanzas.map(serialize);
}
