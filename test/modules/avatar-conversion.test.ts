import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { hashOf, PNG, pngOf } from '../support/pictures.ts';
import { itemsOf, lastOf, publishing, retracting } from '../support/pubsub-words.ts';
import { openScene, type Scene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const DATA = 'urn:xmpp:avatar:data';
const METADATA = 'urn:xmpp:avatar:metadata';
const HASH = hashOf(PNG);
const OTHER = pngOf(60, 'other');

const data = (base64: string, id = hashOf(base64), access = ''): string =>
  publishing(DATA, `<data xmlns='${DATA}'>${base64}</data>`, id, access);
const info = (id: string, more = ''): string => `<info bytes='12' id='${id}' type='image/png'${more}/>`;
const metadata = (infos: string, id = HASH, access = ''): string =>
  publishing(METADATA, `<metadata xmlns='${METADATA}'>${infos}</metadata>`, id, access);
const setCard = (photo: string): string =>
  `<iq type='set'><vCard xmlns='vcard-temp'><FN>J</FN>${photo && `<PHOTO><TYPE>image/jpeg</TYPE><BINVAL>${photo}</BINVAL></PHOTO>`}</vCard></iq>`;

async function photoOf(actor: Actor, owner = JULIET): Promise<string> {
  const answer = await actor.asks(`<iq type='get' to='${owner}'><vCard xmlns='vcard-temp'/></iq>`);
  const card = child(answer, 'vCard', 'vcard-temp');
  const photo = answer.attrs.type === 'result' && card ? child(card, 'PHOTO') : undefined;
  return photo === undefined ? '' : textOf(child(photo, 'BINVAL'));
}

const shown = (presences: readonly Element[]): string[] =>
  presences
    .filter(({ name }) => name === 'presence')
    .map((one) => textOf(child(child(one, 'x', 'vcard-temp:x:update') ?? one, 'photo')));

async function balcony(scene: Scene): Promise<{ juliet: Actor; romeo: Actor }> {
  await scene.friends(ROMEO, JULIET);
  const romeo = await scene.comes(`${ROMEO}/orchard`);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await romeo.all();
  return { juliet, romeo };
}

describe('one picture for all clients (XEP-0398)', () => {
  test('§2: accounts say so', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const answer = await juliet.gets(
      `<iq type='get' to='${JULIET}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    assert.match(serialize(answer), /var='urn:xmpp:pep-vcard-conversion:0'/);
  });

  test('§3.1, §4: an avatar that is published is the photo of the card, and its hash is in presence', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await balcony(scene);
    const tybalt = await scene.comes('tybalt@example.test/street');
    await juliet.gets(data(PNG, HASH, 'open'));
    assert.deepEqual(shown(await romeo.all()), [], 'data alone is no avatar');
    await juliet.gets(metadata(info(HASH), HASH, 'open'));
    assert.deepEqual(shown(await romeo.all()), [HASH]);
    for (const who of [juliet, romeo, tybalt]) assert.equal(await photoOf(who), PNG);
    // §3.1: of several the one that is no address on the web; XEP-0084 §3.5: disabled.
    await juliet.gets(data(OTHER));
    await juliet.gets(metadata(info('ffff', " url='https://example.test/a.png'") + info(hashOf(OTHER)), hashOf(OTHER)));
    assert.equal(await photoOf(romeo), OTHER);
    await juliet.gets(metadata(info('ffff', " url='https://example.test/a.png'"), 'ffff'));
    assert.equal(await photoOf(romeo), OTHER, 'what is only on the web is not fetched');
    await romeo.all();
    await juliet.gets(metadata('', 'none'));
    assert.equal(await photoOf(romeo), '');
    assert.deepEqual(shown(await romeo.all()), ['']);
  });

  test('an avatar whose metadata is retracted is no photo any more', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await balcony(scene);
    await juliet.gets(data(PNG));
    await juliet.gets(metadata(info(HASH)));
    assert.equal(await photoOf(romeo), PNG);
    await juliet.gets(retracting(METADATA, HASH));
    assert.equal(await photoOf(romeo), '');
  });

  test('§3.2: the photo of a card is published as an avatar, and goes with it', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await balcony(scene);
    await juliet.gets(setCard(PNG));
    await scene.settle();
    assert.equal(textOf(await lastOf(romeo, DATA, JULIET)), PNG);
    const [item] = await itemsOf(romeo, METADATA, JULIET);
    assert.equal(item!.attrs.id, HASH);
    const bytes = Buffer.from(PNG, 'base64').length;
    assert.equal(
      serialize(item!),
      `<item id='${HASH}'><metadata xmlns='${METADATA}'><info bytes='${bytes}' id='${HASH}' type='image/png'/></metadata></item>`,
    );
    await juliet.gets(setCard(''));
    await scene.settle();
    assert.equal(serialize((await lastOf(romeo, METADATA, JULIET))!), `<metadata xmlns='${METADATA}'/>`);
  });

  test('a card without a photo leaves an avatar alone that never was one', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await balcony(scene);
    await juliet.gets(data(PNG, HASH, 'whitelist'));
    await juliet.gets(metadata(info(HASH), HASH, 'whitelist'));
    await juliet.gets(setCard(''));
    await scene.settle();
    assert.match(serialize((await lastOf(juliet, METADATA))!), /<info /);
  });

  test('§7: an avatar for contacts is a photo for contacts, one for nobody is none', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await balcony(scene);
    const tybalt = await scene.comes('tybalt@example.test/street');
    await juliet.gets(data(PNG));
    await juliet.gets(metadata(info(HASH)));
    assert.equal(await photoOf(romeo), PNG);
    assert.equal(await photoOf(tybalt), '');
    const nurse = await scene.connect('nurse@example.test/x');
    await nurse.gets(data(OTHER, hashOf(OTHER), 'whitelist'));
    await nurse.gets(metadata(info(hashOf(OTHER)), hashOf(OTHER), 'whitelist'));
    await scene.settle();
    assert.equal(await photoOf(nurse, 'nurse@example.test'), '');
  });
});

describe('attacks on avatars', () => {
  for (const [title, publish] of [
    ['metadata that lies about the hash', [data(OTHER, HASH), metadata(info(HASH))]],
    [
      'data that is no image',
      [
        data(Buffer.from('<svg onload="x()"/>').toString('base64')),
        metadata(info(hashOf(Buffer.from('<svg onload="x()"/>').toString('base64')))),
      ],
    ],
    ['data that is too large', [data(pngOf(132 * 1024)), metadata(info(hashOf(pngOf(132 * 1024))))]],
    ['data that is not base64', [data('???? not base64', HASH), metadata(info(HASH))]],
    ['metadata of data that is not there', [metadata(info(HASH))]],
    [
      'metadata in another namespace',
      [data(PNG), publishing(METADATA, "<metadata xmlns='other'><info id='x'/></metadata>")],
    ],
  ] as const) {
    test(`${title}: no photo`, async (t) => {
      const scene = await openScene(t);
      const { juliet, romeo } = await balcony(scene);
      for (const request of publish) await juliet.gets(request);
      await scene.settle();
      assert.equal(await photoOf(romeo), '');
      assert.deepEqual(shown(await romeo.all()), []);
    });
  }

  test('metadata that lies about the type: the photo is what it is', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await balcony(scene);
    await juliet.gets(data(PNG));
    await juliet.gets(metadata(`<info bytes='1' id='${HASH}' type='text/html'/>`));
    const answer = await romeo.gets(`<iq type='get' to='${JULIET}'><vCard xmlns='vcard-temp'/></iq>`);
    assert.match(serialize(answer), /<TYPE>image\/png<\/TYPE>/);
  });

  test('conversion does not go round in circles, whoever writes, at once and in turn', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await balcony(scene);
    const published: string[] = [];
    const carded: string[] = [];
    scene.host('example.test').events.add({
      published: ({ node, origin }) => void published.push(`${node} ${origin ?? 'client'}`),
      carded: () => void carded.push('card'),
    });
    await juliet.gets(setCard(PNG));
    await scene.settle();
    assert.deepEqual(
      published.filter((one) => one.startsWith('urn:xmpp:avatar')),
      [`${DATA} avatar-conversion`, `${METADATA} avatar-conversion`],
    );
    published.length = 0;
    await juliet.gets(data(OTHER));
    await juliet.gets(metadata(info(hashOf(OTHER)), hashOf(OTHER)));
    await scene.settle();
    assert.deepEqual(published, [`${DATA} client`, `${METADATA} client`]);
    assert.equal(carded.length, 1);
    // Both at once: in the end all show the same picture.
    const chamber = await scene.connect(`${JULIET}/chamber`);
    await Promise.all([juliet.gets(setCard(PNG)), chamber.gets(metadata(info(hashOf(OTHER)), hashOf(OTHER)))]);
    await scene.settle();
    const photo = await photoOf(juliet);
    const [item] = await itemsOf(juliet, METADATA);
    assert.equal(item!.attrs.id, hashOf(photo));
  });

  test('a node that its owner made too small gets no copy, and nobody is alarmed', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await balcony(scene);
    const small = data(PNG, HASH, 'presence').replace(
      '</x></publish-options>',
      "<field var='pubsub#max_payload_size'><value>200</value></field></x></publish-options>",
    );
    await juliet.gets(small);
    await juliet.gets(setCard(pngOf(4_000)));
    await scene.settle();
    assert.equal(textOf(await lastOf(juliet, DATA)), PNG);
    assert.equal(await photoOf(juliet), pngOf(4_000));
  });

  test('who takes the name of somebody removed has no avatar, no card and no presence of the one before', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await balcony(scene);
    await juliet.gets(setCard(PNG));
    await scene.settle();
    await scene.commands.accounts.remove({ name: 'olga', door: 'panel' }, 'example.test', 'juliet', JULIET);
    await scene.friends(ROMEO, JULIET);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const next = await scene.comes(`${JULIET}/balcony`);
    assert.deepEqual(shown(await romeo.all()), ['']);
    assert.equal(await photoOf(next), '');
    assert.deepEqual(await itemsOf(next, DATA), []);
  });
});
