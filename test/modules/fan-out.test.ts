import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { child, elements } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { EVENT, events, idsIn, items, listener, publish, tune } from '../support/pubsub.ts';
import { openScene } from '../support/scene.ts';
import { dial, openDoor } from '../support/wire.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const NODE = 'urn:example:tune';

test('attack: a large publication for many is told to them without its payload, which they can fetch (XEP-0060 §7.1.2.2)', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const devices: Actor[] = [];
  for (let n = 0; n < 24; n++) {
    const bare = `guest${n}@example.test`;
    await scene.friends(J, bare);
    devices.push(await listener(scene, `${bare}/x`, NODE));
  }
  for (const one of devices) await one.all();
  const told = async (payload: string): Promise<number[]> => {
    await juliet.gets(publish(NODE, 'current', payload));
    const counts = [];
    for (const device of devices) {
      const [message] = await events(device);
      const [item] = elements(elements(child(message!, 'event', EVENT)!)[0]!);
      assert.equal(item!.attrs.id, 'current');
      counts.push(item!.children.length);
    }
    return [...new Set(counts)];
  };
  assert.deepEqual(await told(tune('x'.repeat(100_000))), [1]);
  assert.deepEqual(await told(tune('x'.repeat(190_000))), [0]);
  assert.deepEqual(idsIn(await devices[0]!.gets(items(NODE, J))), ['current']);
  assert.deepEqual(await told(tune('short')), [1]);
});

for (const [what, xml] of [
  [
    'publishes',
    (n: number) => `${publish(NODE, 'current', tune('x'.repeat(60_000)))}`.replace('<iq', `<iq id='q${n}'`),
  ],
  ['changes presence', (n: number) => `<presence><status>${n} ${'x'.repeat(16_000)}</status></presence>`.repeat(4)],
] as const) {
  test(`attack: who ${what} for many again and again must rest in between, and nobody else`, async (t) => {
    const scene = await openScene(t);
    const wires = [];
    for (const bare of [J, R]) {
      await scene.account(bare);
      const { wire } = dial(openDoor(t, scene));
      await wire.binds(`${bare}/x`);
      wire.write('<presence/>');
      wires.push(wire);
    }
    const [juliet, romeo] = wires as [(typeof wires)[0], (typeof wires)[0]];
    for (let n = 0; n < 40; n++) {
      await scene.friends(J, `guest${n}@example.test`);
      await listener(scene, `guest${n}@example.test/x`, NODE);
    }
    await juliet.all(50);
    const ping = "<iq type='get' id='p' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>";
    for (let n = 0; n < 4; n++) juliet.write(xml(n));
    juliet.write(ping);
    romeo.write(ping);
    await sleep(400);
    const answers = async (wire: typeof juliet) => (await wire.all(0)).filter(({ attrs }) => attrs.id === 'p').length;
    assert.equal(await answers(romeo), 1);
    assert.equal(await answers(juliet), 0, 'she rests');
    for (let waited = 0; (await answers(juliet)) === 0; waited++) {
      assert.ok(waited < 100, 'she is heard again');
      await sleep(100);
    }
  });
}

test('presence of ordinary length is never made to wait, however often it changes and however many see it', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${J}/balcony`);
  for (let n = 0; n < 40; n++) {
    await scene.friends(J, `guest${n}@example.test`);
    await scene.comes(`guest${n}@example.test/x`);
  }
  // 19 MB of copies: as long presence, this would be rested from more than twice.
  for (let n = 0; n < 300; n++) await juliet.sends(`<presence><status>${n} ${'x'.repeat(1_600)}</status></presence>`);
  assert.equal(juliet.session.rest, 0);
});
