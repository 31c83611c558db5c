// XEP-0114 1.6
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { enter } from '../../host/entrance.ts';
import type { House } from '../../host/house.ts';
import type { StanzaLimits } from '../../stream/limits.ts';
import { StreamHeader } from '../../stream/parser.ts';
import { XmlStream } from '../../stream/stream.ts';
import { type Element, textOf } from '../../xmpp/element.ts';
import { type Jid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { errorFor, Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { ExternalComponent, Link } from './external-component.ts';

/** A component that was silent for so long, in ms, may be gone without a word: another one with its secret takes its place. */
const SILENT = 60_000;

export interface ConnectionOptions {
  readonly house: House;
  readonly log: Logger;
  readonly limits: {
    readonly beforeLogin: StanzaLimits;
    readonly afterLogin: StanzaLimits;
    readonly loginSeconds: number;
  };
  readonly find: (domain: string) => ExternalComponent | undefined;
}

/** One connection of an external component, by the method "accept" (XEP-0114 §3). */
export class ComponentConnection implements Link {
  readonly address: string;
  since = 0;
  readonly stream: XmlStream;
  readonly #id = randomBytes(18).toString('base64url');
  readonly #options: ConnectionOptions;
  readonly #timer: NodeJS.Timeout;
  #component: ExternalComponent | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.address = socket.remoteAddress ?? '';
    // Stanzas of this namespace have the canonical form that those of jabber:client have: nothing is to be translated.
    this.stream = new XmlStream(socket, NS.component, options.limits.beforeLogin);
    this.#timer = setTimeout(() => {
      this.#close(new StreamError('connection-timeout', 'The handshake took too long.'));
    }, options.limits.loginSeconds * 1_000);
  }

  get lastRead(): number {
    return this.stream.lastRead;
  }

  get unsent(): number {
    return this.stream.unsent;
  }

  get ended(): boolean {
    return this.stream.ended;
  }

  send(xml: string): void {
    this.stream.send(xml);
  }

  end(condition: 'conflict' | 'host-gone' | 'system-shutdown', text: string): void {
    this.#close(new StreamError(condition, text));
  }

  /** Lives as long as the connection. Never throws. */
  async run(): Promise<void> {
    try {
      for await (const item of this.stream.items) {
        if (item === 'close') {
          this.stream.close();
          break;
        }
        if (item instanceof StreamHeader) this.#opened(item);
        else {
          const done = this.since === 0 ? this.#handshake(item) : this.#stanza(item);
          if (done !== undefined) await done;
        }
      }
    } catch (error) {
      const { log } = this.#options;
      const domain = this.#component?.domain;
      if (error instanceof StreamError) {
        log.info({ domain, condition: error.condition, text: error.message }, 'the stream of a component ended');
        this.#close(error);
      } else {
        log.error({ err: error, domain }, 'the connection of a component failed');
        this.#close(new StreamError('internal-server-error', 'Something went wrong on the server.'));
      }
    } finally {
      clearTimeout(this.#timer);
      this.#component?.disconnected(this);
    }
  }

  #opened({ to }: StreamHeader): void {
    const jid = tryParseJid(to);
    const component = jid?.full === jid?.domain ? this.#options.find(jid?.domain ?? '') : undefined;
    if (component === undefined) throw new StreamError('host-unknown', 'There is no component of this name.'); // §3
    this.#component = component;
    this.stream.open({ from: component.domain, id: this.#id, versioned: false });
  }

  /** §3: SHA-1 over the id of the stream and the secret, in lower case hexadecimal. */
  #handshake(element: Element): void {
    const component = this.#component;
    const expected = createHash('sha1').update(`${this.#id}${component?.secret}`).digest('hex');
    const given = Buffer.from(textOf(element));
    const right =
      component !== undefined &&
      element.name === 'handshake' &&
      element.attrs.xmlns === undefined &&
      given.length === expected.length &&
      timingSafeEqual(given, Buffer.from(expected));
    // Whoever was taken off the list since the stream began is refused, too.
    if (!right || this.#options.find(component.domain) !== component) {
      this.#options.log.warn({ domain: component?.domain, address: this.address }, 'a component was not let in');
      throw new StreamError('not-authorized', 'The handshake is wrong.');
    }
    const other = component.link;
    if (other?.ended === false) {
      // Two that take each other's place for ever would help nobody.
      if (Date.now() - other.lastRead < SILENT) {
        throw new StreamError('conflict', 'This component is connected already.');
      }
      component.disconnected(other);
      other.end('conflict', 'The component has connected anew.');
    }
    clearTimeout(this.#timer);
    this.since = Date.now();
    this.stream.limits = this.#options.limits.afterLogin;
    this.stream.send('<handshake/>');
    component.connected(this);
    this.#options.log.info({ domain: component.domain, address: this.address }, 'a component is connected');
  }

  #stanza(element: Element): void | Promise<void> {
    const { name, attrs } = element;
    // Some libraries write jabber:client on every stanza: it means the same.
    if (attrs.xmlns === NS.client) delete attrs.xmlns;
    if (attrs.xmlns !== undefined || (name !== 'message' && name !== 'presence' && name !== 'iq')) {
      throw new StreamError('unsupported-stanza-type', 'There is no such stanza.');
    }
    const from = this.#sender(attrs.from);
    const { to } = attrs;
    if (to === undefined) throw new StreamError('improper-addressing', 'A stanza needs an address to go to.'); // §3
    const recipient = tryParseJid(to);
    if (recipient === undefined) {
      const stanza = new Stanza(element, from, undefined);
      const refusal = errorFor(stanza, from, new StanzaError('jid-malformed'));
      if (stanza.mayBeAnswered) this.stream.send(refusal.text); // RFC 6120 §8.1.1
      return;
    }
    const { house } = this.#options;
    return enter(house, new Stanza(element, from, recipient), (refusal) => this.stream.send(refusal.text));
  }

  /** §3: anybody at the component's own domain, and nobody else. */
  #sender(from: string | undefined): Jid {
    if (from === undefined) throw new StreamError('improper-addressing', 'A stanza needs an address to come from.');
    const jid = tryParseJid(from);
    if (jid?.domain !== this.#component!.domain) {
      throw new StreamError('invalid-from', 'A component speaks for its own domain only.');
    }
    return jid;
  }

  #close(error: StreamError): void {
    this.stream.close(error, { from: this.#component?.domain ?? '', id: this.#id, versioned: false });
  }
}
