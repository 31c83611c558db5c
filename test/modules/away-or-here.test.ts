import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf, find } from '../support/xml.ts';

/** `juliet` or `juliet/phone`. */
const jid = (who: string): string => who.replace(/^[^/]+/, '$&@example.test');
const NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>";
const OTHER = "<foo xmlns='urn:x'/>";
const INVISIBLE = "<iq type='set'><invisible xmlns='urn:xmpp:invisible:1'/></iq>";

/** What nobody wrote, and what is worth keeping for nobody. */
const UNSAID: [string, string][] = [
  ['nothing', ''],
  ['a thread', '<thread>t</thread>'],
  ['an id', "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>"],
  ['a nick', "<nick xmlns='http://jabber.org/protocol/nick'>R</nick>"],
  ['a notification', "<event xmlns='http://jabber.org/protocol/pubsub#event'/>"],
  ['a stamp', "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>"],
  ['a hint', NO_STORE],
  ['something that shall not be kept', OTHER + NO_STORE],
  ['a text that is empty', `<body/>${NO_STORE}`],
  ['a text that nobody sees', `<body> \u200b\u2060</body>${NO_STORE}`],
];

/** Juliet is here, Paris too but invisible, Tybalt has logged in and said nothing yet, the nurse is away; Romeo may see none of them. */
async function house(t: TestContext): Promise<{ scene: Scene; romeo: Actor; juliet: Actor }> {
  const scene = await openScene(t);
  const juliet = await scene.comes(jid('juliet/phone'));
  await scene.connect(jid('tybalt/street'));
  await scene.account(jid('nurse'));
  const paris = await scene.connect(jid('paris/hall'));
  await paris.gets(INVISIBLE);
  await paris.sends('<presence/>');
  const romeo = await scene.comes(jid('romeo/desk'));
  await scene.settle();
  return { scene, romeo, juliet };
}
const PEOPLE = ['juliet', 'paris', 'tybalt', 'nurse'];

const conditions = async (actor: Actor) => (await actor.all()).map(conditionOf);

test('attack: whether somebody is here is not seen by a message that would come back only from who is away', async (t) => {
  const { scene, romeo, juliet } = await house(t);
  for (const type of ['chat', 'normal']) {
    for (const [name, content] of UNSAID) {
      for (const who of [...PEOPLE, 'nobody']) {
        await romeo.sends(`<message to='${jid(who)}' type='${type}' id='i'>${content}</message>`);
        await scene.settle();
        assert.deepEqual(await conditions(romeo), [], `${type}, ${name}, to ${who}`);
      }
    }
  }
  assert.equal((await juliet.all()).length, 2 * UNSAID.length, 'who is here gets them all the same');
  assert.equal(await scene.stores.offline.count((await scene.account(jid('nurse'))).id), 0);
});

test('attack: nor by a text that is not to be kept; it is not lost either, and for who may see them it comes back (XEP-0334 §4.2)', async (t) => {
  const { scene, romeo, juliet } = await house(t);
  await scene.friends(jid('benvolio'), jid('nurse'));
  const benvolio = await scene.connect(jid('benvolio/street'));
  const hidden = "<fallback xmlns='urn:xmpp:fallback:0' for='urn:x'/>"; // which apps do not show
  for (const [to, type] of [
    ['', 'chat'],
    ['', 'normal'],
    ['/gone', 'chat'],
  ]) {
    const say = (who: string) =>
      `<message to='${jid(who)}${to}' type='${type}'><body>${type}${to}</body>${hidden}${NO_STORE}</message>`;
    for (const who of PEOPLE) {
      await romeo.sends(say(who));
      await scene.settle();
      assert.deepEqual(await conditions(romeo), [], `${type} to ${who}${to}`);
    }
    await benvolio.sends(say('nurse'));
    await scene.settle();
    assert.deepEqual(await conditions(benvolio), ['service-unavailable'], `${type}${to}`);
  }
  await juliet.all();
  const nurse = await scene.connect(jid('nurse/home'));
  await nurse.sends('<presence/>');
  await scene.settle();
  const texts = (await nurse.all()).flatMap((stanza) => textOf(find(stanza, 'body')) || []);
  assert.deepEqual(texts, ['chat', 'normal', 'chat/gone']);
  const query = "<iq type='set'><query xmlns='urn:xmpp:mam:2'/></iq>";
  await nurse.gets(query);
  assert.ok(!(await nurse.all()).some(({ name }) => name === 'message'), 'no archive has it');
});

test('attack: nor by filling up what may wait for them with what no app shows; a text comes back as from nobody', async (t) => {
  const scene = await openScene(t, { limits: { offlineMessagesPerAccount: 2 } });
  await scene.friends(jid('juliet'), jid('nurse'));
  const romeo = await scene.connect(jid('romeo/desk'));
  const juliet = await scene.connect(jid('juliet/phone'));
  const say = (content: string) => `<message to='${jid('nurse')}' type='chat'>${content}</message>`;
  for (let count = 0; count < 4; count++) await romeo.sends(say(OTHER));
  await scene.settle();
  assert.deepEqual(await conditions(romeo), []);
  assert.equal(await scene.stores.offline.count((await scene.account(jid('nurse'))).id), 2);
  const INVITATION = `<x xmlns='jabber:x:conference' jid='${jid('room')}'/>`;
  for (const written of ['<body>hi</body>', "<encrypted xmlns='urn:xmpp:omemo:2'/>", INVITATION]) {
    await romeo.sends(say(written));
    await scene.settle();
    assert.deepEqual(await conditions(romeo), ['service-unavailable'], written);
  }
  await juliet.sends(say('<body>hi</body>'));
  await juliet.sends(say(OTHER));
  await juliet.sends(say("<received xmlns='urn:xmpp:receipts' id='m1'/>"));
  await scene.settle();
  assert.deepEqual(await conditions(juliet), ['resource-constraint', 'resource-constraint']);
});
