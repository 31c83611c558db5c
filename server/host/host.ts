import type { Account } from '../storage/stores/accounts.ts';
import type { Json } from '../storage/stores/settings.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import type { Capabilities } from '../xmpp/caps.ts';
import { type Element, el } from '../xmpp/element.ts';
import { type Jid, JidError, makeJid, parseJid, tryParseJid } from '../xmpp/jid.ts';
import { checkShape, errorFor, resultFor, Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { RunningComponent } from './component.ts';
import { Contacts, usualSight } from './contacts.ts';
import { deliver, noSuchAccount, recipientsOf, undelivered } from './delivery.ts';
import type { Destination } from './destination.ts';
import { Events } from './events.ts';
import { FanOut } from './fan-out.ts';
import { type Arrival, type Departure, INBOUND, type InboundStage, OUTBOUND, type OutboundStage } from './flow.ts';
import type { House } from './house.ts';
import { type IqScope, IqTable, payloadOf } from './iq.ts';
import { Ledger } from './ledger.ts';
import type { Wiring } from './module.ts';
import type { Option } from './options.ts';
import { Pipeline, type Step, type Verdict } from './pipeline.ts';
import { Requests } from './requests.ts';
import type { RoomAdministration } from './room-administration.ts';
import { type ClientInfo, type Outlet, Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { settle } from './settle.ts';

/** Names this server's software in entity capabilities (XEP-0115 §4). */
export const CAPS_NODE = 'urn:hallway:server';

/** One served domain: its sessions, its modules, and the walk of its stanzas. */
export class Host implements Destination {
  readonly domain: string;
  readonly jid: Jid;
  readonly house: House;
  readonly sessions = new Sessions();
  /** What of one person's goes to many. */
  readonly fanOut = new FanOut(this.sessions);
  /** Who is a contact of whom. */
  readonly contacts: Contacts;
  readonly events: Events;
  /** What the host asks others itself. */
  readonly requests: Requests;
  /** What the modules brought, for those that tell others about it. */
  readonly wirings: readonly Wiring[];
  /** The services beside this host, by domain. */
  readonly components = new Map<string, RunningComponent>();
  #abilities: Omit<Capabilities, 'forms'> | undefined;
  readonly #returns = new Set<Promise<void>>();
  /** Changes to an account's lists, one at a time. */
  readonly changes = new KeyedMutex<number>();
  readonly #iqs = new IqTable();
  readonly #outbound = new Pipeline<OutboundStage, Departure>(OUTBOUND);
  readonly #inbound = new Pipeline<InboundStage, Arrival>(INBOUND);

  constructor(domain: string, house: House) {
    this.domain = domain;
    this.jid = makeJid('', domain);
    this.house = house;
    this.events = new Events((error) => house.log.error({ err: error, host: domain }, 'an event handler failed'));
    this.requests = new Requests(this.jid, (stanza) => house.router.route(stanza));
    const { rosters, departments } = house.stores;
    const usual = () => this.option(usualSight);
    this.contacts = new Contacts({ domain, rosters, departments, usual });
    const wirings = house.modules.map((module) => module.start(this));
    for (const wiring of wirings) this.#wire(wiring);
    this.#inbound.add('deliver', (arrival) => this.#deliver(arrival));
    this.wirings = wirings;
  }

  /** The bare address of a session's account. */
  bareOf(session: Session): Jid {
    return makeJid(session.jid.local, this.domain);
  }

  /** What administrators do with the rooms of this domain, undefined when there is no service of rooms. */
  get rooms(): RoomAdministration | undefined {
    for (const { administration } of this.components.values()) if (administration !== undefined) return administration;
    return undefined;
  }

  /** What an administrator decided for this domain. */
  option<T extends Json>(option: Option<T>): T {
    return this.house.options.get(option, this.domain);
  }

  /** What the host is and can (XEP-0030), all modules together: the forms and what is withheld as they are now, the rest never changes. */
  get capabilities(): Capabilities {
    this.#abilities ??= {
      identities: this.wirings.flatMap((wiring) => wiring.identities ?? []),
      features: [...new Set(this.wirings.flatMap((wiring) => wiring.features ?? []))].sort(),
    };
    return {
      ...this.#abilities,
      features: this.offered(this.#abilities.features),
      forms: this.wirings.flatMap((wiring) => wiring.forms?.() ?? []),
    };
  }

  /** Features, without those that are withheld just now. */
  offered(features: readonly string[]): readonly string[] {
    const withheld = this.wirings.flatMap((wiring) => wiring.withheld?.() ?? []);
    return withheld.length === 0 ? features : features.filter((feature) => !withheld.includes(feature));
  }

  #wire(wiring: Wiring): void {
    for (const route of wiring.iq ?? []) this.#iqs.add(route);
    for (const stage of OUTBOUND) {
      const step = wiring.outbound?.[stage];
      if (step !== undefined) this.#outbound.add(stage, step);
    }
    for (const stage of INBOUND) {
      const step: Step<Arrival> | undefined = wiring.inbound?.[stage];
      if (step !== undefined) this.#inbound.add(stage, step);
    }
    if (wiring.on !== undefined) this.events.add(wiring.on);
  }

  /** Adds a session. One of the same resource is ended: the newcomer is its owner come back (RFC 6120 §7.7.2.2). */
  bind(jid: Jid, account: Account, client: ClientInfo, outlet: Outlet, fromArchive = false): Session {
    this.sessions.get(jid)?.end('conflict', 'You logged in elsewhere under the same resource.');
    const session = new Session(jid, account, client, outlet);
    this.sessions.add(session);
    this.house.counters.logins++;
    this.events.emit('bound', { session, fromArchive });
    this.#readAhead(account.id);
    return session;
  }

  /** What the first presence will ask the store for, in one question instead of four; the stores remember the answers. */
  #readAhead(account: number): void {
    const { rosters, blocking, offline, profiles } = this.house.stores;
    const reads = [rosters.all(account), blocking.list(account), offline.waiting(account), profiles.mark(account)];
    Promise.all(reads).catch((error: unknown) => this.house.log.warn({ err: error }, 'the store could not be read'));
  }

  /** Takes a session out; whoever could see it is told that it went. */
  unbind(session: Session): void {
    if (this.sessions.remove(session)) this.events.emit('ended', { session });
  }

  /**
   * A stanza comes from a session. Whatever it is, the sender gets its answer or refusal; a StreamError is thrown for what
   * ends the stream. A promise means that the store was waited for, and the next stanza must wait too.
   */
  receive(session: Session, element: Element): void | Promise<void> {
    this.#checkSender(session, element);
    let to: Jid | undefined;
    try {
      if (element.attrs.to !== undefined) to = parseJid(element.attrs.to);
    } catch (error) {
      if (!(error instanceof JidError)) throw error;
      const stanza = new Stanza(element, session.jid, undefined);
      return this.#refuse(session, stanza, new StanzaError('jid-malformed', error.message)); // RFC 6120 §8.1.1
    }
    // RFC 6120 §10.3: without an address, iq and message are for one's own account; presence is for all who may see it.
    if (to === undefined && element.name !== 'presence') to = this.bareOf(session);
    const stanza = new Stanza(element, session.jid, to);
    const { counters } = this.house;
    if (stanza.kind === 'message') counters.messages++;
    else if (stanza.kind === 'presence') counters.presences++;
    else counters.iqs++;
    try {
      checkShape(stanza);
      const walk = this.#depart({ stanza, session, ledger: new Ledger() });
      return walk instanceof Promise ? walk.catch((error: unknown) => this.#refuse(session, stanza, error)) : undefined;
    } catch (error) {
      return this.#refuse(session, stanza, error);
    }
  }

  reaches(device: Jid): boolean {
    return this.sessions.get(device) !== undefined;
  }

  /** A stanza reaches this domain. Throws StanzaError when it is refused. */
  accept(stanza: Stanza, ledger: Ledger): void | Promise<void> {
    const to = stanza.to!;
    if (to.local === '') return this.#acceptForHost(stanza);
    // Most contacts are away most of the time: their presence costs one look.
    if (stanza.kind === 'presence' && (stanza.type === '' || stanza.type === 'unavailable')) {
      if (this.sessions.of(to.bare).length === 0) return;
    }
    const account = this.house.stores.accounts.at(to.bare);
    if (account instanceof Promise) return account.then((found) => this.#arrive(stanza, found, ledger));
    return this.#arrive(stanza, account, ledger);
  }

  /**
   * Sends a message that no session of ours sends, and writes what its walk leaves in the ledger; resolves when it is handed
   * to the store. Throws StanzaError when it is refused.
   */
  async post(stanza: Stanza, ledger: Ledger = new Ledger()): Promise<void> {
    await this.house.router.route(stanza, ledger);
    await this.#settle(stanza, ledger);
  }

  /**
   * Asks the account of somebody for something in their own name, as a client of theirs would, while none needs to be here. Gives
   * the payload of the answer. Throws StanzaError.
   */
  async ask(account: Account, payload: Element): Promise<Element | undefined> {
    const jid = makeJid(account.local, this.domain);
    const stanza = new Stanza(el('iq', { type: 'set', id: 'own' }, payload), jid, jid);
    return this.#iqs.answer('own', { stanza, payload, session: undefined, account });
  }

  /** Sends a stanza of the host's own making. What comes back as a refusal is dropped. */
  send(stanza: Stanza): void {
    try {
      const done = this.house.router.route(stanza);
      if (done instanceof Promise) done.catch((error: unknown) => this.#drop(stanza, error));
    } catch (error) {
      this.#drop(stanza, error);
    }
  }

  /** The same, for who has more to say once it has arrived. Never rejects. */
  async sent(stanza: Stanza): Promise<void> {
    try {
      await this.house.router.route(stanza);
    } catch (error) {
      this.#drop(stanza, error);
    }
  }

  /**
   * A message that was handed to a session which ended without having taken it: for another device, for later, or back to
   * its sender. It walks the last stages only; the archive has it already. `extra` is what it had at its end.
   */
  returned(stanza: Stanza, account: Account, extra: string): void {
    const { bare } = stanza.to!;
    const recipients = recipientsOf(stanza, this.sessions);
    const ledger = new Ledger();
    const arrival: Arrival = { stanza, account, bare, recipients, extra, ledger };
    const bounce = (error: unknown): void => {
      if (!(error instanceof StanzaError))
        this.house.log.error({ err: error, host: this.domain }, 'a message could not be returned');
      else if (stanza.mayBeAnswered) this.send(errorFor(stanza, stanza.to!, error));
    };
    const finish = (verdict: Verdict): void | Promise<void> => {
      this.#arrived(arrival, verdict);
      return this.#settle(stanza, ledger);
    };
    try {
      const verdict = this.#inbound.run(arrival, 'deliver');
      const done = verdict instanceof Promise ? verdict.then(finish) : finish(verdict);
      if (done instanceof Promise) this.#returning(done.catch(bounce));
    } catch (error) {
      bounce(error);
    }
  }

  /** What is on its way back is waited for when the host closes. */
  #returning(done: Promise<void>): void {
    this.#returns.add(done);
    void done.finally(() => this.#returns.delete(done));
  }

  /** Ends all sessions, but for those that go on after a restart, and stops the modules, the last first. */
  async close(condition: 'system-shutdown' | 'host-gone', goingOn: ReadonlySet<string>): Promise<void> {
    const text = condition === 'host-gone' ? 'This domain is not served any more.' : 'The server is going down.';
    for (const session of [...this.sessions.all()]) if (!goingOn.has(session.jid.full)) session.end(condition, text);
    await Promise.all(this.#returns);
    this.requests.close();
    for (const wiring of this.wirings.toReversed()) await wiring.stop?.();
  }

  /** RFC 6120 §8.1.2.1: `from` is absent or one's own. */
  #checkSender(session: Session, element: Element): void {
    const { from } = element.attrs;
    if (from === undefined || from === session.jid.full) return;
    const claimed = tryParseJid(from);
    if (claimed === undefined || (claimed.full !== session.jid.full && claimed.full !== session.jid.bare)) {
      throw new StreamError('invalid-from', 'A stanza says that it is from somebody else.');
    }
  }

  #depart(departure: Departure): void | Promise<void> {
    const verdict = this.#outbound.run(departure);
    if (verdict instanceof Promise) return verdict.then((late) => this.#departed(departure, late));
    return this.#departed(departure, verdict);
  }

  #departed(departure: Departure, verdict: Verdict): void | Promise<void> {
    const { stanza, ledger } = departure;
    if (verdict !== 'stop' && stanza.to !== undefined) {
      const routed = this.house.router.route(stanza, ledger);
      if (routed instanceof Promise) return routed.then(() => this.#settle(stanza, ledger));
    }
    return this.#settle(stanza, ledger);
  }

  /** Writes what the walk left in the ledger. Waits only when the store cannot keep up. */
  #settle(stanza: Stanza, ledger: Ledger): void | Promise<void> {
    return settle(this.house, stanza, ledger, (refusal) => this.send(errorFor(stanza, stanza.to ?? this.jid, refusal)));
  }

  #acceptForHost(stanza: Stanza): void | Promise<void> {
    if (stanza.kind === 'iq') {
      if (stanza.mayBeAnswered) return this.#answer(stanza, 'host', undefined);
      this.requests.answered(stanza);
      return;
    }
    for (const { atHost } of this.wirings) {
      const taken = atHost?.(stanza);
      if (taken !== undefined) return taken;
    }
    if (stanza.kind === 'message' && stanza.mayBeAnswered) {
      throw new StanzaError('service-unavailable', 'This address does not read messages.');
    }
  }

  #arrive(stanza: Stanza, account: Account | undefined, ledger: Ledger): void | Promise<void> {
    if (account === undefined) return noSuchAccount(stanza);
    const recipients = recipientsOf(stanza, this.sessions);
    const arrival: Arrival = { stanza, account, bare: stanza.to!.bare, recipients, extra: '', ledger };
    const verdict = this.#inbound.run(arrival);
    if (verdict instanceof Promise) return verdict.then((late) => this.#arrived(arrival, late));
    return this.#arrived(arrival, verdict);
  }

  #arrived(arrival: Arrival, verdict: Verdict): void {
    if (verdict !== 'stop') undelivered(arrival.stanza);
  }

  /** The host's own step of the stage `deliver` (RFC 6121 §8.5). */
  #deliver(arrival: Arrival): Verdict | Promise<Verdict> {
    const { stanza, account } = arrival;
    // While an earlier step waited for the store somebody may have come, and what is kept now would not be given to them.
    if (arrival.recipients.length === 0) arrival.recipients = recipientsOf(stanza, this.sessions);
    this.house.counters.delivered += arrival.recipients.length;
    if (stanza.kind !== 'iq') return deliver(arrival);
    const to = stanza.to!;
    if (to.resource !== '') {
      const [session] = arrival.recipients;
      if (session !== undefined) session.deliver(stanza);
      else if (stanza.mayBeAnswered) throw new StanzaError('service-unavailable'); // §8.5.3.2.3
      return 'stop';
    }
    if (!stanza.mayBeAnswered) return 'stop'; // an answer to a request that the account itself never made
    const done = this.#answer(stanza, stanza.from.bare === arrival.bare ? 'own' : 'account', account);
    return done instanceof Promise ? done.then(() => 'stop' as const) : 'stop';
  }

  #answer(stanza: Stanza, scope: IqScope, account: Account | undefined): void | Promise<void> {
    const session = stanza.from.domain === this.domain ? this.sessions.get(stanza.from) : undefined;
    const result = this.#iqs.answer(scope, { stanza, payload: payloadOf(stanza), session, account });
    if (result instanceof Promise) return result.then((late) => this.#reply(stanza, session, late));
    return this.#reply(stanza, session, result);
  }

  #reply(stanza: Stanza, session: Session | undefined, payload: Element | undefined): void {
    const result = resultFor(stanza, stanza.to!, payload);
    if (session !== undefined) session.deliver(result);
    else this.send(result);
  }

  /** Tells the sender that its stanza was refused, if it may be told (RFC 6120 §8.3.1). */
  #refuse(session: Session, stanza: Stanza, reason: unknown): void {
    if (reason instanceof StreamError) throw reason;
    let error = reason;
    if (!(error instanceof StanzaError)) {
      this.house.log.error({ err: reason, host: this.domain }, 'a stanza could not be handled');
      error = new StanzaError('internal-server-error', 'Something went wrong on the server.');
    }
    if (!stanza.mayBeAnswered) return;
    this.house.counters.bounced++;
    const from = stanza.to ?? this.bareOf(session);
    session.deliver(errorFor(stanza, from, error as StanzaError));
  }

  #drop(stanza: Stanza, error: unknown): void {
    if (error instanceof StanzaError) return;
    this.house.log.error({ err: error, kind: stanza.kind, host: this.domain }, 'a stanza of our own could not be sent');
  }
}
