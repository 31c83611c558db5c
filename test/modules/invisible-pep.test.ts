import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answers, client, heard, listener, publish, question, tune } from '../support/pubsub.ts';
import { openScene, type Scene } from '../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const NODE = 'urn:example:tune';
const INVISIBLE = "<iq type='set'><invisible xmlns='urn:xmpp:invisible:1' probe='false'/></iq>";
const VISIBLE = "<iq type='set'><visible xmlns='urn:xmpp:invisible:1'/></iq>";

/** Romeo, whom Juliet sees and who sees her, is there and wants to hear of the same. */
async function house(scene: Scene) {
  await scene.friends(J, R);
  const romeo = await listener(scene, `${R}/orchard`, NODE);
  const desk = await scene.connect(`${J}/desk`); // writes for her, and is not available
  await romeo.all();
  let n = 0;
  return {
    romeo,
    hePublishes: () => romeo.gets(publish(NODE, `his${n++}`, tune('la'))),
    shePublishes: () => desk.gets(publish(NODE, `hers${n++}`, tune('la'))),
  };
}

describe('XEP-0186 §3.1.1, XEP-0163 §4.3: who is there unseen', () => {
  test('from the first moment, gets the last items of contacts and its own, and what comes; nobody learns of it', async (t) => {
    const scene = await openScene(t);
    const { romeo, hePublishes, shePublishes } = await house(scene);
    await hePublishes();
    await shePublishes();
    await romeo.all();
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(INVISIBLE);
    assert.deepEqual(await heard(juliet), [], 'it has not said yet what it wants to hear of');
    const other = client(NODE, 'urn:example:more'); // known of nobody yet: it must be asked
    await juliet.sends(`<presence>${other.c}</presence>`);
    const asked = await question(juliet, () => scene.settle());
    assert.equal(asked?.attrs.from, J, 'its own account asks');
    await answers(juliet, asked, other.answer);
    assert.deepEqual((await heard(juliet)).sort(), [`items ${NODE} item:hers1`, `items ${NODE} item:his0`]);
    await romeo.receivesNothing();
    await hePublishes();
    assert.deepEqual(await heard(juliet), [`items ${NODE} item:his2`]);
    assert.deepEqual((await heard(romeo)).length, 1);
    await shePublishes();
    assert.deepEqual(await heard(juliet), [`items ${NODE} item:hers3`]);
    assert.deepEqual((await heard(romeo)).length, 1);
    await romeo.receivesNothing();
  });

  test('after it was seen, goes on hearing, and is not told the last items once more', async (t) => {
    const scene = await openScene(t);
    const { romeo, hePublishes, shePublishes } = await house(scene);
    await shePublishes();
    const juliet = await listener(scene, `${J}/balcony`, NODE);
    assert.equal((await heard(juliet)).length, 1);
    await romeo.all();
    await juliet.gets(INVISIBLE);
    await romeo.receives(`<presence from='${J}/balcony' type='unavailable'/>`);
    assert.deepEqual(await heard(juliet), []);
    await hePublishes();
    assert.deepEqual(await heard(juliet), [`items ${NODE} item:his1`]);
    // Presence that says nothing of capabilities wants nothing.
    await juliet.sends('<presence/>');
    await hePublishes();
    assert.deepEqual(await heard(juliet), []);
    assert.equal((await heard(romeo)).length, 2);
  });

  test('hears no more once it says goodbye, or is to be seen again and has not said hello', async (t) => {
    const scene = await openScene(t);
    const { hePublishes } = await house(scene);
    const { c } = client(NODE);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(INVISIBLE);
    await juliet.sends(`<presence>${c}</presence>`);
    await hePublishes();
    assert.equal((await heard(juliet)).length, 1);
    await juliet.sends("<presence type='unavailable'/>");
    await hePublishes();
    assert.deepEqual(await heard(juliet), []);
    await juliet.sends(`<presence>${c}</presence>`);
    assert.deepEqual(await heard(juliet), [`items ${NODE} item:his1`], 'what it missed');
    await juliet.gets(VISIBLE);
    await hePublishes();
    assert.deepEqual(await heard(juliet), []);
    await juliet.sends(`<presence>${c}</presence>`);
    assert.deepEqual(await heard(juliet), [`items ${NODE} item:his2`], 'what it missed');
  });

  test('is told the last item of who lets it see them', async (t) => {
    const scene = await openScene(t);
    const { hePublishes, romeo } = await house(scene);
    await hePublishes();
    await scene.contact(R, J, { subscription: 'to', pendingIn: "<presence type='subscribe'/>" });
    await scene.contact(J, R, { subscription: 'from', ask: true });
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(INVISIBLE);
    await juliet.sends(`<presence>${client(NODE).c}</presence>`);
    assert.deepEqual(await heard(juliet), []);
    await romeo.all();
    await romeo.sends(`<presence type='subscribed' to='${J}'/>`);
    assert.deepEqual(await heard(juliet), [`items ${NODE} item:his0`]);
    const seen = (await romeo.all()).filter(({ attrs }) => String(attrs.from).includes('balcony'));
    assert.deepEqual(seen, []);
  });
});
