import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { Host } from '../host/host.ts';
import type { Session } from '../host/session.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { ElementStream } from '../stream/element-stream.ts';
import { StreamHeader } from '../stream/parser.ts';
import type { Element } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { Attempts } from './attempts.ts';
import type { ClientOutlet } from './client-outlet.ts';
import type { ClientDoor } from './door.ts';
import { FEATURES } from './features/index.ts';
import { newId } from './id.ts';
import { mechanismsFor } from './mechanisms/index.ts';
import type { Login, Mechanism } from './mechanisms/mechanism.ts';
import type { Peer } from './peer.ts';

/** Elements of one client that are handled before others get their turn. */
const AT_ONCE = 32;
/** How often a client that rests is looked at, in ms: it may have gone. */
const REST_STEP = 250;

/** One client's connection: negotiates feature by feature (RFC 6120 §4.3), then hands stanzas to the host. */
export class Connection {
  readonly door: ClientDoor;
  readonly peer: Peer;
  readonly stream: ElementStream;
  readonly address: string;
  /** When it came, ms since 1970. */
  readonly since = Date.now();
  /** The domain this stream is for, once its header came. */
  host: Host | undefined;
  /** What a login can be bound to; undefined also where HTTPS carries the stream. */
  tls: TLSSocket | undefined;
  /** For whom the client said that it comes, once the stream is encrypted; not to be trusted. */
  from: Jid | undefined;
  /** The ways to log in with a password that were offered, in the order in which they were. */
  offered: readonly Mechanism[] = [];
  /** Tries to log in. */
  readonly attempts = new Attempts();
  /** Who logged in, and how. */
  login: Login | undefined;
  /** Which of the account's devices it is, when it said so (`Devices.idOf`). */
  device: string | undefined;
  session: Session | undefined;
  outlet: ClientOutlet | undefined;
  #loginTimer: NodeJS.Timeout | undefined;
  #leaving = false;

  constructor(door: ClientDoor, peer: Peer) {
    this.door = door;
    this.peer = peer;
    this.address = peer.address;
    this.tls = peer.tls;
    this.stream = peer.stream;
    this.#loginTimer = setTimeout(() => {
      this.#close(new StreamError('connection-timeout', 'The login took too long.'));
    }, door.limits.loginSeconds * 1_000);
  }

  /** Nobody on the way can read or change what goes over it. */
  get encrypted(): boolean {
    return this.tls !== undefined || this.peer.https !== undefined;
  }

  /** Lives as long as the connection. Never throws. */
  async run(): Promise<void> {
    let handled = 0;
    try {
      for await (const item of this.stream.items) {
        if (item === 'close') {
          // A goodbye (XEP-0198 §5: no resumption after it), also when the connection is gone by the time it is read; unless it is
          // only the answer to ours.
          if (!this.#leaving) this.outlet?.finish();
          this.stream.close();
          break;
        }
        if (item instanceof StreamHeader) await this.#opened(item);
        else {
          const done = this.#element(item);
          if (done !== undefined) await done;
        }
        if (this.session !== undefined && this.session.rest > 0) await this.#rest(this.session);
        // What came in one piece would be handled in one turn of the event loop: with a dozen connections, half a second. Now,
        // before the next is taken: what is not taken goes when the stream is closed, and is not counted as handled.
        if (++handled % AT_ONCE === 0) await turn();
      }
    } catch (error) {
      if (error instanceof StreamError) {
        this.door.log.debug({ address: this.address, condition: error.condition, text: error.message }, 'stream ended');
        this.#close(error);
      } else {
        this.door.log.error({ err: error, address: this.address }, 'a connection failed');
        this.#close(new StreamError('internal-server-error', 'Something went wrong on the server.'));
      }
    } finally {
      clearTimeout(this.#loginTimer);
      this.outlet?.detach(this.stream);
      this.door.closed(this);
    }
  }

  get account(): Account | undefined {
    return this.login?.account;
  }

  /** The client has shown who it is: there is room for real stanzas from now on. */
  authenticated(login: Login, device?: string): void {
    this.login = login;
    this.device = device;
    this.attempts.next = undefined;
    this.stream.limits = this.door.limits.afterLogin;
  }

  /**
   * Whether the login still holds when a session is to begin: the account may have been disabled, removed, or given another
   * password since. Throws StreamError when it does not. To be asked in the turn in which the session begins: whoever takes
   * access away writes first, and ends the sessions that are there when that is on disk.
   */
  async stillValid(): Promise<void> {
    const login = this.login!;
    const { id, domain, local } = login.account;
    const { accounts } = this.host!.house.stores;
    for (let atOnce = false; !atOnce; ) {
      const account = accounts.find(domain, local);
      const holds = login.holds();
      // While the store was asked for one, the other may have changed: what counts is what both are in one and the same turn.
      atOnce = !(account instanceof Promise) && !(holds instanceof Promise);
      const now = await account;
      if (now?.id !== id || now.status !== 'active' || !(await holds)) {
        throw new StreamError('not-authorized', 'The account was changed. Please log in again.');
      }
    }
  }

  /** Ends, so that another client of the same address can come in. */
  giveWay(): void {
    this.#close(new StreamError('resource-constraint', 'Too many are logging in from your network.'));
  }

  /**
   * The server is going down. What the client is just saying is still handled, as it may not know how to say it again; until it
   * has closed its side, or `stream.close`.
   */
  leave(error: StreamError): void {
    if (this.session === undefined || this.stream.farewell === undefined) {
      this.stream.close(error);
      return;
    }
    this.#leaving = true;
    this.stream.farewell(error);
    // Who does not come back gets nothing by this way any more.
    if (this.outlet?.resumable === false) this.outlet.finish();
  }

  /** A session begins or goes on here. */
  established(session: Session, outlet: ClientOutlet): void {
    clearTimeout(this.#loginTimer);
    this.#loginTimer = undefined;
    this.session = session;
    this.outlet = outlet;
  }

  /** What is on offer now (RFC 6120 §4.3.2). */
  features(): string {
    return `<stream:features>${FEATURES.map((feature) => feature.offer(this)).join('')}</stream:features>`;
  }

  /** What the client sent became much for others: they get their turn, and it waits. */
  async #rest(session: Session): Promise<void> {
    const until = Date.now() + session.rest;
    session.rest = 0;
    while (!this.stream.ended && Date.now() < until) await pause(Math.min(REST_STEP, until - Date.now()));
  }

  async #opened(header: StreamHeader): Promise<void> {
    const to = tryParseJid(header.to);
    const host = to === undefined ? undefined : this.door.hosts.get(to.full);
    if (host === undefined) {
      const condition = header.to === '' ? 'improper-addressing' : 'host-unknown';
      throw new StreamError(condition, 'This server does not serve that domain.'); // §4.9.3.6
    }
    if (this.host !== undefined && this.host !== host) {
      throw new StreamError('not-authorized', 'A stream cannot change its domain.'); // SECURITY 15
    }
    this.host = host;
    const major = Number.parseInt(header.version, 10);
    if (!(major >= 1)) throw new StreamError('unsupported-version', 'XMPP 1.0 is spoken here.'); // §4.7.5
    const from = !this.encrypted || header.from === '' ? undefined : tryParseJid(header.from);
    this.stream.open({ from: host.domain, id: newId(), ...(from !== undefined && { to: from.bare }) });
    if (from !== undefined && from.domain !== host.domain) {
      throw new StreamError('invalid-from', 'This is somebody of another domain.'); // XEP-0388 §2.1
    }
    this.from = from;
    if (this.encrypted && this.account === undefined) this.offered = await mechanismsFor(this, from);
    this.stream.send(this.features());
  }

  #element(element: Element): void | Promise<void> {
    const xmlns: string | undefined = element.attrs.xmlns;
    const { session } = this;
    if (xmlns === undefined && session !== undefined) {
      const { name } = element;
      if (name !== 'message' && name !== 'presence' && name !== 'iq') {
        throw new StreamError('unsupported-stanza-type', 'There is no such stanza.'); // §4.9.3.23
      }
      const done = this.host!.receive(session, element);
      const outlet = this.outlet!;
      if (done !== undefined) return outlet.countWhenHandled(done);
      return outlet.countHandled();
    }
    for (const feature of FEATURES) if (feature.takes(this, element)) return feature.handle(this, element);
    if (session === undefined) throw new StreamError('not-authorized', 'Please log in first.'); // §4.9.3.12
    throw new StreamError('unsupported-stanza-type', 'There is no such element.');
  }

  #close(error: StreamError): void {
    const from = (this.host ?? this.door.firstHost)?.domain ?? '';
    this.stream.close(error, { from, id: newId() });
  }
}
