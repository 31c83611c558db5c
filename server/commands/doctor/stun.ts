import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Session Traversal Utilities for NAT (RFC 8489) and Traversal Using Relays around NAT (RFC 8656): as much as asks a relay whether it works. */

export type RelayTransport = 'udp' | 'tcp' | 'tls';

export interface RelayPlace {
  readonly host: string;
  readonly port: number;
  readonly transport: RelayTransport;
}

const COOKIE = 0x2112a442;
const BINDING = 0x0001;
const ALLOCATE = 0x0003;
const REFRESH = 0x0004;
const SUCCESS = 0x0100;
const ERROR = 0x0110;
const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const LIFETIME = 0x000d;
const REALM = 0x0014;
const NONCE = 0x0015;
const TRANSPORT = 0x0019;
const UDP = Buffer.from([17, 0, 0, 0]);
const HEAD = 20;

type Attribute = readonly [type: number, value: Buffer];

interface Answer {
  readonly type: number;
  readonly attributes: ReadonlyMap<number, Buffer>;
}

function pad(length: number): number {
  return (4 - (length % 4)) % 4;
}

function encode(type: number, id: Buffer, attributes: readonly Attribute[], key?: Buffer): Buffer {
  const parts = attributes.map(([kind, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(kind, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc(pad(value.length))]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(type, 0);
  // §14.5: the length counts the integrity that follows, the integrity is over what is before it.
  head.writeUInt16BE(body.length + (key === undefined ? 0 : 24), 2);
  head.writeUInt32BE(COOKIE, 4);
  id.copy(head, 8);
  const message = Buffer.concat([head, body]);
  if (key === undefined) return message;
  const integrity = Buffer.alloc(4);
  integrity.writeUInt16BE(INTEGRITY, 0);
  integrity.writeUInt16BE(20, 2);
  return Buffer.concat([message, integrity, createHmac('sha1', key).update(message).digest()]);
}

/** The answer to a request; undefined for what is none. */
function decode(bytes: Buffer, id: Buffer): Answer | undefined {
  if (bytes.length < HEAD || bytes.readUInt32BE(4) !== COOKIE || !bytes.subarray(8, HEAD).equals(id)) return undefined;
  const attributes = new Map<number, Buffer>();
  const end = Math.min(bytes.length, HEAD + bytes.readUInt16BE(2));
  for (let at = HEAD; at + 4 <= end; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > end) break;
    attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length + pad(length);
  }
  return { type: bytes.readUInt16BE(0), attributes };
}

/** One way to a relay. */
interface Line extends Disposable {
  send(bytes: Buffer): void;
  listen(take: (bytes: Buffer) => void, failed: (error: Error) => void): void;
  /** ms after which a request is sent once more, as it may be lost; undefined where none is. */
  readonly again: number | undefined;
}

async function udpLine(host: string, port: number): Promise<Line> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  return {
    again: 500,
    send: (bytes) => socket.send(bytes, port, address),
    listen: (take, failed) => void socket.on('message', take).on('error', failed),
    [Symbol.dispose]: () => socket.close(),
  };
}

function streamLine({ host, port, transport }: RelayPlace): Line {
  // Whether the relay's certificate is good is for the apps to say; here it is asked whether it answers.
  const socket = transport === 'tls' ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
  return {
    again: undefined,
    send: (bytes) => void socket.write(bytes),
    listen(take, failed) {
      let rest = Buffer.alloc(0);
      socket.on('error', failed).on('close', () => failed(new Error('it hung up')));
      socket.on('data', (piece: Buffer) => {
        rest = Buffer.concat([rest, piece]);
        if (rest.length > 65_536) socket.destroy();
        for (let size = 0; rest.length >= HEAD; rest = rest.subarray(size)) {
          size = HEAD + rest.readUInt16BE(2);
          if (rest.length < size) return;
          take(rest.subarray(0, size));
        }
      });
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** How a relay was found. */
export type RelayState = 'works' | 'silent' | 'no-stun' | 'refuses-pass' | 'open' | 'no-relay';

/**
 * Asks a relay for its view of us, and with a pass for a place to relay from, which is given back at once. `silent`: nobody answers.
 * `refuses-pass`: another secret. `open`: it asks nobody for a pass. `no-relay`: it answers but gives no place. Never rejects.
 */
export async function askRelay(
  place: RelayPlace,
  pass: { readonly username: string; readonly password: string } | undefined,
  signal: AbortSignal,
): Promise<{ readonly state: RelayState; readonly said: string }> {
  try {
    using line = place.transport === 'udp' ? await udpLine(place.host, place.port) : streamLine(place);
    const asked = new Asking(line, signal);
    const binding = await asked.ask(BINDING, []);
    if (binding.type !== (BINDING | SUCCESS)) return { state: 'no-stun', said: reason(binding) };
    if (pass === undefined) return { state: 'works', said: '' };
    const first = await asked.ask(ALLOCATE, [[TRANSPORT, UDP]]);
    if (first.type === (ALLOCATE | SUCCESS)) return { state: 'open', said: '' };
    const realm = first.attributes.get(REALM);
    const nonce = first.attributes.get(NONCE);
    if (realm === undefined || nonce === undefined) return { state: 'no-relay', said: reason(first) };
    const { username, password } = pass;
    const key = createHash('md5')
      .update(`${username}:${realm.toString('utf8')}:${password}`)
      .digest();
    const known: Attribute[] = [
      [USERNAME, Buffer.from(username)],
      [REALM, realm],
      [NONCE, nonce],
    ];
    const second = await asked.ask(ALLOCATE, [[TRANSPORT, UDP], ...known], key);
    if (second.type !== (ALLOCATE | SUCCESS)) {
      const refused = /^(?:401|441)\b/.test(reason(second));
      return { state: refused ? 'refuses-pass' : 'no-relay', said: reason(second) };
    }
    await asked.ask(REFRESH, [[LIFETIME, Buffer.alloc(4)], ...known], key).catch(() => undefined);
    return { state: 'works', said: '' };
  } catch (error) {
    return { state: 'silent', said: error instanceof Error ? error.message : String(error) };
  }
}

function reason({ type, attributes }: Answer): string {
  const value = attributes.get(ERROR_CODE);
  if ((type & ERROR) !== ERROR || value === undefined || value.length < 4)
    return `an answer of type ${type.toString(16)}`;
  const words = value
    .toString('utf8', 4)
    .replace(/[^ -~]/g, '')
    .slice(0, 100);
  return `${(value[2]! & 7) * 100 + value[3]!} ${words}`;
}

const PATIENCE_MS = 3_000;

class Asking {
  readonly #line: Line;
  readonly #signal: AbortSignal;
  #take: (bytes: Buffer) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  constructor(line: Line, signal: AbortSignal) {
    this.#line = line;
    this.#signal = signal;
    line.listen(
      (bytes) => this.#take(bytes),
      (error) => this.#failed(error),
    );
  }

  async ask(type: number, attributes: readonly Attribute[], key?: Buffer): Promise<Answer> {
    const id = randomBytes(12);
    const request = encode(type, id, attributes, key);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#take = (bytes) => {
      const answer = decode(bytes, id);
      if (answer !== undefined) resolve(answer);
    };
    this.#failed = reject;
    const abort = (): void => reject(new Error('there was no time left'));
    this.#signal.addEventListener('abort', abort, { once: true });
    const patience = setTimeout(() => reject(new Error('nothing came back')), PATIENCE_MS);
    const { again } = this.#line;
    const repeat = again === undefined ? undefined : setInterval(() => this.#line.send(request), again);
    this.#line.send(request);
    try {
      return await promise;
    } finally {
      clearTimeout(patience);
      clearInterval(repeat);
      this.#signal.removeEventListener('abort', abort);
    }
  }
}
