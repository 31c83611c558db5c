import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from './scene.ts';

/** RFC 1928 §3: no authentication. */
export const GREETING = Buffer.from([5, 1, 0]);

/** XEP-0065 §5.3.2 */
export function hashOf(sid: string, requester: string, target: string): string {
  return createHash('sha1').update(`${sid}${requester}${target}`).digest('hex');
}

/** RFC 1928 §4: CONNECT to a name. */
export function connectTo(name: string, port = 0): Buffer {
  const head = Buffer.from([5, 1, 0, 3, name.length]);
  return Buffer.concat([head, Buffer.from(name, 'latin1'), Buffer.from([port >> 8, port & 255])]);
}

export function query(sid: string, target: string): string {
  return `<query xmlns='http://jabber.org/protocol/bytestreams' sid='${sid}'><activate>${target}</activate></query>`;
}

export function activation(sid: string, target: string, proxy = 'proxy.example.test'): string {
  return `<iq type='set' to='${proxy}'>${query(sid, target)}</iq>`;
}

/** Resolves once it is so. */
export async function until(so: () => boolean, what: string): Promise<void> {
  for (const deadline = performance.now() + 5_000; !so(); await sleep(2)) assert.ok(performance.now() < deadline, what);
}

/** One end of a bytestream, as a client has it. */
export class SocksEnd {
  readonly socket: Socket;
  readonly #got: Buffer[] = [];
  #size = 0;
  /** The other side has said that no more comes. */
  ended = false;
  closed = false;

  constructor(t: TestContext, port: number, from = '127.0.0.1') {
    this.socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#got.push(chunk);
      this.#size += chunk.length;
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('error', () => {});
    t.after(() => this.socket.destroy());
  }

  get size(): number {
    return this.#size;
  }

  write(data: Buffer | string): void {
    this.socket.write(data);
  }

  /** So many bytes, which must come. */
  async read(count: number): Promise<Buffer> {
    await until(() => this.#size >= count || this.closed, `only ${this.#size} bytes of ${count} came`);
    const all = Buffer.concat(this.#got.splice(0));
    assert.ok(all.length >= count, `only ${all.length} bytes of ${count} came before the end`);
    this.#got.push(all.subarray(count));
    this.#size = all.length - count;
    return all.subarray(0, count);
  }

  /** All that is there until the end. */
  async rest(): Promise<Buffer> {
    await until(() => this.ended || this.closed, 'no end came');
    this.#size = 0;
    return Buffer.concat(this.#got.splice(0));
  }

  /** Nothing comes, for a moment, and the connection stays. */
  async isSilent(ms = 60): Promise<void> {
    await sleep(ms);
    assert.deepEqual([this.#size, this.ended, this.closed], [0, false, false]);
  }

  async isClosed(): Promise<void> {
    await until(() => this.closed || this.ended, 'the connection stays');
  }

  /** The whole handshake, which must go well. */
  async names(hash: string): Promise<this> {
    this.write(GREETING);
    assert.deepEqual([...(await this.read(2))], [5, 0]);
    this.write(connectTo(hash));
    // §5.3.2: BND.ADDR and BND.PORT as they were sent.
    assert.deepEqual(await this.read(47), Buffer.concat([Buffer.from([5, 0]), connectTo(hash).subarray(2)]));
    return this;
  }
}

/** Gives the port on which the scene's proxy listens from now on. */
export function opened(scene: Scene, host = '127.0.0.1'): Promise<number> {
  return scene.proxy.listen({ host, port: 0 });
}

/** Reads a stream to its end without keeping it. */
export async function drained(stream: Readable): Promise<{ bytes: number; sha256: string }> {
  const sum = createHash('sha256');
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    sum.update(chunk);
  });
  await once(stream, 'end');
  return { bytes, sha256: sum.digest('hex') };
}
