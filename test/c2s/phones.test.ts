import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';
import { dial, openDoor } from '../support/wire.ts';
import { stanza } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const AWAY = '<presence><show>away</show></presence>';

async function open(t: TestContext) {
  const scene = await openScene(t);
  await scene.friends(J, R);
  const romeo = await scene.comes(`${R}/orchard`);
  const { wire } = dial(openDoor(t, scene));
  const features = await wire.logsIn(J);
  await wire.bind('phone');
  wire.write("<presence/><inactive xmlns='urn:xmpp:csi:0'/>");
  await scene.settle();
  await wire.all();
  return { scene, romeo, wire, features };
}

test('XEP-0286 §3: no compression, which would betray what is encrypted', async (t) => {
  const { features } = await open(t);
  assert.ok(!/compress/.test(serialize(features)), serialize(features));
});

test('XEP-0286 §4.1: nothing is sent unasked to a phone that does not look', async (t) => {
  const { scene, romeo, wire } = await open(t);
  const before = wire.bytes;
  for (const show of ['away', 'xa', 'dnd', 'chat']) await romeo.sends(`<presence><show>${show}</show></presence>`);
  await scene.settle();
  await wire.receivesNothing();
  assert.equal(wire.bytes, before, 'not even white space');
});

test('XEP-0286 §4.2: what is sent is sent together, with what waited before it', async (t) => {
  const { scene, romeo, wire } = await open(t);
  await romeo.sends(AWAY);
  await scene.settle();
  let chunks = 0;
  wire.duplex.on('data', () => chunks++);
  const { host, session } = romeo;
  for (let i = 0; i < 10; i++)
    void host.receive(session, stanza(`<message to='${J}' type='chat'><body>${i}</body></message>`));
  await scene.settle();
  assert.equal((await wire.all()).length, 11);
  assert.equal(chunks, 1);
});

test('XEP-0286 §4.2: a phone that sends has its radio on, and gets what waited', async (t) => {
  const { scene, romeo, wire } = await open(t);
  await romeo.sends(AWAY);
  await scene.settle();
  await wire.receivesNothing();
  wire.write(`<message to='${R}' type='chat'><body>from my pocket</body></message>`);
  await wire.receives(AWAY);
  await romeo.sends('<presence/>');
  await scene.settle();
  await wire.receivesNothing();
});

test('XEP-0352 §3.2: an administrator may decide that nothing waits', async (t) => {
  const { scene, romeo, wire } = await open(t);
  await scene.house.options.set(scene.house.options.find('phones.rest')!, 'example.test', false);
  wire.write("<active xmlns='urn:xmpp:csi:0'/><inactive xmlns='urn:xmpp:csi:0'/>");
  await wire.receivesNothing();
  await romeo.sends(AWAY);
  await wire.receives(AWAY);
});
