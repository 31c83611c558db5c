import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext, TLSSocket } from 'node:tls';
import { Connection } from '../../server/c2s/connection.ts';
import { ClientDoor, type ClientDoorOptions, type ClientLimits } from '../../server/c2s/door.ts';
import { socketPeer } from '../../server/c2s/peer.ts';
import { registrarOf } from '../../server/registrar.ts';
import { StreamHeader, type StreamItem, StreamParser } from '../../server/stream/parser.ts';
import { child, Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { PASSWORD, type Scene } from './scene.ts';
import { ScramClient, type ScramClientOptions } from './scram-client.ts';
import { difference, stanza } from './xml.ts';

const STREAM = 'http://etherx.jabber.org/streams';
const ROOMY = { bytes: 1e9, depth: 1e4, attributes: 1e4, children: 1e6, namespaces: 1e6 };
const PATIENCE = 10_000;

/** A client at the other end of a Duplex, who speaks as raw as a test likes. */
export class Wire {
  duplex: Duplex;
  readonly #items: StreamItem[] = [];
  #parser!: StreamParser;
  #wake: (() => void) | undefined;
  /** The connection is closed, or the server has ended its side. */
  ended = false;
  /** Bytes received. */
  bytes = 0;

  readonly #namespace: string;

  constructor(duplex: Duplex, namespace = 'jabber:client') {
    this.#namespace = namespace;
    this.duplex = duplex;
    this.over(duplex);
  }

  /** Goes on over another Duplex. */
  over(duplex: Duplex): void {
    this.duplex.removeAllListeners('data');
    this.duplex = duplex;
    this.#newParser();
    duplex.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.#parser.write(chunk);
    });
    const end = () => {
      if (duplex !== this.duplex) return;
      this.ended = true;
      this.#wake?.();
    };
    duplex.on('end', end).on('close', end).on('error', end);
  }

  #newParser(): void {
    const parser = new StreamParser(this.#namespace, ROOMY, (item) => {
      if (parser !== this.#parser) return;
      this.#items.push(item);
      this.#wake?.();
    });
    this.#parser = parser;
  }

  write(xml: string | Buffer): void {
    this.duplex.write(xml);
  }

  /** Begins a stream: what comes from now on is the server's new one. */
  header(to: string, more = "version='1.0'"): void {
    this.#newParser();
    const address = to === '' ? '' : ` to='${to}'`;
    this.write(
      `<?xml version='1.0'?><stream:stream xmlns='${this.#namespace}' xmlns:stream='${STREAM}'${address} ${more}>`,
    );
  }

  /** The next item, undefined when the connection ended instead. */
  async next(): Promise<StreamItem | undefined> {
    const timer = AbortSignal.timeout(PATIENCE);
    while (this.#items.length === 0) {
      if (this.ended) return undefined;
      assert.ok(!timer.aborted, 'the server said nothing');
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        sleep(PATIENCE, undefined, { ref: false }),
      ]);
    }
    return this.#items.shift();
  }

  async element(): Promise<Element> {
    const item = await this.next();
    assert.ok(item instanceof Element, `not an element: ${item instanceof StreamHeader ? 'a header' : item}`);
    return item;
  }

  /** The next element, which must be like this one (see `difference`). */
  async receives(xml: string): Promise<Element> {
    const expected = stanza(xml);
    const got = await this.element();
    assert.equal(difference(expected, got), undefined, `expected ${xml}\nreceived ${serialize(got)}`);
    return got;
  }

  async receivesNothing(ms = 30): Promise<void> {
    await sleep(ms);
    assert.deepEqual(
      this.#items.map((item) => (item instanceof Element ? serialize(item) : item)),
      [],
    );
  }

  /** All that has come. */
  async all(ms = 30): Promise<Element[]> {
    await sleep(ms);
    return this.#items.splice(0).filter((item) => item instanceof Element);
  }

  /** Opens a stream and reads its features. */
  async opens(to: string, more?: string): Promise<Element> {
    this.header(to, more);
    assert.ok((await this.next()) instanceof StreamHeader);
    const features = await this.element();
    assert.deepEqual([features.name, features.attrs.xmlns], ['features', STREAM]);
    return features;
  }

  /** The stream must end with this error, then be closed. Gives the error. */
  async fails(condition: string): Promise<Element> {
    for (;;) {
      const item = await this.next();
      assert.ok(item !== undefined && item !== 'close', `the stream ended without ${condition}`);
      if (!(item instanceof Element) || item.name !== 'error' || item.attrs.xmlns !== STREAM) continue;
      assert.equal(elements(item)[0]?.name, condition, serialize(item));
      assert.equal(await this.next(), 'close');
      assert.equal(await this.next(), undefined, 'the connection is not closed');
      return item;
    }
  }

  /** Sends <auth/> and answers challenges until it is decided. Gives <success/> or <failure/>. */
  async scram(
    mechanism: string,
    user: string,
    password = PASSWORD,
    options: ScramClientOptions = {},
  ): Promise<Element> {
    const hash = mechanism.replace('SCRAM-SHA-', 'sha').replace('-PLUS', '');
    const client = new ScramClient(hash, user, password, options);
    this.write(sasl('auth', client.first(), `mechanism='${mechanism}'`));
    const challenge = await this.element();
    if (challenge.name !== 'challenge') return challenge;
    this.write(sasl('response', client.final(Buffer.from(textOf(challenge), 'base64').toString())));
    const end = await this.element();
    if (end.name === 'success') assert.ok(client.accepts(Buffer.from(textOf(end), 'base64').toString()));
    return end;
  }

  /** Logs in by PLAIN. Gives <success/> or <failure/>. */
  async plain(user: string, password = PASSWORD, authzid = ''): Promise<Element> {
    this.write(sasl('auth', `${authzid}\0${user}\0${password}`, "mechanism='PLAIN'"));
    return this.element();
  }

  /** From a fresh connection to a stream of one's own account. Gives its features. */
  async logsIn(bare: string): Promise<Element> {
    const [user, domain] = bare.split('@') as [string, string];
    await this.opens(domain);
    const outcome = await this.plain(user);
    assert.equal(outcome.name, 'success', serialize(outcome));
    return this.opens(domain);
  }

  /** The same, and binds a resource. Gives the full address. */
  async binds(full: string): Promise<string> {
    const [bare, resource = ''] = full.split('/') as [string, string?];
    await this.logsIn(bare);
    return this.bind(resource);
  }

  async bind(resource = ''): Promise<string> {
    const wish = resource === '' ? '' : `<resource>${resource}</resource>`;
    this.write(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`);
    const answer = await this.receives(
      "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid/></bind></iq>",
    );
    return textOf(child(child(answer, 'bind', 'urn:ietf:params:xml:ns:xmpp-bind')!, 'jid'));
  }

  /** Is gone without a word. */
  cut(): void {
    this.duplex.destroy();
  }
}

export function sasl(name: string, text: string, more = ''): string {
  const content = text === '' ? '=' : Buffer.from(text).toString('base64');
  return `<${name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl' ${more}>${content}</${name}>`;
}

export const LIMITS: ClientLimits = {
  beforeLogin: { bytes: 10_000, depth: 8, attributes: 24, children: 64, namespaces: 24 },
  afterLogin: { bytes: 262_144, depth: 64, attributes: 64, children: 5_000, namespaces: 64 },
  loginSeconds: 60,
  idleSeconds: 300,
  pingSeconds: 60,
  connectionsPerAddress: 100_000,
};

export interface DoorOptions {
  readonly limits?: Partial<ClientLimits>;
  readonly secureContext?: ClientDoorOptions['secureContext'];
}

/** Connections that the door does not know of, as they did not come through its listeners. */
const dialled = new WeakMap<ClientDoor, Connection[]>();

/** A door into a scene's house. */
export function openDoor(t: TestContext, scene: Scene, options: DoorOptions = {}): ClientDoor {
  const door = new ClientDoor({
    hosts: scene.hosts,
    limits: { ...LIMITS, ...options.limits },
    log: scene.house.log,
    secureContext: options.secureContext ?? (() => undefined as unknown as SecureContext),
    fakeSaltSecret: Buffer.alloc(32, 'secret'),
    iterations: 10,
    registrar: registrarOf(() => scene.commands),
    tokenKey: Buffer.alloc(32, 'token'),
  });
  const connections: Connection[] = [];
  dialled.set(door, connections);
  t.after(async () => {
    for (const { stream } of connections) stream.destroy();
    await door.close();
  });
  return door;
}

export interface DialOptions {
  /** Whether the connection counts as encrypted. */
  readonly tls?: boolean;
  readonly address?: string;
}

/** A connection in memory: no sockets, no encryption, though the server believes that there is. */
export function dial(
  door: ClientDoor,
  options: DialOptions = {},
): { wire: Wire; connection: Connection; over: Promise<void> } {
  const [theirs, ours] = duplexPair();
  Object.assign(theirs, { remoteAddress: options.address ?? '192.0.2.1' });
  const transport = options.tls === false ? 'starttls' : 'tls';
  const secure = (plain: Socket, domain: string) => door.secure(plain, domain);
  const connection = new Connection(door, socketPeer(theirs as Socket, transport, door.limits.beforeLogin, secure));
  dialled.get(door)?.push(connection);
  if (options.tls !== false) connection.tls = FAKE_TLS;
  return { wire: new Wire(ours), connection, over: connection.run() };
}

/** As much of a TLSSocket as negotiation asks for; channel bindings are tested over real ones. */
const FAKE_TLS = {
  getProtocol: () => 'TLSv1.3',
  getCipher: () => ({ name: 'TLS_AES_128_GCM_SHA256' }),
  isSessionReused: () => false,
  getPeerFinished: () => undefined,
} as unknown as TLSSocket;
