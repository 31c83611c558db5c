import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect as connectTls, TLSSocket, type TLSSocketOptions } from 'node:tls';
import { StreamHeader } from '../../server/stream/parser.ts';
import { Element, elements, escapeAttribute, serialize } from '../../server/xmpp/element.ts';
import type { TestCertificate } from './authority.ts';
import { Wire } from './wire.ts';

export const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
export const EXTERNAL =
  "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
export const DIALBACK = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
export const BIDI = "<bidi xmlns='urn:xmpp:features:bidi'/>";
export const MANAGEMENT = "<sm xmlns='urn:xmpp:sm:3'/>";
export const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const PREFIX = "xmlns:db='jabber:server:dialback'";

/** What a header says; what is left out is not there. */
export interface Hello {
  readonly to?: string;
  readonly from?: string;
  readonly id?: string;
  /** Default: 1.0. `''`: none. */
  readonly version?: string;
}

/** One stream between the house and a server that says whatever a test wants, in either role. */
export class ServerWire extends Wire {
  readonly socket: Socket;

  constructor(socket: Socket) {
    super(socket, 'jabber:server');
    this.socket = socket;
  }

  /** Sends a header. What comes from now on is of a new stream, unless it has begun already (`answers`). */
  hello({ to = '', from, id, version = '1.0' }: Hello): void {
    const more = Object.entries({ from, id, version: version === '' ? undefined : version });
    const attributes = more.map(([name, value]) => (value === undefined ? '' : ` ${name}='${escapeAttribute(value)}'`));
    this.header(to, `${PREFIX}${attributes.join('')}`);
  }

  /** Begins a stream, and reads what is offered. */
  async begins(hello: Hello): Promise<Element> {
    this.hello(hello);
    await this.heads();
    return this.offers();
  }

  /** The other side's header comes next. */
  async heads(): Promise<StreamHeader> {
    const item = await this.next();
    if (item instanceof StreamHeader) return item;
    assert.fail(`not a header: ${item === undefined || item === 'close' ? 'the end' : serialize(item)}`);
  }

  async offers(): Promise<Element> {
    const features = await this.element();
    assert.equal(features.name, 'features', serialize(features));
    return features;
  }

  /** TLS as who has called, with a certificate or without one. */
  async encrypts(certificate?: TestCertificate, options: ConnectionOptions = {}): Promise<TLSSocket> {
    this.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await this.receives("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    return this.encryptsNow(certificate, options);
  }

  async encryptsNow(certificate?: TestCertificate, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const { socket } = this;
    const tls = connectTls({ socket, rejectUnauthorized: false, ...shown(certificate), ...options });
    await once(tls, 'secureConnect');
    this.over(tls);
    return tls;
  }

  /** All of it from the first header to the features that are offered to `from`, encrypted. */
  async introduces(hello: Hello, certificate?: TestCertificate): Promise<Element> {
    await this.begins(hello);
    await this.encrypts(certificate);
    return this.begins(hello);
  }

  /** Shows who it is by certificate, and begins anew. */
  async authenticates(hello: Hello, authzid = '='): Promise<Element> {
    this.write(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>${authzid}</auth>`);
    await this.receives(`<success xmlns='${SASL}'/>`);
    return this.begins(hello);
  }

  /** Reads their header and answers it. */
  async answers(features: string, hello: Omit<Hello, 'to'>): Promise<StreamHeader> {
    const header = await this.heads();
    this.#says({ ...hello, to: header.from });
    this.write(`<stream:features>${features}</stream:features>`);
    return header;
  }

  /** TLS as who was called, once they ask for it. */
  async isEncrypted(certificate: TestCertificate, options: TLSSocketOptions = {}): Promise<TLSSocket> {
    await this.receives("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    this.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    const asked = { isServer: true, requestCert: true, rejectUnauthorized: false };
    const tls = new TLSSocket(this.socket, { ...asked, ...shown(certificate), ...options });
    this.over(tls);
    return tls;
  }

  /** What a server that is called does up to its features on the encrypted stream. */
  async welcomes(certificate: TestCertificate, features: string, hello: Omit<Hello, 'to'>): Promise<StreamHeader> {
    await this.answers(STARTTLS, hello);
    await this.isEncrypted(certificate);
    return this.answers(features, hello);
  }

  /** A header in answer to theirs: what they have sent already stays. */
  #says({ to = '', from, id, version = '1.0' }: Hello): void {
    const given = Object.entries({ to, from, id, version }).filter(([, value]) => value !== undefined && value !== '');
    const attributes = given.map(([name, value]) => ` ${name}='${escapeAttribute(String(value))}'`).join('');
    this.write(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' ${PREFIX}${attributes}>`,
    );
  }

  /** The next element but for those of stream management and features. */
  async stanza(): Promise<Element> {
    for (;;) {
      const element = await this.element();
      if (element.attrs.xmlns !== 'urn:xmpp:sm:3') return element;
    }
  }

  /** Says that somebody is a domain, by a key (XEP-0220 §2.1.1). */
  claims(from: string, to: string, key = 'key'): void {
    this.write(`<db:result from='${from}' to='${to}'>${key}</db:result>`);
  }

  /** What is said of the next claim: `valid`, `invalid`, or the condition of an error. */
  async verdict(from: string, to: string): Promise<string> {
    const result = await this.stanza();
    assert.equal(result.attrs.xmlns, 'jabber:server:dialback', serialize(result));
    assert.deepEqual([result.name, result.attrs.from, result.attrs.to], ['result', to, from], serialize(result));
    const [error] = elements(result);
    return error === undefined ? String(result.attrs.type) : elements(error)[0]!.name;
  }

  /** Asks whether a key was made by the house (§2.1.3). */
  async isTold(from: string, to: string, id: string, key: string): Promise<string> {
    this.write(`<db:verify from='${from}' to='${to}' id='${id}'>${key}</db:verify>`);
    const answer = await this.stanza();
    assert.deepEqual([answer.name, answer.attrs.from, answer.attrs.to, answer.attrs.id], ['verify', to, from, id]);
    return String(answer.attrs.type);
  }

  /** Resolves when the house has ended the connection, whatever it has said before. Gives the conditions of stream errors. */
  async isOver(): Promise<string[]> {
    const conditions: string[] = [];
    for (let item = await this.next(); item !== undefined; item = await this.next()) {
      if (item === 'close' || item instanceof StreamHeader || item.name !== 'error') continue;
      const [condition] = item.children;
      if (typeof condition === 'object') conditions.push(condition.name);
    }
    return conditions;
  }
}

function shown(certificate: TestCertificate | undefined): { cert?: string; key?: string } {
  return certificate === undefined ? {} : { cert: certificate.chainPem, key: certificate.keyPem };
}

/** Calls a port of the house. */
export async function calls(t: TestContext, port: number): Promise<ServerWire> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return new ServerWire(socket);
}

/** A server that the house calls. */
export class ServerPeer {
  readonly port: number;
  readonly #calls: Socket[] = [];
  #wake: (() => void) | undefined;
  #handle: ((wire: ServerWire) => Promise<void>) | undefined;
  /** How often it was called. */
  count = 0;
  /** What went wrong with the calls that were handled. */
  readonly failures: unknown[] = [];

  private constructor(t: TestContext, server: Server) {
    this.port = (server.address() as { port: number }).port;
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      this.count++;
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      if (this.#handle !== undefined) this.#take(socket);
      else this.#calls.push(socket);
      this.#wake?.();
    });
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  }

  static async listens(t: TestContext): Promise<ServerPeer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ServerPeer(t, server);
  }

  get place(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next call. */
  async called(): Promise<ServerWire> {
    while (this.#calls.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return new ServerWire(this.#calls.shift()!);
  }

  /** The same as a bare socket, of which nothing was read. */
  async dialled(): Promise<Socket> {
    return (await this.called()).socket;
  }

  /** Does this with every call from now on; that a connection ends in the middle of it is no failure. */
  handles(handle: (wire: ServerWire) => Promise<void>): void {
    this.#handle = handle;
    for (const socket of this.#calls.splice(0)) this.#take(socket);
  }

  /** Says of every key that it is good or not, as a server of its domain that is called. */
  vouches(certificate: TestCertificate, domain: string, type: 'valid' | 'invalid' = 'valid'): void {
    this.handles(async (wire) => {
      await wire.welcomes(certificate, DIALBACK, { from: domain, id: 'vouching' });
      for (let item = await wire.next(); item instanceof Element; item = await wire.next()) {
        const { name, attrs } = item;
        if (name !== 'verify') continue;
        const { from = '', to = '', id = '' } = attrs;
        wire.write(`<db:verify from='${to}' to='${from}' id='${id}' type='${type}'/>`);
      }
    });
  }

  #take(socket: Socket): void {
    const wire = new ServerWire(socket);
    this.#handle!(wire).catch((error: unknown) => {
      if (!wire.ended) this.failures.push(error);
    });
  }
}
