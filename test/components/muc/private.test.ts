import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Element, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enter, enters, leave, makes, ROOM, roomOf } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

async function open(t: TestContext) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  await juliet.all();
  return { scene, juliet, romeo };
}

const block = (who: string) => `<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${who}'/></block></iq>`;
const whisper = (to: string, more = "type='chat'", inside = '<body>psst</body>') =>
  `<message to='${to}' id='w1' ${more}>${inside}</message>`;

/** What the writer of a message gets back. */
async function answered(writer: Actor, message: string): Promise<Element[]> {
  await writer.sends(message);
  return writer.all();
}

describe('XEP-0045 §7.5: private messages that do not arrive', () => {
  test('XEP-0191 §3.5: who is blocked is told what a chat with the address itself tells, and by whom in the room', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await romeo.gets(block(`${ROOM}/Juliet`));
    await romeo.gets(block('juliet@example.test'));
    const [told, ...more] = await answered(juliet, whisper(`${ROOM}/Romeo`));
    assert.deepEqual(more, []);
    assert.deepEqual({ ...told!.attrs }, { type: 'error', id: 'w1', from: `${ROOM}/Romeo`, to: juliet.jid });
    const [direct] = await answered(juliet, whisper('romeo@example.test'));
    assert.equal(conditionOf(told!), 'service-unavailable');
    assert.equal(conditionOf(told!), conditionOf(direct!));
    assert.doesNotMatch(serialize(told!), /romeo@|orchard|block|psst/);
    assert.deepEqual(await romeo.all(), []);
    assert.ok(roomOf(scene).occupants.has('Romeo'), 'blocking somebody is not going');
  });

  test('who blocks with several devices is one who blocks: the writer is told once, on all of theirs', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Romeo');
    const tablet = await scene.comes('juliet@example.test/tablet');
    await enters(tablet, 'Juliet');
    await romeo.gets(block(ROOM));
    for (const one of [juliet, romeo, phone]) await one.all();
    const told = await answered(juliet, whisper(`${ROOM}/Romeo`));
    assert.deepEqual(told.map(conditionOf), ['service-unavailable']);
    assert.deepEqual((await tablet.all()).map(conditionOf), ['service-unavailable']);
    assert.deepEqual([...(await romeo.all()), ...(await phone.all())], []);
  });

  test('what one device gets has arrived, though another is not there any more', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Romeo');
    for (const one of [juliet, romeo]) await one.all();
    scene.host('example.test').sessions.remove(romeo.session); // vanished without a word
    const told = await answered(juliet, whisper(`${ROOM}/Romeo`, "type='normal'"));
    assert.deepEqual(
      told.filter(({ name }) => name === 'message'),
      [],
    );
    assert.match(serialize((await phone.all()).at(-1)!), /psst/);
  });

  for (const [what, message] of Object.entries({
    'a headline': whisper(`${ROOM}/Romeo`, "type='headline'"),
    'a sign of typing': whisper(
      `${ROOM}/Romeo`,
      "type='chat'",
      "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
    ),
  })) {
    test(`${what} tells no more of being blocked than in a chat: nothing`, async (t) => {
      const { juliet, romeo } = await open(t);
      await romeo.gets(block(`${ROOM}/Juliet`));
      assert.deepEqual(await answered(juliet, message), []);
      assert.deepEqual(await romeo.all(), []);
    });
  }

  test('attack: a writer who goes leaves the answer to nobody who takes their name', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const nurse = await scene.comes('nurse@example.test/chamber');
    await romeo.gets(block(`${ROOM}/Juliet`));
    const { blocking } = scene.stores;
    const { id } = romeo.session.account;
    const list = await blocking.list(id);
    let asked = false;
    // While the house looks at what Romeo blocks she goes, and somebody else is Juliet.
    const slowly = async () => {
      asked = true;
      await juliet.sends(leave('Juliet'));
      await nurse.sends(enter('Juliet'));
      return list;
    };
    t.mock.method(blocking, 'list', (account: number) => {
      if (account !== id) return new Set();
      return asked ? list : slowly();
    });
    await juliet.sends(whisper(`${ROOM}/Romeo`));
    await scene.settle();
    assert.equal(roomOf(scene).occupants.get('Juliet')?.bare, 'nurse@example.test');
    const got = [...(await nurse.all()), ...(await juliet.all())];
    assert.deepEqual(
      got.filter(({ attrs }) => attrs.type === 'error'),
      [],
    );
  });
});
