import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { makes, ROOM } from '../support/rooms.ts';
import { openScene, type Scene } from '../support/scene.ts';

const D = 'example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const jid = (local: string): string => `${local}@${D}`;
const CARD =
  "<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><TEL><NUMBER>555</NUMBER></TEL><PHOTO><TYPE>image/png</TYPE><BINVAL>";
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Romeo sells; Juliet is a chief, with a profile and a picture, and nobody of Sales has her in the contact list. */
async function office(t: TestContext) {
  const scene = await openScene(t);
  const { departments, accounts } = scene.commands;
  for (const [name, local] of [
    ['Sales', 'romeo'],
    ['Chiefs', 'juliet'],
  ] as const) {
    await scene.account(jid(local));
    const { id } = await departments.create(BY, D, { name });
    await departments.move(BY, id, { add: [jid(local)] });
  }
  await accounts.setName(BY, D, 'juliet', 'Juliet Capulet');
  const juliet = await scene.comes(`${jid('juliet')}/phone`);
  await juliet.gets(`<iq type='set'>${CARD}${PIXEL}</BINVAL></PHOTO></vCard></iq>`);
  await juliet.gets(
    "<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='http://jabber.org/protocol/nick'><item><nick xmlns='http://jabber.org/protocol/nick'>J</nick></item></publish></pubsub></iq>",
  );
  await juliet.all();
  const romeo = await scene.comes(`${jid('romeo')}/desk`);
  return { scene, romeo, juliet };
}

const decide = (scene: Scene, key: string, value: string) => scene.commands.options.set(BY, key, value, D);
const ask = (to: string, payload: string) => `<iq type='get' to='${to}'>${payload}</iq>`;
const search = ask(`search.${D}`, '')
  .replace("'get'", "'set'")
  .replace('></iq>', "><query xmlns='jabber:iq:search'><first>Juliet</first></query></iq>");

/** What can be asked of an address: who somebody is, what they can, whether they are there, what they published. */
const QUESTIONS = [
  "<vCard xmlns='vcard-temp'/>",
  "<query xmlns='http://jabber.org/protocol/disco#info'/>",
  "<query xmlns='http://jabber.org/protocol/disco#items'/>",
  "<query xmlns='jabber:iq:last'/>",
  "<query xmlns='jabber:iq:version'/>",
  "<time xmlns='urn:xmpp:time'/>",
  "<ping xmlns='urn:xmpp:ping'/>",
  ...['urn:xmpp:avatar:metadata', 'urn:xmpp:avatar:data', 'urn:xmpp:vcard4', 'http://jabber.org/protocol/nick'].map(
    (node) => `<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='${node}'/></pubsub>`,
  ),
  "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='urn:xmpp:avatar:metadata' jid='romeo@example.test'/></pubsub>",
];

/** The answer, without what was asked and who was. */
async function answer(actor: Actor, to: string, payload: string): Promise<string> {
  const type = payload.includes('<subscribe ') ? 'set' : 'get';
  const got = await actor.asks(ask(to, payload).replace("'get'", `'${type}'`));
  got.attrs.id = '';
  return serialize(got).replaceAll(to, 'SOMEBODY');
}

describe('attacks: what is found out of a person whom the departments hide', () => {
  test('where profiles are for contacts and there is no directory: no question tells them from an address nobody has', async (t) => {
    const { scene, romeo } = await office(t);
    await decide(scene, 'profile.visible', 'contacts');
    await decide(scene, 'directory.visible', 'nobody');
    for (const payload of QUESTIONS) {
      const [here, nobody] = [await answer(romeo, jid('juliet'), payload), await answer(romeo, jid('nobody'), payload)];
      assert.equal(here, nobody, payload);
    }
    assert.equal((await romeo.asks(search)).attrs.type, 'error');
    await romeo.receivesNothing();
  });

  test('as it comes, colleagues find the name and the profile, but never whether somebody is there, nor what is for contacts', async (t) => {
    const { scene, romeo, juliet } = await office(t);
    assert.match(serialize(await romeo.gets(search)), /juliet@example\.test/);
    assert.match(await answer(romeo, jid('juliet'), QUESTIONS[0]!), /Juliet Capulet.*555/);
    for (const payload of QUESTIONS.slice(1)) {
      if (payload.includes('vcard4')) continue; // the same profile in another format
      const [here, nobody] = [await answer(romeo, jid('juliet'), payload), await answer(romeo, jid('nobody'), payload)];
      assert.equal(here, nobody, payload);
    }
    await juliet.sends('<presence><show>away</show></presence>');
    await romeo.receivesNothing();
    await decide(scene, 'profile.visible', 'contacts');
    await romeo.isRefused(ask(jid('juliet'), QUESTIONS[0]!), 'service-unavailable');
  });

  test('a probe tells nothing, but to who has asked to see them before, and that the address exists', async (t) => {
    const { scene, romeo, juliet } = await office(t);
    const probe = (to: string) => romeo.sends(`<presence to='${to}' type='probe'/>`);
    for (const to of [jid('juliet'), `${jid('juliet')}/phone`, jid('nobody')]) {
      await probe(to);
      await romeo.receivesNothing();
    }
    await juliet.receivesNothing();
    await romeo.sends(`<presence to='${jid('juliet')}' type='subscribe'/>`);
    await scene.settle();
    await romeo.all();
    await juliet.receives(`<presence from='${jid('romeo')}' type='subscribe'/>`);
    await probe(jid('juliet'));
    const heard = (await romeo.all()).filter(({ name }) => name === 'presence');
    assert.deepEqual(
      heard.map(({ attrs }) => [attrs.from, attrs.type]),
      [[jid('juliet'), 'unsubscribed']],
    );
  });

  test('a room shows the name that one took there, and addresses to its moderators only; its lists are not for guests', async (t) => {
    const { romeo, juliet } = await office(t);
    await makes(juliet, 'Jule');
    await romeo.sends(`<presence to='${ROOM}/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
    const seen = (await romeo.all()).map(serialize).join('');
    assert.match(seen, /from='garden@conference\.example\.test\/Jule'/);
    assert.doesNotMatch(seen, /juliet@/);
    const list = (affiliation: string) =>
      `<iq type='get' to='${ROOM}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='${affiliation}'/></query></iq>`;
    for (const affiliation of ['owner', 'admin', 'member']) await romeo.isRefused(list(affiliation), 'forbidden');
    const card = await romeo.asks(ask(`${ROOM}/Jule`, QUESTIONS[0]!));
    assert.doesNotMatch(serialize(card), /juliet@/);
  });

  test('one way: the list of who is seen, and its version, say nothing of it', async (t) => {
    const { scene, romeo } = await office(t);
    const get = "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>";
    const before = serialize(await romeo.gets(get));
    const { departments } = scene.commands.departments.list(D);
    const id = (name: string) => departments.find((one) => one.name === name)!.id;
    await scene.commands.departments.relate(BY, id('Chiefs'), id('Sales'), 'sees');
    await scene.settle();
    await romeo.receivesNothing();
    assert.equal(serialize(await romeo.gets(get)), before);
  });
});
