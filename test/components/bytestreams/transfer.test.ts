import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { ProxyLimits } from '../../../server/components/bytestreams/door.ts';
import { totalRate, transferRate } from '../../../server/components/bytestreams/options.ts';
import { Line } from '../../../server/components/bytestreams/pace.ts';
import { LargeTurns } from '../../../server/util/large-turns.ts';
import { openScene } from '../../support/scene.ts';
import { activation, hashOf, opened, SocksEnd, until } from '../../support/socks.ts';

const J = 'juliet@example.test/balcony';
const R = 'romeo@example.test/orchard';
const MB = 1_000_000;

async function open(t: TestContext, proxy: Partial<ProxyLimits> = {}) {
  const scene = await openScene(t, { proxy });
  const port = await opened(scene);
  const juliet = await scene.comes(J);
  const begin = async (sid: string, fromTarget?: string) => {
    const hash = hashOf(sid, J, R);
    const target = await new SocksEnd(t, port, fromTarget).names(hash);
    const requester = await new SocksEnd(t, port).names(hash);
    await juliet.gets(activation(sid, R));
    return { target, requester };
  };
  return { scene, juliet, port, begin };
}

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('a transfer', () => {
  test('carries 20 MB each way at once, all of it and in order, counts it, and is gone at its end', async (t) => {
    const { scene, begin } = await open(t);
    const { target, requester } = await begin('s');
    const files = [randomBytes(20 * MB), randomBytes(20 * MB)] as const;
    requester.socket.end(files[0]);
    target.write(files[1]);
    const [there, back] = [await target.read(20 * MB), await requester.read(20 * MB)];
    assert.deepEqual([sha256(there), sha256(back)], files.map(sha256));
    const [transfer] = scene.proxy.list();
    assert.deepEqual([transfer?.sent, transfer?.received], [20 * MB, 20 * MB]);
    // Half-closed: what is said after the other's end still arrives.
    await until(() => target.ended, 'the end is not passed on');
    assert.equal(requester.ended, false);
    target.socket.end('thanks');
    assert.equal(String(await requester.rest()), 'thanks');
    await until(() => scene.proxy.list().length === 0, 'it is remembered');
  });

  test('delivers all that is under way when one side closes, then the other ends', async (t) => {
    const { scene, begin } = await open(t);
    const { target, requester } = await begin('s');
    target.socket.pause();
    const file = randomBytes(3 * MB);
    requester.socket.end(file);
    await sleep(50);
    requester.socket.destroySoon();
    await sleep(50);
    target.socket.resume();
    assert.equal(sha256(await target.rest()), sha256(file));
    target.socket.end();
    await until(() => scene.proxy.list().length === 0, 'it is remembered');
  });

  test('attack: a killed connection ends the other, and nothing is remembered', async (t) => {
    const { scene, begin } = await open(t);
    for (const [who, other] of [
      ['target', 'requester'],
      ['requester', 'target'],
    ] as const) {
      const ends = await begin(who);
      ends[other].write(randomBytes(1 * MB));
      await sleep(20);
      ends[who].socket.resetAndDestroy();
      await ends[other].isClosed();
      await until(() => scene.proxy.list().length === 0, 'it is remembered');
    }
  });

  test('attack: one side stalls: 64 MB stay with who sends them, and memory does not grow', async (t) => {
    const { scene, begin } = await open(t);
    const { target, requester } = await begin('s');
    target.socket.pause();
    const much = Buffer.alloc(64 * 1024 * 1024, 7);
    const before = process.memoryUsage();
    for (let at = 0; at < much.length; at += 65_536) requester.write(much.subarray(at, at + 65_536));
    let unsent = -1;
    await until(() => {
      const same = unsent === requester.socket.writableLength;
      unsent = requester.socket.writableLength;
      return same && unsent < much.length;
    }, 'it never stops');
    await sleep(200);
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    const grown = (arrayBuffers - before.arrayBuffers + (heapUsed - before.heapUsed)) / 1024;
    assert.ok(grown < 8_192, `${Math.round(grown)} kB were kept`);
    assert.ok(requester.socket.writableLength > 0, 'the server took it all');
    // What the kernels took apart, all of it is where it was.
    target.socket.resume();
    const got = await target.read(much.length);
    assert.equal(sha256(got), sha256(much));
    assert.equal(scene.proxy.list()[0]?.sent, much.length);
  });

  test('attack: one that does not move is ended after its idle time; one that moves slowly is not', async (t) => {
    const { scene, begin } = await open(t, { idleMs: 300 });
    const idle = await begin('idle');
    const stalled = await begin('stalled');
    const slow = await begin('slow');
    stalled.target.socket.pause();
    stalled.requester.write(Buffer.alloc(16 * MB));
    for (let i = 0; i < 8; i++) {
      slow.requester.write('.');
      await sleep(100);
    }
    for (const end of [idle.target, idle.requester]) await end.isClosed();
    await stalled.requester.isClosed();
    assert.deepEqual([slow.target.closed, slow.target.size], [false, 8]);
    assert.equal(scene.proxy.list().length, 1);
  });

  test('one direction that is over leaves the other its time, and not for ever', async (t) => {
    const { scene, begin } = await open(t, { lingerMs: 200 });
    const { target, requester } = await begin('s');
    requester.socket.destroy(); // to us the same as if it had nothing more to send
    await until(() => target.ended, 'the end is not passed on');
    assert.equal(scene.proxy.list().length, 1);
    await until(() => scene.proxy.list().length === 0, 'it is remembered');
  });

  test('is ended by an administrator, by its id, and no other with it', async (t) => {
    const { scene, begin } = await open(t);
    const one = await begin('1');
    const other = await begin('2');
    const [first, second] = scene.proxy.list();
    assert.ok(first!.since <= second!.since);
    assert.equal(scene.proxy.end(first!.id), true);
    await one.target.isClosed();
    await one.requester.isClosed();
    other.requester.write('!');
    await other.target.read(1);
    assert.deepEqual(
      scene.proxy.list().map(({ id }) => id),
      [second!.id],
    );
  });

  test('ends when the server does', async (t) => {
    const { scene, begin, port } = await open(t);
    const { target, requester } = await begin('s');
    const waiting = await new SocksEnd(t, port).names('a'.repeat(40));
    await scene.proxy.close();
    for (const end of [target, requester, waiting]) await end.isClosed();
  });

  test('knows who is who by addresses when the requester came first', async (t) => {
    const { scene, juliet, port } = await open(t);
    juliet.session.client = { ...juliet.session.client, address: '127.0.0.5' };
    const hash = hashOf('s', J, R);
    const requester = await new SocksEnd(t, port, '127.0.0.5').names(hash);
    const target = await new SocksEnd(t, port, '127.0.0.6').names(hash);
    await juliet.gets(activation('s', R));
    requester.write('hello');
    await target.read(5);
    const [transfer] = scene.proxy.list();
    assert.deepEqual([transfer?.sent, transfer?.received], [5, 0]);
    assert.deepEqual(transfer?.addresses, ['127.0.0.6', '127.0.0.5']);
  });
});

test('transfers take turns: so much at once, then everybody else in the house, then the next in order', async () => {
  const turns = new LargeTurns(100);
  const went: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) turns.take(60, () => went.push(name));
  assert.deepEqual(went, ['a', 'b']);
  await turn();
  assert.deepEqual(went, ['a', 'b', 'c', 'd']);
  turns.take(60, () => went.push('late'));
  await turn();
  assert.deepEqual(went, ['a', 'b', 'c', 'd', 'e', 'late']);
});

describe('an administrator sets how fast', () => {
  test('one transfer may be, and all of them together', async (t) => {
    const { scene, begin } = await open(t);
    /** Seconds that half a megabyte takes through each of some transfers at once. */
    const time = async (...sids: string[]): Promise<number> => {
      const ends = [];
      for (const sid of sids) ends.push(await begin(sid));
      const since = performance.now();
      for (const { requester } of ends) requester.write(randomBytes(MB / 2));
      for (const { target } of ends) await target.read(MB / 2);
      return (performance.now() - since) / 1_000;
    };
    assert.ok((await time('a', 'b')) < 0.35);
    await scene.house.options.set(transferRate, '', 1);
    const one = await time('1', '2');
    assert.ok(one > 0.3 && one < 0.9, `${one} s`);
    await scene.house.options.set(transferRate, '', 0);
    await scene.house.options.set(totalRate, '', 1);
    const both = await time('3', '4');
    assert.ok(both > 0.8 && both < 1.6, `${both} s`);
  });

  test('and one that is broken off while it waits for its turn is gone at once', async (t) => {
    const { scene, begin } = await open(t);
    await scene.house.options.set(transferRate, '', 1);
    const { target, requester } = await begin('s');
    requester.write(Buffer.alloc(8 * MB));
    await target.read(MB / 10);
    scene.proxy.end(scene.proxy.list()[0]!.id);
    await target.isClosed();
    await until(() => scene.proxy.list().length === 0, 'it is remembered');
  });

  test('a line lets so much through, makes up for a moment of quiet, and follows what is set', () => {
    let [rate, now] = [1_000, 0];
    const line = new Line(
      () => rate,
      () => now,
    );
    now = 10_000;
    assert.equal(line.take(100), 0);
    assert.equal(line.take(500), 500);
    assert.equal(line.take(500), 1_000);
    now += 1_000;
    rate = 10_000;
    assert.equal(line.take(1_000), 100);
    rate = 0;
    assert.equal(line.take(1e9), 0);
  });
});
