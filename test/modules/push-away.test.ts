import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { chat, clock, enabling, J, open, pushed, R, summary } from '../support/push.ts';
import type { Scene } from '../support/scene.ts';
import { dial, openDoor } from '../support/wire.ts';

/** A phone with a connection of its own, which has asked for pushes. */
async function wired(t: TestContext, scene: Scene, managed: boolean) {
  const door = openDoor(t, scene);
  const { wire } = dial(door);
  await wire.binds(`${J}/wired`);
  if (managed) {
    wire.write("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    await wire.receives("<enabled xmlns='urn:xmpp:sm:3'/>");
  }
  wire.write(`<presence/>${enabling('wired').replace('<iq ', "<iq id='e' ")}`);
  await wire.receives('<presence/>');
  await scene.settle();
  await wire.all();
  return { wire, door };
}

/** What Juliet's wire was sent by then: the answer to <enable/>, her own presence, Romeo's message. */
const ACKNOWLEDGED = "<a xmlns='urn:xmpp:sm:3' h='3'/>";
const HI = '<message><body>hi</body></message>';

test('XEP-0198: a session that waits for its client is away: what it had not acknowledged is pushed, and what comes then', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  phone.leaves();
  const { wire } = await wired(t, scene, true);
  await chat(romeo, 'hi');
  await wire.receives(HI);
  await app.receivesNothing();
  wire.cut();
  assert.equal(summary(await pushed(app))['message-count'], '1');
  const tick = clock(t);
  tick(20_000);
  await chat(romeo, 'there?');
  assert.equal(summary(await pushed(app))['message-count'], '2');
});

test('XEP-0198: what was acknowledged is not pushed', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  phone.leaves();
  const { wire } = await wired(t, scene, true);
  await chat(romeo, 'hi');
  await wire.receives(HI);
  wire.write(`<r xmlns='urn:xmpp:sm:3'/>${ACKNOWLEDGED}`);
  await wire.receives("<a xmlns='urn:xmpp:sm:3'/>");
  wire.cut();
  await app.receivesNothing();
});

test('a device that the server itself sent away, as it has come anew, is not looked for', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  phone.leaves();
  const { wire, door } = await wired(t, scene, true);
  await chat(romeo, 'hi');
  await wire.receives(HI);
  const { wire: again } = dial(door);
  await again.binds(`${J}/wired`);
  await wire.fails('conflict');
  await scene.settle();
  await app.receivesNothing();
});

test('XEP-0280: a carbon that a lost device did not acknowledge is pushed, one of what one said oneself is not', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  phone.leaves();
  const desk = await scene.comes(`${J}/desk`);
  const { wire } = await wired(t, scene, true);
  wire.write("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  await wire.receives("<iq id='c' type='result'/>");
  await desk.sends(`<message to='${R}' type='chat'><body>my own</body></message>`);
  await wire.receives("<message><sent xmlns='urn:xmpp:carbons:2'/></message>");
  await romeo.sends(`<message to='${J}/desk' type='chat'><body>for the desk</body></message>`);
  await wire.receives("<message><received xmlns='urn:xmpp:carbons:2'/></message>");
  wire.cut();
  assert.equal(summary(await pushed(app))['message-count'], '1');
});

test('XEP-0352: a phone that does not look and cannot acknowledge is pushed to; one that looks again is not', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  phone.leaves();
  const { wire } = await wired(t, scene, false);
  wire.write("<inactive xmlns='urn:xmpp:csi:0'/>");
  await wire.receivesNothing();
  await chat(romeo, 'hi');
  await wire.receives(HI);
  await pushed(app);
  wire.write("<active xmlns='urn:xmpp:csi:0'/>");
  await wire.receivesNothing();
  await chat(romeo, 'hi');
  await app.receivesNothing();
});

test('XEP-0352, XEP-0198: a phone that does not look is asked at once, and pushed to when it stays silent', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  phone.leaves();
  const { wire } = await wired(t, scene, true);
  wire.write("<inactive xmlns='urn:xmpp:csi:0'/>");
  await wire.receivesNothing();
  await chat(romeo, 'hi');
  await wire.receives(HI);
  await wire.receives("<r xmlns='urn:xmpp:sm:3'/>");
  await app.receivesNothing();
  const outlet = scene.host('example.test').sessions.of(J)[0]!.outlet as unknown as { ask(now: number): number };
  outlet.ask(Date.now() + 5_000);
  await app.receivesNothing();
  outlet.ask(Date.now() + 11_000);
  await pushed(app);
  // An answer, however late, shows that it is there.
  wire.write(ACKNOWLEDGED);
  await wire.receivesNothing();
  await chat(romeo, 'hi');
  await app.receivesNothing();
});
