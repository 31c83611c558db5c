import { randomBytes } from 'node:crypto';
import { lastToFail, originalOf } from '../host/delivery.ts';
import type { Host } from '../host/host.ts';
import type { Outlet, Sent, Session } from '../host/session.ts';
import type { ElementStream } from '../stream/element-stream.ts';
import { delayedBy, delayXml } from '../xmpp/delay.ts';
import { insertedIn } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { errorFor, type Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { StreamError, type StreamErrorCondition } from '../xmpp/stream-error.ts';
import { HeldBack } from './held-back.ts';
import { type Counted, Management } from './management.ts';
import { phonesRest } from './options.ts';
import { type Resumptions, tokenKey } from './resumptions.ts';

/** Stanzas without an acknowledgement, and ms that the oldest has waited, after which the client is asked for one. */
const ASK_AFTER = 10;
const ASK_AFTER_MS = 7_500;
/** A client that was asked for an acknowledgement and is silent for so long, in ms, may not be there any more. */
const SILENT_MS = 10_000;
/** What stream management knows of a session whose client is to come back after a restart. */
export interface Frozen extends Counted {
  readonly key: string;
  readonly unacked: readonly Sent[];
}

/**
 * The way from a session to its client: holds what can wait while nobody looks (XEP-0352), keeps what is not acknowledged
 * (XEP-0198), and outlives the connection when the client may come back.
 */
export class ClientOutlet implements Outlet {
  readonly #host: Host;
  readonly #resumptions: Resumptions;
  #session!: Session;
  #stream: ElementStream | undefined;
  /** What came before the client was told that its session has begun; undefined from then on. */
  #early: string[] | undefined;
  #management: Management | undefined;
  /** XEP-0352: what is held back; undefined while the client is active. */
  #held: HeldBack | undefined;
  /** Others were told that nothing shows whether the client gets what it is sent. */
  #adrift = false;
  /** Until the stanza at hand is handled. Never rejects. */
  #handling: Promise<void> = Promise.resolve();
  #over = false;

  /** Without a stream it is for a session that waits for its client: see `thaw`. */
  constructor(host: Host, resumptions: Resumptions, stream?: ElementStream) {
    this.#host = host;
    this.#resumptions = resumptions;
    this.#stream = stream;
  }

  /** The session this is for; set once, right after both were made. */
  set session(session: Session) {
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  get stream(): ElementStream | undefined {
    return this.#stream;
  }

  get over(): boolean {
    return this.#over;
  }

  get managed(): boolean {
    return this.#management !== undefined;
  }

  /** By what it is found when its client comes back; '' when it may not. */
  get key(): string {
    return this.#management?.key ?? '';
  }

  get resumable(): boolean {
    return this.key !== '';
  }

  /**
   * Nothing shows that the client gets what it is sent: it has no connection, or does not answer, or does not look and has
   * not agreed to answer.
   */
  get away(): boolean {
    return this.#stream === undefined || this.#adrift || (this.#held !== undefined && this.#management === undefined);
  }

  /** Characters that wait for an acknowledgement. */
  get unacked(): number {
    return this.#management?.characters ?? 0;
  }

  get backlog(): number {
    return Math.max(this.unacked, this.#stream?.unsent ?? 0);
  }

  /** Stanzas of the client's handled so far (XEP-0198 §4). */
  get handled(): number {
    return this.#management?.handled ?? 0;
  }

  deliver(stanza: Stanza, text: string): void {
    if (this.#over) {
      // Chosen as a recipient before it ended, and reached only now.
      this.#giveBack({ stanza, text, at: Date.now() });
      return;
    }
    if (this.#held !== undefined) {
      if (this.#held.hold(stanza, text)) return;
      this.#release(); // what waited goes first: the order stays
      this.#send(stanza, text);
      // Whether a phone in a pocket still gets anything must be known soon, or it is to be woken another way (XEP-0357).
      if (this.#management?.askedAt === 0) this.#request(this.#management, Date.now());
      return;
    }
    this.#send(stanza, text);
  }

  end(condition: StreamErrorCondition, text: string): void {
    if (this.#over) return;
    this.#adrift = true; // it is told why, by us: nobody needs to look for it
    this.#stream?.close(new StreamError(condition, text));
    this.finish();
  }

  /** The client looks, or looks away (XEP-0352 §4). */
  setActive(active: boolean): void {
    if (!active) {
      if (this.#host.option(phonesRest)) this.#held ??= new HeldBack();
    } else if (this.#held !== undefined) {
      this.#release();
      this.#held = undefined;
    }
  }

  /** XEP-0198 §3. Gives the token by which the client may come back, '' when the session is not to be resumed. */
  enable(resume: boolean): string {
    const token = resume ? randomBytes(18).toString('base64url') : '';
    this.#management = new Management(resume ? tokenKey(token) : '', this.#resumptions.join(this));
    if (resume) this.#resumptions.offer(this);
    return token;
  }

  /** A stanza of the client's has been handled. Its radio is on now, so what waited goes, too (XEP-0286 §4.2). */
  countHandled(): void {
    if (this.#held !== undefined) this.#release();
    this.#management?.countHandled();
  }

  /** The same for one that takes its time. */
  countWhenHandled(handling: Promise<void>): Promise<void> {
    const counted = handling.then(() => this.countHandled());
    this.#handling = counted.catch(() => undefined);
    return counted;
  }

  /** From now on what is for the client waits until `begin`. */
  hold(): void {
    this.#early = [];
  }

  /** The client is told, by `first`, that its session has begun; then it gets what came meanwhile. */
  begin(...first: readonly string[]): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of [...first, ...early]) this.#write(text);
  }

  /** The client has received that many (§4). Throws StreamError when it says more than were sent. */
  acknowledge(h: number): void {
    this.#management?.acknowledge(h);
    if (this.#management !== undefined) this.#reached();
  }

  /** Asks for an acknowledgement if something waits for one. Gives how long the client has been silent about it, in ms. */
  ask(now: number): number {
    const management = this.#management;
    if (management === undefined || this.#stream === undefined) return 0;
    if (management.askedAt !== 0) {
      const silence = now - management.askedAt;
      if (silence >= SILENT_MS) this.#drift();
      return silence;
    }
    const oldest = management.unacked[0];
    if (oldest !== undefined && now - oldest.at >= ASK_AFTER_MS) this.#request(management, now);
    return 0;
  }

  /** Asks whether the client still lives, by any means it has agreed to. */
  probe(now: number): void {
    const management = this.#management;
    if (management !== undefined && management.askedAt === 0) this.#request(management, now);
  }

  /** The connection is gone: waits for the client if it may come back, else ends the session. */
  detach(stream: ElementStream): void {
    if (this.#over || this.#stream !== stream) return;
    this.#stream = undefined;
    this.#drift();
    if (!this.resumable) this.finish();
    else this.#resumptions.wait(this);
  }

  /**
   * The client is coming back (§5): whatever connection it still has ends, and the session waits. Resolves when nothing
   * more is being handled for it.
   */
  interrupt(): Promise<void> {
    const old = this.#stream;
    if (old !== undefined) {
      this.#stream = undefined;
      this.#resumptions.wait(this);
      old.close(new StreamError('conflict', 'The session was resumed on another connection.'));
    }
    return this.#handling;
  }

  /** The client is back on another connection. `resumed` goes before what it missed. */
  attach(stream: ElementStream, resumed: string): void {
    void this.interrupt(); // of two that come at once, the later one has it
    this.#resumptions.resumed(this);
    this.#stream = stream;
    stream.send(resumed);
    const management = this.#management!;
    for (const { text } of management.unacked) stream.send(text);
    this.#release();
    this.#held = undefined; // XEP-0352 §5.2: a resumed client is active
    this.#reached();
    if (management.unacked.length > 0) this.#request(management, Date.now());
  }

  /** What of it goes over a restart of the server; only for one that is resumable, and when nothing more is handled for it. */
  freeze(): Frozen {
    // What was held back waits with the rest: a client that comes back takes it that it gets all.
    this.#release();
    const { key, acked, handled, unacked } = this.#management!;
    return { key, acked, handled, unacked };
  }

  /** It is as it was when it was frozen, and waits for its client. */
  thaw({ key, unacked, ...counted }: Frozen): void {
    const management = new Management(key, this.#resumptions.join(this), counted);
    this.#management = management;
    this.#adrift = true;
    for (const sent of unacked) management.sent(sent);
    this.#resumptions.offer(this);
    this.#resumptions.wait(this);
  }

  /** Ends the session: what the client did not acknowledge goes another way. */
  finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream = undefined;
    this.#drift();
    const management = this.#management;
    if (this.resumable) this.#resumptions.forget(this);
    if (management !== undefined) {
      // Before anybody is told: what the account's other clients hear of it is counted against what is left.
      management.over();
      this.#resumptions.leave(this);
    }
    this.#host.unbind(this.#session);
    if (management === undefined) return;
    // What was held back is of the moment: it goes with the session.
    for (const sent of management.unacked) this.#giveBack(sent);
  }

  #drift(): void {
    if (this.#adrift) return;
    this.#adrift = true;
    this.#host.events.emit('adrift', { session: this.#session, unacked: this.#management?.unacked ?? [] });
  }

  #reached(): void {
    if (!this.#adrift || this.#stream === undefined) return;
    this.#adrift = false;
    this.#host.events.emit('reached', { session: this.#session });
  }

  #release(): void {
    for (const { stanza, text } of this.#held?.release() ?? []) this.#send(stanza, text);
  }

  #send(stanza: Stanza, text: string): void {
    const management = this.#management;
    if (management !== undefined) {
      management.sent({ stanza, text, at: Date.now() });
      if (management.full) {
        this.end('policy-violation', 'Too much is waiting for an acknowledgement.');
        return;
      }
      management.relieve();
      if (this.#over) return;
    }
    if (this.#stream === undefined) return;
    this.#write(text);
    if (management !== undefined && management.askedAt === 0 && management.unacked.length % ASK_AFTER === 0) {
      this.#request(management, Date.now());
    }
  }

  #request(management: Management, now: number): void {
    management.askedAt = now;
    this.#write(`<r xmlns='${NS.sm}'/>`);
  }

  #write(text: string): void {
    if (this.#early === undefined) this.#stream?.send(text);
    else this.#early.push(text);
  }

  /** XEP-0198 §5, §8: what was not acknowledged is treated as if the resource had not been there. */
  #giveBack({ at, ...sent }: Sent): void {
    const { stanza, text } = originalOf(sent.stanza) ?? sent;
    const { kind, type, from } = stanza;
    if (kind === 'message') {
      // Results, and copies of what one wrote oneself, for this very device are of no use to another.
      if (from.full === this.#session.jid.bare || type === 'error' || type === 'headline') return;
      if (!lastToFail(stanza)) return;
      const extra = insertedIn(stanza.text, text);
      const { domain } = this.#host;
      const stamped =
        delayedBy(stanza.element, domain) || extra.includes('<delay ') ? extra : extra + delayXml(domain, at);
      this.#host.returned(stanza, this.#session.account, stamped);
    } else if (kind === 'iq' && stanza.mayBeAnswered) {
      this.#host.send(errorFor(stanza, this.#session.jid, new StanzaError('recipient-unavailable')));
    }
  }
}
