import assert from 'node:assert/strict';
import { test } from 'node:test';
import { el, textOf } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { openScene } from '../support/scene.ts';
import { dial, openDoor } from '../support/wire.ts';
import { find } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const INACTIVE = "<inactive xmlns='urn:xmpp:csi:0'/>";
const ACTIVE = "<active xmlns='urn:xmpp:csi:0'/>";
const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";

async function open(t: Parameters<typeof openScene>[0], enable = false) {
  const scene = await openScene(t);
  await scene.friends(J, R);
  const romeo = await scene.comes(`${R}/orchard`);
  const { wire } = dial(openDoor(t, scene));
  await wire.binds(`${J}/balcony`);
  if (enable) {
    wire.write("<enable xmlns='urn:xmpp:sm:3'/>");
    await wire.receives("<enabled xmlns='urn:xmpp:sm:3'/>");
  }
  wire.write('<presence/>');
  await scene.settle();
  await wire.all();
  return { scene, romeo, wire };
}

test('XEP-0352 §5: while nobody looks, presence and typing wait; only the newest of each counts', async (t) => {
  const { scene, romeo, wire } = await open(t);
  wire.write(INACTIVE);
  await wire.receivesNothing();
  for (const show of ['away', 'xa', 'dnd']) await romeo.sends(`<presence><show>${show}</show></presence>`);
  await romeo.sends(`<message to='${J}' type='chat'>${composing}</message>`);
  await scene.settle();
  await wire.receivesNothing();
  wire.write(ACTIVE);
  const got = await wire.all();
  assert.deepEqual(got.map((one) => `${one.name} ${textOf(find(one, 'show'))}`).sort(), ['message ', 'presence dnd']);
  await romeo.sends('<presence/>');
  await wire.receives(`<presence from='${R}/orchard'/>`);
});

test('a message comes at once, and what waited before it, so that the order stays', async (t) => {
  const { scene, romeo, wire } = await open(t);
  wire.write(INACTIVE);
  await wire.receivesNothing();
  await romeo.sends('<presence><show>away</show></presence>');
  await scene.settle();
  await wire.receivesNothing();
  await romeo.sends(`<message to='${J}' type='chat'><body>hi</body></message>`);
  await wire.receives('<presence><show>away</show></presence>');
  await wire.receives('<message><body>hi</body></message>');
  await romeo.sends('<presence/>');
  await scene.settle();
  await wire.receivesNothing();
});

test('subscriptions, requests, and typing with a text do not wait', async (t) => {
  const { scene, wire } = await open(t);
  const tybalt = await scene.comes('tybalt@example.test/x');
  wire.write(INACTIVE);
  await wire.receivesNothing();
  await tybalt.sends(`<presence to='${J}' type='subscribe'/>`);
  await wire.receives("<presence type='subscribe'/>");
  await tybalt.sends(`<iq to='${J}/balcony' type='get' id='1'><query xmlns='urn:x'/></iq>`);
  await wire.receives("<iq id='1'/>");
  await tybalt.sends(`<message to='${J}' type='chat'><body>x</body>${composing}</message>`);
  await wire.receives('<message><body>x</body></message>');
  await tybalt.sends(`<message to='${J}' type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>`);
  await wire.receives("<message><received xmlns='urn:xmpp:receipts'/></message>");
});

test('saying it twice changes nothing', async (t) => {
  const { scene, romeo, wire } = await open(t);
  wire.write(INACTIVE);
  await wire.receivesNothing();
  await romeo.sends('<presence><show>away</show></presence>');
  wire.write(INACTIVE);
  await scene.settle();
  await wire.receivesNothing();
  wire.write(ACTIVE + ACTIVE);
  await wire.receives('<presence><show>away</show></presence>');
  await wire.receivesNothing();
});

test('presence of very many contacts does not pile up', async (t) => {
  const { scene, wire } = await open(t);
  wire.write(INACTIVE);
  await wire.receivesNothing();
  for (let i = 0; i < 1_200; i++) {
    scene.host('example.test').send(new Stanza(el('presence'), parseJid(`c${i}@example.test/x`), parseJid(J)));
  }
  const sentOn = (await wire.all(100)).length;
  assert.ok(sentOn >= 700, `${sentOn} were sent on, all others are held`);
  wire.write(ACTIVE);
  assert.equal(sentOn + (await wire.all(100)).length, 1_200);
});

test('what is held back counts for stream management only when it is sent', async (t) => {
  const { scene, romeo, wire } = await open(t, true);
  wire.write(INACTIVE);
  await wire.receivesNothing();
  await romeo.sends('<presence><show>away</show></presence>');
  await scene.settle();
  // Own presence and his first one were sent: acknowledging a third would be an error.
  wire.write("<a xmlns='urn:xmpp:sm:3' h='2'/>");
  await wire.receivesNothing();
  wire.write(ACTIVE);
  await wire.receives('<presence><show>away</show></presence>');
  wire.write("<a xmlns='urn:xmpp:sm:3' h='3'/>");
  await wire.receivesNothing();
  assert.equal(wire.ended, false);
});
