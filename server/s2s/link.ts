import type { TLSSocket } from 'node:tls';
import { enter } from '../host/entrance.ts';
import type { OpenHeader } from '../stream/element-stream.ts';
import type { XmlStream } from '../stream/stream.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import type { Element } from '../xmpp/element.ts';
import { type Jid, parseJid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { errorFor, Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { Acknowledging, type Sent } from './acknowledging.ts';
import type { Proof, Transport } from './attempt.ts';
import type { Context } from './context.ts';
import { domainOf } from './domain.ts';
import { endings } from './ending.ts';
import { textAt } from './late.ts';
import { LinkProblem } from './problem.ts';
import type { Remote, Waiting } from './remote.ts';

const WRAP = 2 ** 32;
/** Characters that may wait for another server to read; it has a server's connection. */
const UNSENT = 4 * 1024 * 1024;
/** ms that the other side has, before we end a stream, to say what has arrived. */
const FAREWELL = 2_000;
/** Domains that may share one stream. */
export const PAIRS = 64;

/** Stanzas that a domain may send at once, and a second after that; it waits for more, it is not refused. */
const STANZAS = { capacity: 20_000, perSecond: 5_000, keys: 2_000 };
/** ms: a rest shorter than that is left to add up, as each costs a timer and a turn of the loop. */
const SHORT_REST = 5;
/** Requests to be somebody's contact: a person makes some a day, a server of many a few a minute. */
const SUBSCRIPTIONS = { capacity: 100, perSecond: 1, keys: 2_000 };

/** What is counted over all streams of a domain, so that many streams are not more than one. */
export class Pace {
  readonly stanzas = new TokenBuckets(STANZAS);
  readonly subscriptions = new TokenBuckets(SUBSCRIPTIONS);
}

export interface LinkFacts {
  readonly direction: 'out' | 'in';
  readonly transport: Transport;
  readonly address: string;
  readonly tls: TLSSocket;
}

/** What is sent on a stream: whose it is, and what comes back should it not arrive. */
interface Outgoing extends Sent {
  readonly remote: Remote;
  readonly waiting: Waiting;
}

/** A pair of domains, theirs and ours. */
export function pairOf(local: string, domain: string): string {
  return `${local} ${domain}`;
}

/** One stream with another server on which somebody has shown who they are, in either direction. */
export class Link {
  readonly stream: XmlStream;
  readonly facts: LinkFacts;
  readonly since = Date.now();
  /** ms since 1970 of the last stanza, either way. */
  lastUsed = this.since;
  received = 0;
  sent = 0;
  theirs: Proof | undefined;
  ours: Proof | undefined;
  bidi = false;
  /** Pairs whose stanzas may come in here. */
  readonly entering = new Set<string>();
  /** Those whose stanzas go out here. */
  readonly leaving = new Set<Remote>();
  /** The id that the other side gave to the stream; '' where it has begun it. */
  streamId = '';
  /** Who waits for the answer to a key that was sent on the way (XEP-0220 §2.6). */
  readonly asked = new Map<string, (type: string) => void>();
  readonly #context: Context;
  readonly #pace: Pace;
  readonly #acks: Acknowledging<Outgoing>;
  /** The last stanza for which the next had to wait, until it counts as handled. */
  #handling: Promise<void> | undefined;
  /** What was wrong with it. */
  #problem: LinkProblem | undefined;
  /** Somebody has taken leave: that it ends is no fault. */
  #taken = false;
  /** Answers to the pings of all links come in anywhere. */
  readonly #answered: (id: string) => boolean;

  constructor(
    context: Context,
    stream: XmlStream,
    facts: LinkFacts,
    shared: { pace: Pace; answered: (id: string) => boolean },
  ) {
    this.#context = context;
    this.stream = stream;
    this.facts = facts;
    this.#pace = shared.pace;
    this.#answered = shared.answered;
    this.#acks = new Acknowledging<Outgoing>({
      write: (xml) => stream.send(xml),
      ping: (id) => this.#ping(id),
      confirmed: (items) => this.#confirmed(items),
    });
  }

  get ended(): boolean {
    return this.stream.ended;
  }

  get managed(): boolean {
    return this.#acks.counts;
  }

  /** Stanzas of which nobody has said yet that they arrived. */
  get unconfirmed(): number {
    return this.#acks.waiting;
  }

  /** The other side does not read, or does not confirm, what it is sent. */
  get stuck(): boolean {
    return this.stream.unsent > UNSENT || this.#acks.full;
  }

  /** Sends a stanza; its remote gets it back should the stream end before it was confirmed. */
  send(remote: Remote, waiting: Waiting): void {
    const { kind, mayBeAnswered } = waiting.stanza;
    this.sent++;
    this.lastUsed = Date.now();
    const text = textAt(this.lastUsed, waiting);
    this.stream.send(text);
    const trifle = kind === 'iq' && !mayBeAnswered;
    this.#acks.sent({ at: this.lastUsed, size: text.length, trifle, remote, waiting });
  }

  /** Looks after it. False when it is of no use any more. */
  lives(now: number): boolean {
    if (!this.#acks.silent(now, this.stream.unsent > 0)) return true;
    this.failed(new LinkProblem('too-slow'));
    this.stream.destroy();
    return false;
  }

  /** It ends because of this, which is to be explained. */
  failed(problem: LinkProblem | undefined): void {
    this.#problem ??= problem;
  }

  /** Asks at once what has arrived. */
  confirm(): void {
    this.#acks.ask(Date.now());
  }

  /** A ping was answered, perhaps one of this link's. */
  pinged(id: string): boolean {
    return this.#acks.answered(id);
  }

  /** Ends it, once it is known what has arrived, or a moment later: what was not confirmed is sent again, and would come twice. */
  close(error?: StreamError): void {
    this.#taken = true;
    if (this.unconfirmed === 0) {
      void this.farewell(error);
      return;
    }
    this.confirm();
    const end = Date.now() + FAREWELL;
    const timer = setInterval(() => {
      if (!this.ended && this.unconfirmed > 0 && Date.now() < end) return;
      clearInterval(timer);
      void this.farewell(error);
    }, 20);
  }

  /** Ends it, whoever wants that: the other side is told what we have of it (XEP-0198 §4), or would send it again. Never rejects. */
  async farewell(error?: StreamError, header?: OpenHeader): Promise<void> {
    this.#taken = true;
    await this.#handling;
    const { handled } = this.#acks;
    if (handled !== undefined) {
      await this.#context.house.db.durable(false).catch(() => undefined);
      this.stream.send(`<a xmlns='${NS.sm}' h='${handled}'/>`);
    }
    this.stream.close(error, header);
  }

  /** Nothing goes over it any more: what may not have arrived goes back to where it came from. */
  finish(): void {
    this.#explain();
    const back = new Map<Remote, Waiting[]>();
    for (const remote of this.leaving) back.set(remote, []);
    for (const { remote, waiting } of this.#acks.giveBack()) back.get(remote)?.push(waiting);
    this.leaving.clear();
    for (const [remote, items] of back) remote.detached(this, items);
  }

  /** Writes down why it has ended, where it should not have. */
  #explain(): void {
    const { unconfirmed } = this;
    if (!this.#taken && unconfirmed > 0) this.failed(new LinkProblem('closed', { unconfirmed }));
    if (this.#problem === undefined) return;
    const pairs = new Set(this.entering);
    for (const { local, domain } of this.leaving) pairs.add(pairOf(local, domain));
    for (const attempt of endings(this, pairs, this.#problem)) this.#context.record(attempt);
  }

  /** We ask to be told what has arrived (XEP-0198 §3): from here on the other side counts. */
  enable(): void {
    this.stream.send(`<enable xmlns='${NS.sm}'/>`);
    this.#acks.count();
  }

  /** An element of stream management. */
  management(element: Element): void {
    const acks = this.#acks;
    switch (element.name) {
      case 'enable':
        if (acks.handled !== undefined) {
          this.stream.send(`<failed xmlns='${NS.sm}'><unexpected-request xmlns='${NS.stanzas}'/></failed>`);
          return;
        }
        acks.handled = 0;
        if (this.bidi) acks.count();
        // Not to be resumed: a server comes back with a new stream, and what was not confirmed is sent again.
        this.stream.send(`<enabled xmlns='${NS.sm}'/>`);
        return;
      case 'enabled':
        acks.handled ??= 0;
        return;
      case 'r': {
        const { handled } = acks;
        if (handled === undefined) return;
        // What is acknowledged is on disk.
        this.#context.house.db.durable(false).then(
          () => this.stream.send(`<a xmlns='${NS.sm}' h='${handled}'/>`),
          () => undefined,
        );
        return;
      }
      case 'a': {
        const h = Number(element.attrs.h);
        if (!Number.isInteger(h) || h < 0 || h >= WRAP) throw new StreamError('bad-format', 'That is no count.');
        acks.acknowledged(h);
        return;
      }
      case 'resume':
        this.stream.send(`<failed xmlns='${NS.sm}'><item-not-found xmlns='${NS.stanzas}'/></failed>`);
        return;
      case 'failed':
        acks.countNot();
        return;
      default:
        throw new StreamError('unsupported-stanza-type', 'Stream management knows no such element.');
    }
  }

  /**
   * A stanza comes in. A promise means that the next must wait. Throws StreamError for what ends the stream: a sender that has
   * not shown to be who it is (RFC 6120 §8.1.2.2), or no address at all (§8.1.1.2).
   */
  stanza(element: Element): void | Promise<void> {
    const { name, attrs } = element;
    if (attrs.xmlns === NS.client) delete attrs.xmlns; // some pass on what they were given by a client
    if (attrs.xmlns !== undefined || (name !== 'message' && name !== 'presence' && name !== 'iq')) {
      throw new StreamError('unsupported-stanza-type', 'There is no such stanza.');
    }
    if (attrs.from === undefined || attrs.to === undefined) {
      throw new StreamError('improper-addressing', 'Between servers a stanza has a sender and a recipient.');
    }
    const from = tryParseJid(attrs.from);
    const to = tryParseJid(attrs.to);
    if (from === undefined || to === undefined) return this.#malformed(element, from, to);
    if (!this.entering.has(pairOf(to.domain, from.domain))) {
      throw new StreamError('invalid-from', 'A stanza says that it is from somebody else.');
    }
    this.received++;
    this.lastUsed = Date.now();
    const stanza = new Stanza(element, from, to);
    if (stanza.kind === 'iq' && stanza.id.startsWith('s2s-') && !stanza.mayBeAnswered && this.#answered(stanza.id)) {
      this.#count();
      return;
    }
    // This server goes down, or the domain is removed: what nobody takes is not counted as handled, so that it is sent again.
    if (!this.#context.house.router.has(to.domain))
      throw new StreamError('host-gone', 'That domain is not served now.');
    const rest = this.#pace.stanzas.spend(from.domain, 1);
    const done = this.#pass(stanza);
    if (done instanceof Promise || rest >= SHORT_REST) {
      this.#handling = this.#later(done, rest);
      return this.#handling;
    }
    this.#count();
  }

  /**
   * One of the addresses is none. RFC 6120 §4.9.3.7 lets the stream end for that, but it is shared by all people of that server,
   * and what one of them writes must not cut off the others: older servers know other rules for addresses, and pass on what they
   * find good. So the stanza alone is refused (§8.3.3.8), as long as it is of those who have shown who they are.
   */
  #malformed(element: Element, from: Jid | undefined, to: Jid | undefined): void {
    const { attrs } = element;
    const domain = from?.domain ?? domainOf(attrs.from!);
    const local = to?.domain ?? domainOf(attrs.to!);
    if (domain === undefined || local === undefined) {
      throw new StreamError('improper-addressing', 'There is no domain in that address.');
    }
    if (!this.entering.has(pairOf(local, domain))) {
      throw new StreamError('invalid-from', 'A stanza says that it is from somebody else.');
    }
    this.received++;
    this.lastUsed = Date.now();
    this.#count();
    if (from === undefined) return; // nobody can be told
    const stanza = new Stanza(element, from, parseJid(local));
    this.#refuse(stanza, new StanzaError('jid-malformed', 'There cannot be such an address.'));
  }

  #pass(stanza: Stanza): void | Promise<void> {
    const { house, gate, hold } = this.#context;
    try {
      if (stanza.type === 'subscribe' && this.#pace.subscriptions.take(stanza.from.domain) > 0) {
        throw new StanzaError('resource-constraint', 'Too many of your server ask to be contacts. Please try later.');
      }
      if (gate.enters(stanza) === 'hold') {
        return hold(stanza, 'in').catch((error: unknown) => this.#refuse(stanza, error));
      }
    } catch (error) {
      this.#refuse(stanza, error);
      return;
    }
    return enter(house, stanza, (refusal) => this.#tell(refusal));
  }

  async #later(done: void | Promise<void>, rest: number): Promise<void> {
    await done;
    if (rest >= SHORT_REST) await new Promise<void>((resolve) => setTimeout(resolve, Math.min(rest, 1_000)).unref());
    this.#count();
  }

  #count(): void {
    const acks = this.#acks;
    if (acks.handled !== undefined) acks.handled = (acks.handled + 1) % WRAP;
  }

  #refuse(stanza: Stanza, error: unknown): void {
    const { house, log } = this.#context;
    if (!(error instanceof StanzaError)) {
      log.error({ err: error, from: stanza.from.domain }, 'a stanza of another server could not be handled');
      return;
    }
    if (!stanza.mayBeAnswered) return;
    house.counters.bounced++;
    this.#tell(errorFor(stanza, stanza.to!, error));
  }

  /** By the way that all takes that goes there. A refusal that cannot be sent is dropped. */
  #tell(refusal: Stanza): void {
    const failed = (error: unknown): void => {
      if (!(error instanceof StanzaError)) this.#context.log.error({ err: error }, 'a refusal could not be sent');
    };
    try {
      this.#context.gate.refuses(refusal);
      const done = this.#context.house.router.route(refusal);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #ping(id: string): string {
    const [remote] = this.leaving;
    return `<iq type='get' id='${id}' from='${remote?.local}' to='${remote?.domain}'><ping xmlns='${NS.ping}'/></iq>`;
  }

  #confirmed(items: readonly Outgoing[]): void {
    const rows = new Map<Remote, number[]>();
    for (const { remote, waiting } of items) {
      if (waiting.row === 0) continue;
      const list = rows.get(remote);
      if (list === undefined) rows.set(remote, [waiting.row]);
      else list.push(waiting.row);
    }
    for (const [remote, list] of rows) remote.arrived(list);
    for (const remote of this.leaving) remote.progress();
  }
}
