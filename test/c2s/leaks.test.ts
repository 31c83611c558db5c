import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openScene } from '../support/scene.ts';
import { identity, tcp, tls } from '../support/tls.ts';
import { dial, openDoor, Wire } from '../support/wire.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** What keeps the process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

test('SECURITY 4: thousands of connections that are made and given up leave nothing behind', {
  timeout: 60_000,
}, async (t) => {
  const scene = await openScene(t);
  await scene.account('juliet@example.test');
  const me = await identity('example.test');
  const door = openDoor(t, scene, { secureContext: () => me.context });
  const plain = await door.listen('starttls', { host: '127.0.0.1', port: 0 });
  const direct = await door.listen('tls', { host: '127.0.0.1', port: 0 });

  /** Each gives up at another point. */
  const ways: (() => Promise<void>)[] = [
    async () => void (await tcp(plain)).destroy(),
    async () => void (await tcp(plain)).resetAndDestroy(),
    async () => void (await tcp(direct)).destroy(),
    async () => {
      const socket = await tcp(plain);
      socket.end("<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='exam");
      socket.resume();
    },
    async () => {
      const wire = new Wire(await tcp(plain));
      await wire.opens('example.test');
      wire.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      await wire.element();
      wire.cut();
    },
    async () => {
      const wire = new Wire(await tcp(plain));
      wire.header('nowhere.test');
      await wire.fails('host-unknown');
      wire.cut();
    },
  ];
  const rounds = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, k) => ways[(i + k) % ways.length]!()));
    }
    const until = Date.now() + 10_000;
    while (door.connections > 0 && Date.now() < until) await sleep(10);
    assert.equal(door.connections, 0);
    await sleep(100);
  };

  await rounds(400);
  const [before, used] = [resources(), await heap()];
  await rounds(3_000);
  const [after, usedNow] = [resources(), await heap()];
  for (const kind of ['TCPSocketWrap', 'TLSWrap', 'Timeout', 'Immediate']) {
    assert.ok((after[kind] ?? 0) <= (before[kind] ?? 0) + 5, `${kind}: ${before[kind]} before, ${after[kind]} after`);
  }
  assert.ok(usedNow - used < 6e6, `${Math.round((usedNow - used) / 3_000)} bytes are left of each`);
});

test('sessions that come and go leave nothing behind', { timeout: 60_000 }, async (t) => {
  const scene = await openScene(t);
  await scene.account('juliet@example.test');
  const me = await identity('example.test');
  const door = openDoor(t, scene, { secureContext: () => me.context });
  const direct = await door.listen('tls', { host: '127.0.0.1', port: 0 });
  const rounds = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) {
      const wire = new Wire(await tls(direct, me.ca));
      await wire.binds('juliet@example.test/balcony');
      wire.write("<presence/><enable xmlns='urn:xmpp:sm:3' resume='true'/>");
      await wire.receives('<presence/>');
      await wire.receives("<enabled xmlns='urn:xmpp:sm:3'/>");
      wire.write('</stream:stream>');
      assert.equal(await wire.next(), 'close');
      wire.cut();
    }
    while (door.connections > 0) await sleep(10);
    await scene.settle();
  };
  await rounds(40);
  const used = await heap();
  await rounds(150);
  const left = (await heap()) - used;
  assert.equal(scene.host('example.test').sessions.count, 0);
  // Of each session that could be resumed, a token and a number are remembered for a while, in a bounded list.
  assert.ok(left < 3e6, `${Math.round(left / 150)} bytes are left of each`);
});

test('a client that floods before login costs no more than the limit', async (t) => {
  const scene = await openScene(t);
  const door = openDoor(t, scene);
  const before = await heap();
  const wires = Array.from({ length: 200 }, () => dial(door, { tls: false }).wire);
  for (const wire of wires) {
    wire.header('example.test');
    wire.write(`<a ${"b='".padEnd(9_000, 'x')}`);
  }
  await sleep(50);
  assert.ok((await heap()) - before < 200 * 100_000);
  for (const wire of wires) wire.write('x'.repeat(2_000));
  for (const wire of wires.slice(0, 5)) await wire.fails('policy-violation');
});
