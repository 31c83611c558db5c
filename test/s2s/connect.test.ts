import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { isPublic } from '../../server/s2s/addresses.ts';
import type { Try } from '../../server/s2s/attempt.ts';
import { type ConnectOptions, connect } from '../../server/s2s/connect.ts';
import { NameError, type NameFailure, type Names } from '../../server/s2s/names.ts';
import { LinkProblem } from '../../server/s2s/problem.ts';
import { interleaved } from '../../server/s2s/race.ts';
import type { Target } from '../../server/s2s/target.ts';

function hosts(all: Record<string, readonly string[] | NameFailure>): Names {
  const addresses = async (host: string): Promise<readonly string[]> => {
    const found = all[host] ?? 'no-name';
    if (typeof found === 'string') throw new NameError(found, host);
    return found;
  };
  return { srv: (name) => Promise.reject(new NameError('no-name', name)), addresses, published: addresses };
}

function target(host: string, port = 5269): Target {
  return { host, port, transport: 'starttls' };
}

/** Sockets that do what the test tells them: by address, a reason to fail with, `up`, or nothing for a long time. */
class Dialed {
  readonly sockets = new Map<string, Socket>();
  readonly #plan: Readonly<Record<string, string | undefined>>;
  readonly #waiting = new Map<string, () => void>();

  constructor(plan: Readonly<Record<string, string | undefined>>) {
    this.#plan = plan;
  }

  readonly dial = (address: string): Socket => {
    const socket = new Socket();
    this.sockets.set(address, socket);
    const does = this.#plan[address];
    if (does === 'up') setImmediate(() => socket.emit('connect'));
    else if (does !== undefined) setImmediate(() => socket.destroy(Object.assign(new Error(does), { code: does })));
    this.#waiting.get(address)?.();
    return socket;
  };

  get order(): string[] {
    return [...this.sockets.keys()];
  }

  async asked(address: string): Promise<Socket> {
    if (!this.sockets.has(address)) await new Promise<void>((go) => this.#waiting.set(address, go));
    return this.sockets.get(address)!;
  }
}

/** No patience of the test itself: what is to happen must not hang on a clock. */
const LONG = { stagger: 30_000, address: 30_000, total: 30_000 };

function options(more: Partial<ConnectOptions> = {}): ConnectOptions & { tried: Try[] } {
  const tried: Try[] = [];
  return {
    signal: new AbortController().signal,
    mayUse: () => true,
    domain: 'example.test',
    times: LONG,
    ...more,
    tried,
  };
}

async function problem(names: Names, targets: readonly Target[], given: ConnectOptions): Promise<LinkProblem> {
  const error = await connect(names, targets, given).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof LinkProblem, String(error));
  return error;
}

const failures = (tried: readonly Try[]): string[] =>
  tried.map(({ address, failed }) => `${address} ${failed ?? 'up'}`);

async function listening(t: TestContext, host = '127.0.0.1'): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

async function closedPort(t: TestContext): Promise<number> {
  const { server, port } = await listening(t);
  server.close();
  await once(server, 'close');
  return port;
}

describe('connecting to another server', () => {
  it('addresses of both families take turns, IPv6 first (RFC 8305 §4)', () => {
    const mixed = interleaved(['::1', '::2', '::3', '10.0.0.1', '10.0.0.2']);
    assert.deepEqual(mixed, ['::1', '10.0.0.1', '::2', '10.0.0.2', '::3']);
    assert.deepEqual(interleaved(['10.0.0.1']), ['10.0.0.1']);
    assert.deepEqual(interleaved([]), []);
  });

  it('really connects, by the next address and the next target; the socket is kept alive and does not wait', async (t) => {
    const { server, port } = await listening(t);
    const closed = await closedPort(t);
    const names = hosts({ 'a.test': ['127.0.0.1'], 'b.test': ['127.0.0.2', '127.0.0.1'], 'c.test': ['127.0.0.1'] });
    const targets = [target('a.test', closed), target('b.test', port), target('c.test', port)];
    const given = options();
    const arrived = once(server, 'connection') as Promise<[Socket]>;
    const { socket, target: used, address, rest } = await connect(names, targets, given);
    const [theirs] = await arrived;
    t.after(() => [socket, theirs].map((one) => one.destroy()));
    assert.deepEqual([used.host, address, socket.remotePort, rest.length], ['b.test', '127.0.0.1', port, 1]);
    assert.deepEqual(failures(given.tried), ['127.0.0.1 refused', '127.0.0.2 refused', '127.0.0.1 up']);
    theirs.write('hello');
    assert.equal(String((await once(socket, 'data'))[0]), 'hello');
  });

  it('the next address is begun beside one that does not answer; the loser is destroyed (RFC 8305 §5)', async () => {
    const dialed = new Dialed({ '10.0.0.1': 'up' });
    const names = hosts({ 'a.test': ['fd00::1', '10.0.0.1', '10.0.0.2'] });
    const { address, socket } = await connect(
      names,
      [target('a.test')],
      options({ dial: dialed.dial, times: { ...LONG, stagger: 5 } }),
    );
    assert.equal(address, '10.0.0.1');
    assert.equal(dialed.sockets.get('fd00::1')!.destroyed, true);
    assert.equal(socket.destroyed, false);
    assert.ok(!dialed.sockets.has('10.0.0.2'));
  });

  it('the first that is connected wins, be it the one that was begun first', async () => {
    const dialed = new Dialed({});
    const given = options({ dial: dialed.dial, times: { ...LONG, stagger: 1 } });
    const done = connect(hosts({ 'a.test': ['fd00::1', '10.0.0.1'] }), [target('a.test')], given);
    const second = await dialed.asked('10.0.0.1');
    dialed.sockets.get('fd00::1')!.emit('connect');
    assert.equal((await done).address, 'fd00::1');
    assert.equal(second.destroyed, true);
    assert.deepEqual(failures(given.tried), ['fd00::1 up']);
  });

  it('one that fails makes way at once', async () => {
    const dialed = new Dialed({
      'fd00::1': 'ENETUNREACH',
      '10.0.0.1': 'ECONNREFUSED',
      'fd00::2': 'EHOSTUNREACH',
      '10.0.0.2': 'up',
    });
    const given = options({ dial: dialed.dial });
    const names = hosts({ 'a.test': ['fd00::1', 'fd00::2', '10.0.0.1', '10.0.0.2'] });
    assert.equal((await connect(names, [target('a.test')], given)).address, '10.0.0.2');
    assert.deepEqual(failures(given.tried), [
      'fd00::1 unreachable',
      '10.0.0.1 refused',
      'fd00::2 unreachable',
      '10.0.0.2 up',
    ]);
  });

  it('the most telling of what went wrong is told', async () => {
    const names = hosts({
      'a.test': ['fd00::1', '10.0.0.1'],
      'b.test': ['10.0.0.2'],
      'none.test': 'no-record',
      'slow.test': 'timeout',
      'broken.test': 'failed',
    });
    const dialed = new Dialed({ 'fd00::1': 'ENETUNREACH', '10.0.0.1': 'ECONNREFUSED', '10.0.0.2': 'ETIMEDOUT' });
    const seen = async (...all: string[]) =>
      await problem(
        names,
        all.map((host) => target(host)),
        options({ dial: dialed.dial }),
      );
    const refused = await seen('none.test', 'b.test', 'a.test');
    assert.equal(refused.code, 'refused');
    assert.deepEqual(refused.facts, { domain: 'example.test', host: 'a.test', port: 5269, address: '10.0.0.1' });
    assert.equal((await seen('none.test', 'b.test')).code, 'connect-timeout');
    assert.equal((await seen('none.test')).code, 'no-address');
    assert.equal((await seen('none.test', 'slow.test', 'broken.test')).code, 'dns-timeout');
    assert.equal((await seen('none.test', 'broken.test')).code, 'dns-failed');
    assert.equal((await seen('nobody.test')).facts.host, 'nobody.test');
  });

  it('attack: records that lead into our own network (SSRF); the address that was checked is the one connected to', async () => {
    const dialed = new Dialed({ '93.184.215.14': 'up' });
    const names = hosts({
      'in.test': ['::1', '127.0.0.1', '::ffff:10.0.0.1', '169.254.169.254'],
      'out.test': ['10.0.0.1', '93.184.215.14'],
    });
    const given = options({ dial: dialed.dial, mayUse: isPublic });
    const { address } = await connect(names, [target('in.test'), target('out.test')], given);
    assert.equal(address, '93.184.215.14');
    assert.deepEqual(dialed.order, ['93.184.215.14']);
    assert.equal(given.tried.filter(({ failed }) => failed === 'private').length, 5);
    const { code, facts, lasting } = await problem(
      names,
      [target('in.test')],
      options({ dial: dialed.dial, mayUse: isPublic }),
    );
    assert.equal(code, 'private-address');
    assert.deepEqual(facts, { domain: 'example.test', host: 'in.test', port: 5269, address: '::1' });
    assert.equal(lasting, true);
    assert.equal(dialed.order.length, 1);
  });

  it('attack: addresses that swallow everything; each has a time, and so have all', async () => {
    const dialed = new Dialed({});
    const names = hosts({ 'a.test': ['10.0.0.1', '10.0.0.2'], 'b.test': ['10.0.0.3'] });
    const each = options({ dial: dialed.dial, times: { stagger: 1, address: 20, total: 30_000 } });
    assert.equal((await problem(names, [target('a.test'), target('b.test')], each)).code, 'connect-timeout');
    assert.deepEqual(failures(each.tried), ['10.0.0.1 timeout', '10.0.0.2 timeout', '10.0.0.3 timeout']);
    const all = options({ dial: dialed.dial, times: { stagger: 1, address: 30_000, total: 50 } });
    assert.equal((await problem(names, [target('a.test'), target('b.test')], all)).code, 'connect-timeout');
    assert.ok([...dialed.sockets.values()].every(({ destroyed }) => destroyed));
  });

  it('attack: names whose addresses never come are not waited for longer than all may take', async () => {
    const names = hosts({});
    names.addresses = (_, signal) =>
      new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const given = options({ times: { ...LONG, total: 20 } });
    assert.equal((await problem(names, [target('a.test'), target('b.test')], given)).code, 'dns-timeout');
  });

  it('attack: records that make us knock at very many doors', async () => {
    const many = Array.from({ length: 32 }, (_, at) => `10.0.0.${at}`);
    const dialed = new Dialed(Object.fromEntries(many.map((address) => [address, 'ECONNREFUSED'])));
    const names = hosts(Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`h${at}.test`, many])));
    const asked: string[] = [];
    const addresses = (host: string, signal: AbortSignal): Promise<readonly string[]> => {
      asked.push(host);
      return names.addresses(host, signal);
    };
    const counted: Names = { ...names, addresses };
    const targets = Array.from({ length: 16 }, (_, at) => target(`h${at}.test`));
    const given = options({ dial: dialed.dial });
    assert.equal((await problem(counted, targets, given)).code, 'refused');
    assert.equal(given.tried.length, 32);
    assert.equal(dialed.sockets.size, 8);
    assert.equal(asked.length, 4);
    // Those that may not be used count, too.
    const mostly = options({ dial: dialed.dial, mayUse: (address) => Number(address.slice(7)) > 6 });
    await problem(counted, targets, mostly);
    assert.ok(mostly.tried.length <= 40, `${mostly.tried.length}`);
  });

  it('the signal ends it, and nothing stays open', async () => {
    const dialed = new Dialed({});
    const stop = new AbortController();
    const names = hosts({ 'a.test': ['10.0.0.1', '10.0.0.2'] });
    const done = connect(
      names,
      [target('a.test')],
      options({ dial: dialed.dial, signal: stop.signal, times: { ...LONG, stagger: 1 } }),
    );
    done.catch(() => undefined);
    await dialed.asked('10.0.0.2');
    stop.abort(new RangeError('enough'));
    await assert.rejects(done, RangeError);
    assert.ok([...dialed.sockets.values()].every(({ destroyed }) => destroyed));
    await assert.rejects(connect(names, [target('a.test')], options({ signal: stop.signal })), RangeError);
  });

  it('an error of a socket that nobody listens to yet ends no process', async () => {
    const dialed = new Dialed({ '10.0.0.1': 'up' });
    const { socket } = await connect(
      hosts({ 'a.test': ['10.0.0.1'] }),
      [target('a.test')],
      options({ dial: dialed.dial }),
    );
    const closed = new Promise((gone) => socket.once('close', gone));
    socket.destroy(new Error('gone'));
    await closed;
  });
});
