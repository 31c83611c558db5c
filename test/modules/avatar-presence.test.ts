import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import { hashOf, PNG, pngOf } from '../support/pictures.ts';
import { openScene } from '../support/scene.ts';
import { stanza } from '../support/xml.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const OTHER = pngOf(40, 'another');
const update = (photo: string): string => `<x xmlns='vcard-temp:x:update'>${photo}</x>`;
const told = (base64: string): string => update(`<photo>${hashOf(base64)}</photo>`);
const set = (base64: string): string =>
  `<iq type='set'><vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>${base64}</BINVAL></PHOTO></vCard></iq>`;
const updateIn = (presence: Element | undefined): string =>
  presence === undefined
    ? 'no presence'
    : elements(presence)
        .filter((one) => one.attrs.xmlns === 'vcard-temp:x:update')
        .map(serialize)
        .join();

describe('the photo’s hash in presence (XEP-0398 §4, XEP-0153 §4.1)', () => {
  for (const [title, photo, says, seen] of [
    ['without a word of the client the hash is put in', PNG, '', told(PNG)],
    ['an empty update is filled', PNG, update(''), told(PNG)],
    ['the client’s own word that there is none is left alone', PNG, update('<photo/>'), update('<photo/>')],
    ['a wrong hash is put right', PNG, update('<photo>0123456789abcdef</photo>'), told(PNG)],
    ['several updates become one', PNG, update('') + told(OTHER), told(PNG)],
    [
      'the right hash is left as it is, in capitals, too',
      PNG,
      update(`<photo>${hashOf(PNG).toUpperCase()}</photo>`),
      update(`<photo>${hashOf(PNG).toUpperCase()}</photo>`),
    ],
    ['who never had a photo has nothing put in', '', '', ''],
    ['who has none and says nothing of it: empty', '', update(''), update('<photo/>')],
    ['who has none and claims one: empty', '', told(PNG), update('<photo/>')],
  ] as const) {
    test(title, async (t) => {
      const scene = await openScene(t);
      await scene.friends(ROMEO, JULIET);
      const romeo = await scene.comes(`${ROMEO}/orchard`);
      const juliet = await scene.connect(`${JULIET}/balcony`);
      if (photo !== '') await juliet.gets(set(photo));
      await juliet.sends(`<presence><show>away</show>${says}</presence>`);
      const [seenByRomeo] = await romeo.all();
      assert.equal(updateIn(seenByRomeo), seen);
      assert.equal(serialize(child(seenByRomeo!, 'show')!), '<show>away</show>');
      assert.equal(updateIn((await juliet.all())[0]), seen);
      // Who asks later learns the same.
      const later = await scene.connect(`${ROMEO}/tomb`);
      await later.sends('<presence/>');
      const probe = (await later.all()).find((one) => one.attrs.from === `${JULIET}/balcony`);
      assert.equal(updateIn(probe), seen);
    });
  }

  test('a new photo is told to contacts at once, by every device, and that it was taken away, too', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const juliet = await scene.comes(`${JULIET}/balcony`, '<presence><status>O Romeo</status></presence>');
    await scene.comes(`${JULIET}/chamber`, `<presence>${update('<photo/>')}</presence>`);
    await scene.comes(`${JULIET}/old`, `<presence>${told(OTHER)}</presence>`);
    await romeo.all();
    await juliet.gets(set(PNG));
    const seen = await romeo.all();
    assert.deepEqual(seen.map((one) => `${one.attrs.from} ${updateIn(one)}`).sort(), [
      `${JULIET}/balcony ${told(PNG)}`,
      `${JULIET}/old ${told(PNG)}`,
    ]);
    assert.match(serialize(seen[0]!), /O Romeo/);
    await juliet.gets(set(PNG));
    assert.deepEqual(await romeo.all(), [], 'the same photo again is no news');
    await juliet.gets("<iq type='set'><vCard xmlns='vcard-temp'><FN>J</FN></vCard></iq>");
    assert.deepEqual((await romeo.all()).map(updateIn), [update('<photo/>'), update('<photo/>')]);
    await juliet.gets(set(OTHER));
    assert.deepEqual((await romeo.all()).map(updateIn), [told(OTHER), told(OTHER)]);
  });

  test('directed presence has it, too', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes('tybalt@example.test/street');
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(set(PNG));
    await juliet.sends("<presence to='tybalt@example.test/street'/>");
    assert.equal(updateIn((await tybalt.all())[0]), told(PNG));
    await juliet.sends("<presence type='unavailable'/>");
    assert.equal(updateIn((await tybalt.all())[0]), '');
  });

  test('a photo that only contacts may see is not pointed at for others', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes('tybalt@example.test/street');
    await scene.friends(ROMEO, JULIET);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const { id } = await scene.account(JULIET);
    const data = Buffer.from(PNG, 'base64');
    await scene.stores.profiles.setPhoto(id, { type: 'image/png', data, hash: hashOf(PNG) }, 'contacts');
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await juliet.sends("<presence to='tybalt@example.test/street'/>");
    assert.equal(updateIn((await tybalt.all())[0]), '');
    assert.equal(updateIn((await romeo.all())[0]), told(PNG));
    await tybalt.isRefused(`<iq type='get' to='${JULIET}'><vCard xmlns='vcard-temp'/></iq>`, 'service-unavailable');
    const card = await romeo.gets(`<iq type='get' to='${JULIET}'><vCard xmlns='vcard-temp'/></iq>`);
    assert.match(serialize(card), /<BINVAL>/);
  });

  test('costs one decision for a broadcast, and no waiting once the session is there', async (t) => {
    const scene = await openScene(t);
    for (let n = 0; n < 20; n++) await scene.friends(`friend${n}@example.test`, JULIET);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const marks = t.mock.method(scene.stores.profiles, 'mark');
    const waited = scene.host('example.test').receive(juliet.session, stanza('<presence/>'));
    assert.equal(waited, undefined);
    assert.equal(marks.mock.callCount(), 1);
  });
});
