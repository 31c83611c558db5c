import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { elements } from '../../server/xmpp/element.ts';
import type { Wire } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import { bodies, enabled, J, messages, open, R, resumes, SM, type Stage } from './managed.ts';

describe('XEP-0198 §5, XEP-0160: what was not acknowledged when a session ends', () => {
  async function abandon(stage: Stage, wire: Wire): Promise<void> {
    wire.cut();
    await stage.scene.settle();
    stage.scene
      .host('example.test')
      .sessions.of(J)
      .find(({ jid }) => jid.resource === 'balcony')
      ?.end('connection-timeout', 'it did not come back');
    await stage.scene.settle();
  }

  test('waits for her, once, with the time when it was sent', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    await stage.says('seen');
    await wire.receives('<message><body>seen</body></message>');
    wire.write(`<a ${SM} h='2'/>`);
    const before = Date.now();
    await stage.says('one');
    await stage.says('two');
    await wire.all(50);
    await abandon(stage, wire);
    await stage.romeo.receivesNothing();
    const juliet = await stage.scene.connect(`${J}/chamber`);
    await juliet.sends('<presence/>');
    await juliet.receives(`<presence from='${J}/chamber'/>`);
    for (const body of ['one', 'two']) {
      const message = await juliet.receives(`<message from='${R}/orchard'><body>${body}</body></message>`);
      const inner = elements(message).map(({ name }) => name);
      assert.deepEqual(inner.filter((name) => name === 'delay' || name === 'stanza-id').sort(), ['delay', 'stanza-id']);
      const stamp = Date.parse(find(message, 'delay')!.attrs.stamp);
      assert.ok(stamp >= before && stamp <= Date.now());
    }
    await juliet.receivesNothing();
  });

  test('goes to her other device, if it had not got it already', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    await stage.says('for the balcony', `${J}/balcony`);
    await wire.all(50);
    const chamber = await stage.scene.comes(`${J}/chamber`);
    await chamber.all();
    await abandon(stage, wire);
    const got = await chamber.all();
    assert.deepEqual(bodies(got), ['for the balcony']);
    assert.equal(await stage.scene.stores.offline.count((await stage.scene.account(J)).id), 0);
  });

  test('is not given again to a device that had it already', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    const chamber = await stage.scene.comes(`${J}/chamber`);
    await chamber.all();
    await stage.says('for both');
    assert.deepEqual(bodies(await chamber.all()), ['for both']);
    await abandon(stage, wire);
    assert.deepEqual(bodies(await chamber.all()), []);
    assert.equal(await stage.scene.stores.offline.count((await stage.scene.account(J)).id), 0);
  });

  test('waits once, when all of her devices had it and none came back', async (t) => {
    const stage = await open(t);
    const wires = [stage.dial(), stage.dial()];
    await enabled(wires[0]!);
    await enabled(wires[1]!, `${J}/chamber`);
    await stage.says('for both');
    for (const wire of wires) await wire.all(50);
    for (const wire of wires) wire.cut();
    await stage.scene.settle();
    for (const session of stage.scene.host('example.test').sessions.of(J)) session.end('connection-timeout', 'gone');
    await stage.scene.settle();
    assert.equal(await stage.scene.stores.offline.count((await stage.scene.account(J)).id), 1);
  });

  test('is not given again to a device that had a copy of it (XEP-0280)', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    const chamber = await stage.scene.comes(`${J}/chamber`);
    await chamber.gets("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    await chamber.all();
    await stage.says('for the balcony', `${J}/balcony`);
    assert.equal((await chamber.all()).length, 1, 'the copy');
    await abandon(stage, wire);
    assert.deepEqual(bodies(await chamber.all()), []);
    assert.equal(await stage.scene.stores.offline.count((await stage.scene.account(J)).id), 0);
  });

  test('waits once, as it was, when neither the device that it was for nor the one with a copy came back', async (t) => {
    const stage = await open(t);
    const wires = [stage.dial(), stage.dial()];
    await enabled(wires[0]!);
    await enabled(wires[1]!, `${J}/chamber`);
    wires[1]!.write("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    for (const wire of wires) await wire.all(50);
    await stage.says('for the balcony', `${J}/balcony`);
    for (const wire of wires) await wire.all(50);
    for (const wire of wires) wire.cut();
    await stage.scene.settle();
    for (const session of stage.scene.host('example.test').sessions.of(J)) session.end('connection-timeout', 'gone');
    await stage.scene.settle();
    const juliet = await stage.scene.connect(`${J}/hall`);
    await juliet.sends('<presence/>');
    await juliet.receives(`<presence from='${J}/hall'/>`);
    const message = await juliet.receives(`<message from='${R}/orchard'><body>for the balcony</body></message>`);
    assert.deepEqual(
      elements(message)
        .map(({ name }) => name)
        .sort(),
      ['body', 'delay', 'stanza-id'],
    );
    await juliet.receivesNothing();
  });

  test('is in the archive once', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    await stage.says('one');
    await abandon(stage, wire);
    const { id } = await stage.scene.account(J);
    assert.equal(await stage.scene.stores.archives.count(id), 1);
  });

  test('survives several devices that all fail to take it', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    await stage.says('one');
    await abandon(stage, wire);
    for (let round = 0; round < 3; round++) {
      const next = stage.dial();
      await enabled(next);
      assert.deepEqual(await messages(next), ['one']);
      await abandon(stage, next);
    }
    const juliet = await stage.scene.comes(`${J}/balcony`);
    juliet.leaves();
    const last = stage.dial();
    await enabled(last, `${J}/chamber`);
    assert.deepEqual(await messages(last), [], 'taken by the one before');
  });

  test('a request is refused, so that who asked need not wait', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    await stage.romeo.sends(`<iq to='${J}/balcony' type='get' id='v'><query xmlns='jabber:iq:version'/></iq>`);
    await wire.all(50);
    await abandon(stage, wire);
    await stage.romeo.receives(
      `<iq type='error' id='v' from='${J}/balcony'><error><recipient-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
  });

  test('a message on its way to a session that ends meanwhile is not lost', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    const { id } = await stage.scene.account(J);
    stage.scene.stores.blocking.forget(id); // whom she blocks will have to be read
    const sending = stage.says('late');
    stage.scene.host('example.test').sessions.of(J)[0]?.end('conflict', 'elsewhere');
    await sending;
    await stage.scene.settle();
    assert.equal(await stage.scene.stores.offline.count(id), 1);
  });

  test('the house closes: it is stored before', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await enabled(wire);
    await stage.says('one');
    await wire.all(50);
    const { id } = await stage.scene.account(J);
    await stage.scene.hosts.close();
    await stage.scene.settle();
    assert.equal((await stage.scene.stores.offline.list(id, 10)).length, 1);
  });
});

test('attack: more than may be on its way waits from before; who comes is given it in pieces', async (t) => {
  const { scene, dial } = await open(t);
  const { id } = await scene.account(J);
  const long = 'x'.repeat(230_000);
  const text = (n: number) => `<message from='${R}/a' to='${J}' type='chat'><body>${n} ${long}</body></message>`;
  for (let n = 1; n <= 90; n++) scene.db.queue([scene.stores.offline.append(id, n, text(n))]);
  await scene.settle();
  const wire = dial();
  await enabled(wire);
  const got: string[] = [];
  let most = 0;
  for (let sent = 1; got.length < 90; ) {
    const some = await wire.all(20);
    assert.equal(wire.ended, false, 'the stream ended');
    const now = bodies(some);
    got.push(...now);
    sent += now.length;
    if (now.length === 0) continue;
    const backlog = scene.host('example.test').sessions.of(J)[0]!.outlet.backlog!;
    most = Math.max(most, backlog);
    wire.write(`<a ${SM} h='${sent}'/>`);
  }
  assert.ok(most > 230_000 && most < 9_000_000, `${most} at once`);
  assert.deepEqual(
    got.map(Number.parseFloat),
    Array.from({ length: 90 }, (_, n) => n + 1),
  );
  await scene.settle();
  assert.equal(await scene.stores.offline.count(id), 0);
});

test('attack: many clients that never answer do not fill the memory, all of one account together', async (t) => {
  const { scene, dial, says } = await open(t);
  const { sessions } = scene.host('example.test');
  const names = ['one', 'two', 'three', 'four'];
  const tokens = new Map<string, string>();
  for (const name of names) {
    const wire = dial();
    tokens.set(name, await enabled(wire, `${J}/${name}`));
    wire.cut();
  }
  await scene.settle();
  const waiting = () => sessions.of(J).reduce((sum, { outlet }) => sum + outlet.backlog!, 0);
  const long = 'x'.repeat(240_000);
  for (let n = 0; n < 60; n++) {
    await says(`${n} ${long}`);
    assert.ok(waiting() <= 32 * 1024 * 1024, `${waiting()} after ${n}`);
  }
  const left = sessions.of(J).map(({ jid }) => jid.resource);
  assert.equal(left.length, 2, 'each of them had less than one may have');
  const wire = dial();
  assert.equal((await resumes(wire, tokens.get(left[0]!)!, 1)).name, 'resumed');
  wire.write(`<a ${SM} h='61'/>`);
  for (let i = 0; i < 1_000 && waiting() > 16 * 1024 * 1024; i++) await sleep(5);
  assert.ok(waiting() <= 16 * 1024 * 1024, `${waiting()} after the acknowledgement`);
});
