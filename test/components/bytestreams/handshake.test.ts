import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyLimits } from '../../../server/components/bytestreams/door.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { connectTo, GREETING, opened, SocksEnd, until } from '../../support/socks.ts';

const HASH = 'a'.repeat(40);
const REFUSED = (code: number): number[] => [5, code, 0, 1, 0, 0, 0, 0, 0, 0];

async function open(t: TestContext, proxy: Partial<ProxyLimits> = {}) {
  const scene = await openScene(t, { proxy });
  const port = await opened(scene);
  return { scene, dial: (from?: string) => new SocksEnd(t, port, from) };
}

const waiting = (scene: Scene): readonly (readonly string[])[] => scene.proxy.list().map(({ addresses }) => addresses);

describe('RFC 1928 as XEP-0065 §5.3.2 uses it', () => {
  test('a connection that names a hash is accepted and waits, in whatever pieces it comes', async (t) => {
    const { scene, dial } = await open(t);
    await dial().names(HASH);
    assert.deepEqual(waiting(scene), [['127.0.0.1']]);
    const slow = dial();
    for (const byte of Buffer.concat([Buffer.from([5, 3, 2, 1, 0]), connectTo('B'.repeat(40))])) {
      slow.write(Buffer.from([byte]));
      await sleep(1);
    }
    assert.deepEqual([...(await slow.read(2))], [5, 0]);
    // As it was sent, in capitals.
    assert.deepEqual(await slow.read(47), Buffer.concat([Buffer.from([5, 0]), connectTo('B'.repeat(40)).subarray(2)]));
    const hasty = dial();
    hasty.write(Buffer.concat([GREETING, connectTo('c'.repeat(40))]));
    assert.deepEqual([...(await hasty.read(4))], [5, 0, 5, 0]);
    assert.equal(scene.proxy.waiting, 3);
  });

  test('§3: whoever offers no way without a password is told that none fits', async (t) => {
    const { dial } = await open(t);
    for (const greeting of [
      [5, 1, 2],
      [5, 0],
      [5, 2, 1, 2],
    ]) {
      const end = dial();
      end.write(Buffer.from(greeting));
      assert.deepEqual([...(await end.rest())], [5, 0xff], String(greeting));
    }
  });

  test('attack: open relay: ways to anywhere else are refused, each with its reply, and closed', async (t) => {
    const { scene, dial } = await open(t);
    const cases: [string, Buffer, number][] = [
      ['to a host by name', connectTo('internal.example.test', 80), 2],
      ['to a name as long as a hash', connectTo(`${'x'.repeat(36)}.com`), 2],
      ['to a hash with a port', connectTo(HASH, 80), 2],
      ['to a hash that is too short', connectTo('a'.repeat(39)), 2],
      ['to a name without characters', connectTo(''), 2],
      ['to an IPv4 address', Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, 0, 80]), 8],
      ['to an IPv6 address', Buffer.concat([Buffer.from([5, 1, 0, 4]), Buffer.alloc(18)]), 8],
      ['BIND', Buffer.from([5, 2, 0, 3, 40]), 7],
      ['UDP ASSOCIATE', Buffer.from([5, 3, 0, 3, 40]), 7],
      ['no such command', Buffer.from([5, 9]), 7],
      ['a reserved byte', Buffer.from([5, 1, 1]), 1],
      ['another version', Buffer.from([4, 1, 0, 80]), 1],
    ];
    for (const [name, request, code] of cases) {
      const end = dial();
      end.write(Buffer.concat([GREETING, request]));
      assert.deepEqual([...(await end.rest())], [5, 0, ...REFUSED(code)], name);
    }
    await until(() => scene.proxy.waiting === 0, 'who was refused is still there');
    assert.deepEqual(scene.proxy.list(), []);
  });

  test('attack: wrong versions and garbage are let go without a word', async (t) => {
    const { scene, dial } = await open(t);
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\x04\x01\x00\x50\x7f\x00\x00\x01\x00', '\x16\x03\x01', '\x00']) {
      const end = dial();
      end.write(Buffer.from(garbage, 'latin1'));
      assert.equal((await end.rest()).length, 0);
    }
    await until(() => scene.proxy.waiting === 0, 'garbage is kept');
  });

  test('attack: an oversized handshake is refused at the first byte that is wrong, and nothing of it is kept', async (t) => {
    const { scene, dial } = await open(t);
    const end = dial();
    end.write(Buffer.concat([Buffer.from([5, 255]), Buffer.alloc(255), Buffer.alloc(1_000_000, 5)]));
    assert.deepEqual([...(await end.rest())], [5, 0, ...REFUSED(7)]);
    const long = dial();
    long.write(Buffer.concat([GREETING, connectTo('a'.repeat(255)), Buffer.alloc(1_000_000)]));
    assert.deepEqual([...(await long.rest())], [5, 0, ...REFUSED(2)]);
    await until(() => scene.proxy.waiting === 0, 'it is kept');
  });

  test('attack: a slow handshake has its time in all, however often a byte comes', async (t) => {
    const { scene, dial } = await open(t, { handshakeMs: 150 });
    const silent = dial();
    const slow = dial();
    await once(slow.socket, 'connect');
    const bytes = Buffer.concat([Buffer.from([5, 255]), Buffer.alloc(255)]);
    for (let at = 0; at < bytes.length && !slow.ended && !slow.closed; at++) {
      slow.write(bytes.subarray(at, at + 1));
      await sleep(10);
    }
    await slow.isClosed();
    await silent.isClosed();
    assert.equal(scene.proxy.waiting, 0);
  });

  test('who is gone in the middle of the handshake, by whatever way, is forgotten', async (t) => {
    const { scene, dial } = await open(t);
    const [polite, rude] = [dial(), dial()];
    for (const end of [polite, rude]) {
      end.write(GREETING);
      await end.read(2);
    }
    polite.socket.end();
    rude.socket.resetAndDestroy();
    await polite.isClosed();
    await until(() => scene.proxy.waiting === 0, 'they are remembered');
  });
});

describe('who waits', () => {
  test('§10.1: attack: a third that names the same hash is refused', async (t) => {
    const { scene, dial } = await open(t);
    const [one, other] = [await dial().names(HASH), await dial().names(HASH)];
    const third = dial();
    third.write(Buffer.concat([GREETING, connectTo(HASH.toUpperCase())]));
    assert.deepEqual([...(await third.rest())], [5, 0, ...REFUSED(2)]);
    await one.isSilent();
    assert.deepEqual(waiting(scene), [['127.0.0.1', '127.0.0.1']]);
    other.socket.destroy();
    await until(() => waiting(scene)[0]?.length === 1, 'one is gone');
    await dial().names(HASH);
  });

  test('attack: guessing hashes finds nobody: each guess is one that waits for itself, and they are few', async (t) => {
    const { scene, dial } = await open(t, { perAddress: 5 });
    const victim = await dial('127.0.0.9').names(HASH);
    const guesses = [];
    for (let i = 0; i < 5; i++) guesses.push(await dial().names(String(i).repeat(40)));
    await dial().isClosed();
    await victim.isSilent(20);
    assert.equal(scene.proxy.waiting, 6);
    assert.ok(scene.proxy.list().every(({ state, addresses }) => state === 'waiting' && addresses.length === 1));
  });

  test('attack: a flood of half-open connections from one address keeps no other address out', async (t) => {
    const { scene, dial } = await open(t, { perAddress: 10, most: 15 });
    const flood = Array.from({ length: 40 }, () => dial('127.0.0.66'));
    await until(() => flood.filter(({ ended, closed }) => ended || closed).length === 30, 'more than 10 are let in');
    const friend = await dial('127.0.0.7').names(HASH);
    assert.equal(scene.proxy.waiting, 11);
    await friend.isSilent();
  });

  test('attack: from many addresses, whoever has waited alone the longest makes way, and two who have met do not', async (t) => {
    const { scene, dial } = await open(t, { most: 6, perAddress: 4 });
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const pair = [await dial('127.0.0.7').names(HASH), await dial('127.0.0.7').names(HASH)];
    const flood = [];
    for (let i = 0; i < 4; i++) flood.push(await dial('127.0.0.66').names(String(i).repeat(40)));
    await dial('127.0.0.8').isClosed(); // all are new
    t.mock.timers.tick(3_001);
    const late = await dial('127.0.0.8').names('f'.repeat(40));
    await flood[0]!.isClosed();
    t.mock.timers.tick(3_001);
    await dial('127.0.0.66').names('e'.repeat(40));
    await flood[1]!.isClosed();
    for (const end of [...pair, late, ...flood.slice(2)]) assert.equal(end.closed, false);
    assert.equal(scene.proxy.waiting, 6);
  });

  test('where one address is full, the same: an office behind a router goes on', async (t) => {
    const { dial } = await open(t, { perAddress: 4 });
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const pair = [await dial().names(HASH), await dial().names(HASH)];
    const [old, young] = [dial(), await dial().names('b'.repeat(40))];
    await until(() => old.socket.remotePort !== undefined, 'it does not connect');
    t.mock.timers.tick(3_001);
    const fresh = await dial().names('c'.repeat(40));
    t.mock.timers.tick(3_001);
    await dial().names('d'.repeat(40));
    for (const end of [old, young]) await end.isClosed();
    for (const end of [...pair, fresh]) assert.equal(end.closed || end.ended, false);
  });

  test('attack: pairs that nobody means to activate keep others of their address out for no longer than ten seconds', async (t) => {
    const { dial } = await open(t, { perAddress: 4 });
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const flood = [];
    for (const hash of ['b'.repeat(40), 'c'.repeat(40)]) {
      for (let i = 0; i < 2; i++) flood.push(await dial().names(hash));
    }
    t.mock.timers.tick(9_000);
    await dial().isClosed();
    for (const end of flood) assert.equal(end.closed || end.ended, false);
    t.mock.timers.tick(1_001);
    const friends = [await dial().names(HASH), await dial().names(HASH)];
    for (const end of flood.slice(0, 2)) await end.isClosed();
    for (const end of [...friends, ...flood.slice(2)]) assert.equal(end.closed || end.ended, false);
  });

  test('attack: half-open for ever: who waits alone, or for the word to go, is let go', async (t) => {
    const { scene, dial } = await open(t, { waitMs: 200 });
    const alone = await dial().names('b'.repeat(40));
    const first = await dial().names(HASH);
    await sleep(120);
    const second = await dial().names(HASH);
    await alone.isClosed();
    // The second had its time begin anew.
    assert.deepEqual([first.closed, second.closed], [false, false]);
    await first.isClosed();
    await second.isClosed();
    await until(() => scene.proxy.waiting === 0, 'they are remembered');
    assert.deepEqual(scene.proxy.list(), []);
  });

  test('a killed connection is forgotten at once, and its place can be taken again', async (t) => {
    const { scene, dial } = await open(t);
    for (const kill of ['resetAndDestroy', 'destroy', 'end'] as const) {
      const end = await dial().names(HASH);
      end.socket[kill]();
      await until(() => scene.proxy.list().length === 0, `${kill}: it is remembered`);
    }
    assert.equal(scene.proxy.waiting, 0);
  });

  test('an administrator ends what waits', async (t) => {
    const { scene, dial } = await open(t);
    const ends = [await dial().names(HASH), await dial().names(HASH)];
    const [one] = scene.proxy.list();
    assert.equal(one!.requester, undefined);
    assert.equal(scene.proxy.end('no such id'), false);
    assert.equal(scene.proxy.end(one!.id), true);
    for (const end of ends) await end.isClosed();
    await until(() => scene.proxy.waiting === 0, 'they are remembered');
  });
});
