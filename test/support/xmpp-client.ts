import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Element, Parser } from '@xmpp/xml';
import type { Appliance } from './appliance.ts';
import { ScramClient } from './scram-client.ts';

const WAIT_MS = 10_000;

export interface LoginOptions {
  readonly resource?: string;
  /** The channel binding of the login; none for SCRAM without -PLUS. */
  readonly binding?: 'tls-exporter' | 'tls-unique' | 'tls-server-end-point' | 'none';
  /** Without a binding: n, or y of a client that could have bound. */
  readonly flag?: 'n' | 'y';
}

export interface ConnectOptions {
  readonly transport?: 'starttls' | 'tls';
  readonly version?: 'TLSv1.2' | 'TLSv1.3';
  /** Whom to trust (PEM) instead of asking the appliance for its authority. */
  readonly ca?: string;
  /** A TLS session to go on with. */
  readonly session?: Buffer;
}

/** A client for tests at the edge of the protocol: sends what it is told to, byte for byte, and shows all that comes. */
export class XmppClient extends EventEmitter<{ element: [Element] }> implements AsyncDisposable {
  readonly #domain: string;
  #socket: Socket;
  #parser: Parser | undefined;
  readonly #waiting: Element[] = [];
  /** Resolves when the connection is gone, whatever the reason. */
  closed: Promise<void>;
  jid = '';
  /** What was offered last. */
  features: Element | undefined;

  private constructor(socket: Socket, domain: string) {
    super();
    this.#domain = domain;
    this.#socket = socket;
    this.closed = this.#listen(socket);
  }

  /** Up to where a client may log in: inside TLS, whose certificate is the authority's and the domain's. */
  static async connect(appliance: Appliance, options: ConnectOptions = {}): Promise<XmppClient> {
    const { host, ports, domain } = appliance;
    const { transport = 'starttls', version = 'TLSv1.3', session } = options;
    const ca = options.ca ?? (await appliance.authority());
    const tls = { ca, servername: domain, minVersion: version, maxVersion: version, session } as const;
    if (transport === 'tls') {
      const socket = connectTls({ ...tls, host, port: ports.c2s_tls, ALPNProtocols: ['xmpp-client'] });
      await once(socket, 'secureConnect');
      const client = new XmppClient(socket, domain);
      await client.#open();
      return client;
    }
    const plain = connectPlain({ host, port: ports.c2s });
    await once(plain, 'connect');
    const client = new XmppClient(plain, domain);
    await client.#open();
    client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await client.next('proceed');
    plain.removeAllListeners('data');
    const socket = connectTls({ ...tls, socket: plain });
    await once(socket, 'secureConnect');
    client.#socket = socket;
    client.closed = client.#listen(socket);
    await client.#open();
    return client;
  }

  /** Connects, logs in and binds a resource. */
  static async login(
    appliance: Appliance,
    local: string,
    password: string,
    options: LoginOptions & ConnectOptions = {},
  ): Promise<XmppClient> {
    const client = await XmppClient.connect(appliance, options);
    await client.authenticate(local, password, options);
    await client.bind(options.resource ?? 'test');
    return client;
  }

  /** Rejects with the refusal. */
  async authenticate(local: string, password: string, options: LoginOptions = {}): Promise<void> {
    const { binding = 'tls-exporter', flag = 'n' } = options;
    const bound = binding === 'none' ? { flag } : { binding: [binding, this.#bindingData(binding)] as const };
    const scram = new ScramClient('sha256', local, password, bound);
    const mechanism = `SCRAM-SHA-256${binding === 'none' ? '' : '-PLUS'}`;
    const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    this.send(`<auth ${sasl} mechanism='${mechanism}'>${base64(scram.first())}</auth>`);
    const answer = async (): Promise<string> => {
      const element = await this.next(({ name }) => ['challenge', 'success', 'failure'].includes(name));
      if (element.name === 'failure') throw new Error(element.toString());
      return Buffer.from(element.text(), 'base64').toString();
    };
    this.send(`<response ${sasl}>${base64(scram.final(await answer()))}</response>`);
    if (!scram.accepts(await answer())) throw new Error('the server does not know the password');
    await this.#open();
  }

  async bind(resource: string): Promise<void> {
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`;
    const result = await this.ask(`<iq type='set' id='bind'>${bind}</iq>`, 'bind');
    this.jid = result.getChild('bind')?.getChildText('jid') ?? '';
  }

  send(xml: string): void {
    this.#socket.write(xml);
  }

  /** Sends a request and waits for its result. Rejects with the answer when it is another. */
  async ask(xml: string, id: string): Promise<Element> {
    this.send(xml);
    const answer = await this.next((element) => element.name === 'iq' && element.attrs.id === id);
    if (answer.attrs.type !== 'result') throw new Error(answer.toString());
    return answer;
  }

  /** The next element of that name, or that fits; others that came before it are passed over. */
  async next(what: string | ((element: Element) => boolean), ms = WAIT_MS): Promise<Element> {
    const fits = typeof what === 'string' ? (element: Element) => element.name === what : what;
    const seen: string[] = [];
    const signal = AbortSignal.timeout(ms);
    for (;;) {
      const element = this.#waiting.shift();
      if (element === undefined) {
        await once(this, 'element', { signal }).catch(() => {
          throw new Error(
            `waited in vain for ${typeof what === 'string' ? what : 'an element'}; came: ${seen.join('')}`,
          );
        });
        continue;
      }
      if (fits(element)) return element;
      seen.push(element.toString());
    }
  }

  /** All that has come and was not asked for. */
  drain(): Element[] {
    return this.#waiting.splice(0);
  }

  /** As a socket that is cut. */
  cut(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.closed;
  }

  get tls(): TLSSocket {
    return this.#socket as TLSSocket;
  }

  #bindingData(type: 'tls-exporter' | 'tls-unique' | 'tls-server-end-point'): Buffer {
    if (type === 'tls-unique') return this.tls.getFinished()!;
    if (type === 'tls-exporter') {
      return this.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    }
    return createHash('sha256').update(this.tls.getPeerX509Certificate()!.raw).digest();
  }

  async #open(): Promise<void> {
    this.#parser = undefined;
    this.send(
      `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${this.#domain}' version='1.0'>`,
    );
    this.features = await this.next('stream:features');
  }

  #listen(socket: Socket): Promise<void> {
    socket.setEncoding('utf8');
    socket.on('data', (text: string | Buffer) => this.#read(text.toString()));
    // A connection that breaks is what many of these tests are about.
    socket.on('error', () => {});
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }

  #read(text: string): void {
    if (this.#parser === undefined) {
      this.#parser = new Parser();
      this.#parser.on('element', (element: Element) => {
        this.#waiting.push(element);
        this.emit('element', element);
      });
    }
    this.#parser.write(text);
  }
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}
