import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements, serialize } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const forged = (by: string, id = 'forged') => `<stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='${id}'/>`;

describe('XEP-0359 §4, SECURITY 42: who claims to speak for an archive of ours', () => {
  // The stage `copy` puts a message into words before it reaches the recipient's side, so both ways are played.
  for (const copies of [false, true]) {
    test(`is not heard, ${copies ? 'with' : 'without'} carbon copies on the way`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.comes(`${J}/balcony`);
      const romeo = await scene.comes(`${R}/orchard`);
      if (copies) {
        for (const who of [J, R]) {
          const other = await scene.comes(`${who}/other`, '<presence><priority>-1</priority></presence>');
          await other.gets("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        }
      }
      await scene.settle();
      romeo.received.length = 0;
      const lies = [R, R, J, R.toUpperCase(), `${R}/orchard`, 'elsewhere.test'].map((by) => forged(by)).join('');
      await juliet.sends(`<message to='${R}' type='chat'><body>hi</body>${lies}</message>`);
      const message = await romeo.receives('<message><body>hi</body></message>');
      const ids = elements(message).filter(({ name }) => name === 'stanza-id');
      assert.deepEqual(
        ids.map(({ attrs }) => [attrs.by, attrs.id === 'forged']),
        [
          ['elsewhere.test', true], // not ours to judge
          [R, false],
        ],
      );
      const { rows } = await scene.stores.archives.page(romeo.session.account.id, { limit: 5, fromEnd: false });
      assert.doesNotMatch(rows[0]!.stanza, new RegExp(`by='(?:${R}|${J})`));
    });
  }

  test('also not while he is away', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    const chamber = await scene.comes(`${J}/chamber`);
    await chamber.gets("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    await scene.account(R);
    await juliet.sends(`<message to='${R}' type='chat'><body>hi</body>${forged(R)}</message>`);
    await scene.settle();
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends('<presence/>');
    await romeo.receives(`<presence from='${R}/orchard'/>`);
    assert.doesNotMatch(serialize(await romeo.receives('<message><body>hi</body></message>')), /forged/);
  });
});

test('XEP-0359: what a client says of its own message stays', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const romeo = await scene.comes(`${R}/orchard`);
  await juliet.sends(
    `<message to='${R}' type='chat' id='m1'><body>hi</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>`,
  );
  await romeo.receives("<message id='m1'><body>hi</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>");
});
