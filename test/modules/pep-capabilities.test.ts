import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { child } from '../../server/xmpp/element.ts';
import { answers, client, events, heard, listener, publish, question, tune } from '../support/pubsub.ts';
import { openScene, type Scene } from '../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const T = 'tybalt@example.test';
const NODE = 'urn:example:tune';
const INFO = 'http://jabber.org/protocol/disco#info';

/** Juliet, whom all three see, and somebody who publishes for her. */
async function house(scene: Scene) {
  await scene.friends(J, R);
  await scene.friends(J, T);
  const juliet = await scene.connect(`${J}/balcony`);
  let n = 0;
  return { juliet, publishes: () => juliet.gets(publish(NODE, `i${n++}`, tune('la'))) };
}

describe('XEP-0115 §5.4: the hash of capabilities', () => {
  test('one session is asked for a hash that is not known, and for one that is nobody', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    const { c, ver, answer } = client(NODE);
    const romeo = await scene.connect(`${R}/orchard`);
    const tybalt = await scene.connect(`${T}/street`);
    await romeo.sends(`<presence>${c}</presence>`);
    await tybalt.sends(`<presence>${c}</presence>`);
    const asked = await question(romeo, () => scene.settle());
    assert.equal(asked?.attrs.from, R);
    assert.equal(child(asked!, 'query', INFO)!.attrs.node, `urn:test#${ver}`);
    assert.equal(await question(tybalt, () => scene.settle()), undefined);
    await answers(romeo, asked!, answer);
    const late = await scene.connect(`${R}/late`);
    await late.sends(`<presence>${c}</presence>`);
    assert.equal(await question(late, () => scene.settle()), undefined);
    await publishes();
    for (const one of [romeo, tybalt, late]) assert.equal((await heard(one)).length, 1, one.jid);
  });

  test('SECURITY 47: a wrong hash counts for nobody but its sender', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    const { c, answer } = client(NODE);
    const tybalt = await scene.connect(`${T}/street`);
    const romeo = await scene.connect(`${R}/orchard`);
    await tybalt.sends(`<presence>${c}</presence>`); // the hash of another client’s abilities
    await romeo.sends(`<presence>${c}</presence>`);
    await answers(tybalt, (await question(tybalt, () => scene.settle()))!, `<feature var='${INFO}'/>`);
    const asked = await question(romeo, () => scene.settle());
    assert.ok(asked !== undefined, 'the next one who claims it is asked');
    await answers(romeo, asked, answer);
    await publishes();
    assert.deepEqual(await heard(tybalt), []);
    assert.equal((await heard(romeo)).length, 1);
  });

  test('SECURITY 47: one who never answers keeps nobody else from being asked when he goes', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    const { c, answer } = client(NODE);
    const tybalt = await scene.connect(`${T}/street`);
    const romeo = await scene.connect(`${R}/orchard`);
    for (const one of [tybalt, romeo]) await one.sends(`<presence>${c}</presence>`);
    assert.equal(await question(romeo, () => scene.settle()), undefined);
    tybalt.leaves();
    await answers(romeo, (await question(romeo, () => scene.settle()))!, answer);
    await publishes();
    assert.equal((await heard(romeo)).length, 1);
  });

  test('SECURITY 47: caps poisoning by another cut of the same string does not change what others hear of', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    // The same verification string, with the wish to be notified hidden in a form.
    const features = ['a', `${NODE}+notify`, 'z'];
    const ver = createHash('sha1')
      .update(`client/pc//Test<${features.map((one) => `${one}<`).join('')}`)
      .digest('base64');
    const c = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:test' ver='${ver}'/>`;
    const tybalt = await scene.connect(`${T}/street`);
    await tybalt.sends(`<presence>${c}</presence>`);
    await answers(
      tybalt,
      (await question(tybalt, () => scene.settle()))!,
      `<identity category='client' type='pc' name='Test'/><feature var='a'/>
       <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>${NODE}+notify</value></field>
       <field var='z'/></x>`,
    );
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends(`<presence>${c}</presence>`);
    await publishes();
    assert.equal((await heard(romeo)).length, 1);
  });

  for (const [what, inner] of [
    ['the same feature twice', `<feature var='${NODE}+notify'/><feature var='${NODE}+notify'/>`],
    ['the same identity twice', "<identity category='client' type='pc'/><identity category='client' type='pc'/>"],
    ['nothing at all', ''],
  ] as const) {
    test(`an answer with ${what} brings nothing`, async (t) => {
      const scene = await openScene(t);
      const { publishes } = await house(scene);
      const romeo = await scene.connect(`${R}/orchard`);
      await romeo.sends(`<presence>${client(NODE).c}</presence>`);
      await answers(romeo, (await question(romeo, () => scene.settle()))!, inner);
      await publishes();
      assert.deepEqual(await heard(romeo), []);
    });
  }

  test('SECURITY 43, 47: an answer of somebody else, or to no question, is not taken', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    const { c, answer } = client(NODE);
    const romeo = await scene.connect(`${R}/orchard`);
    const street = await scene.connect(`${R}/street`);
    const tybalt = await scene.connect(`${T}/street`);
    await romeo.sends(`<presence>${c}</presence>`);
    const asked = (await question(romeo, () => scene.settle()))!;
    assert.ok(String(asked.attrs.id).length >= 22, 'its id can be guessed');
    for (const other of [street, tybalt]) await answers(other, asked, answer);
    await publishes();
    assert.deepEqual(await heard(romeo), []);
  });

  test('a legacy hash, and one of an unknown function, count for their session only', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    const caps = "<c xmlns='http://jabber.org/protocol/caps' node='urn:old' ver='1.0' hash='rot-13'/>";
    const { answer } = client(NODE);
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends(`<presence>${caps}</presence>`);
    await answers(romeo, (await question(romeo, () => scene.settle()))!, answer);
    const tybalt = await scene.connect(`${T}/street`);
    await tybalt.sends(`<presence>${caps}</presence>`);
    assert.ok((await question(tybalt, () => scene.settle())) !== undefined);
    await publishes();
    assert.equal((await heard(romeo)).length, 1);
    assert.deepEqual(await heard(tybalt), []);
  });

  test('new capabilities count from then on; those taken back do not any more', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    await publishes();
    const romeo = await listener(scene, `${R}/orchard`);
    assert.deepEqual(await events(romeo), []);
    const more = client(NODE);
    await romeo.sends(`<presence>${more.c}</presence>`);
    await answers(romeo, (await question(romeo, () => scene.settle()))!, more.answer);
    assert.equal((await heard(romeo)).length, 1, 'the last item of what it wants now');
    await romeo.sends(`<presence>${client().c}</presence>`);
    await publishes();
    assert.deepEqual(await heard(romeo), []);
    await romeo.sends("<presence type='unavailable'/>");
    await romeo.sends(`<presence>${more.c}</presence>`);
    assert.equal((await heard(romeo)).length, 1, 'come again');
  });

  test('more than 500 wishes of one client, and names too long, are passed over', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    const many = Array.from({ length: 600 }, (_, n) => `a${String(n).padStart(4, '0')}`);
    const romeo = await listener(scene, `${R}/orchard`, ...many, NODE); // the last in order
    const tybalt = await listener(scene, `${T}/street`, NODE, 'x'.repeat(2_000));
    await publishes();
    assert.deepEqual(await heard(romeo), []);
    assert.equal((await heard(tybalt)).length, 1);
    const long = Array.from({ length: 100 }, (_, n) => `a${n}${'x'.repeat(900)}`); // of 50,000 characters, half are left
    const street = await listener(scene, `${R}/street`, ...long);
    await Promise.all(long.map((node) => street.gets(publish(node, 'a', tune('la')))));
    assert.equal((await heard(street)).length, 54);
  });

  test('XEP-0390: a client that has only hashes of the second kind is understood, and its hash is verified', async (t) => {
    const scene = await openScene(t);
    const { publishes } = await house(scene);
    // §4.1 by hand: features, identities, forms.
    const input = `${INFO}\x1f${NODE}+notify\x1f\x1cclient\x1fpc\x1f\x1fTest\x1f\x1e\x1cFORM_TYPE\x1furn:f\x1f\x1ea\x1f1\x1f2\x1f\x1e\x1d\x1c`;
    const hash = createHash('sha256').update(input).digest('base64');
    const c = `<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha3-256'>eA==</hash><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>${hash}</hash></c>`;
    const { answer } = client(NODE);
    const extension = `<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:f</value></field><field var='a'><value>2</value><value>1</value></field></x>`;
    const tybalt = await scene.connect(`${T}/street`);
    await tybalt.sends(`<presence>${c}</presence>`);
    const asked = (await question(tybalt, () => scene.settle()))!;
    assert.equal(child(asked, 'query', INFO)!.attrs.node, `urn:xmpp:caps#sha-256.${hash}`);
    await answers(tybalt, asked, answer); // without the form: another hash
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends(`<presence>${c}</presence>`);
    await answers(romeo, (await question(romeo, () => scene.settle()))!, answer + extension);
    const late = await scene.connect(`${R}/late`);
    await late.sends(`<presence>${c}</presence>`);
    assert.equal(await question(late, () => scene.settle()), undefined, 'what is proven is known');
    await publishes();
    assert.equal((await heard(late)).length, 1);
  });

  test('a presence whose hash is longer than any is not looked at', async (t) => {
    const scene = await openScene(t);
    const romeo = await scene.connect(`${R}/orchard`);
    const c = (ver: string, node: string) =>
      `<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='${node}' ver='${ver}'/></presence>`;
    await romeo.sends(c('x'.repeat(201), 'urn:test'));
    await romeo.sends(c('x', 'n'.repeat(1_024)));
    assert.equal(await question(romeo, () => scene.settle()), undefined);
  });
});

test('attack: contacts publish so much that who comes would be sent more than may be on its way', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  const nodes = Array.from({ length: 12 }, (_, n) => `urn:example:n${n}`);
  const page = `<page xmlns='urn:example:page'>${'y'.repeat(190_000)}</page>`;
  for (const bare of [R, T]) {
    await scene.friends(J, bare);
    const other = await scene.connect(`${bare}/x`);
    for (const node of nodes) await other.gets(publish(node, 'i', page));
  }
  await juliet.gets(publish(NODE, 'own', tune('la')));
  const phone = await listener(scene, `${J}/phone`, NODE, ...nodes);
  const got = await heard(phone);
  assert.equal(got[0], `items ${NODE} item:own`, 'what is one’s own comes first');
  assert.equal(got.length, 1 + 10);
});
