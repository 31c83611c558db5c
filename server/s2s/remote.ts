import { randomInt } from 'node:crypto';
import { bounce } from '../host/bounce.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Context } from './context.ts';
import type { Link } from './link.ts';
import { waitMinutes } from './options.ts';
import { LinkProblem } from './problem.ts';
import { explain } from './reasons.ts';

/** Stanzas, and characters of them, that may wait for one other domain. */
const MOST = 10_000;
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** The same for all of them together, in characters. */
const MOST_FOR_ALL = 128 * 1024 * 1024;
/** ms that a request, and presence, may wait: nobody looks forward to them any more after that. */
const IQ_WAITS = 30_000;
const PRESENCE_WAITS = 60_000;
/** ms until the next try: the first, and the longest after many. */
const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 60_000;

/** A stanza on its way to another server. */
export interface Waiting {
  readonly stanza: Stanza;
  /** Since when, ms since 1970. */
  readonly at: number;
  /** Its row on disk; 0 while it has none. */
  row: number;
}

/** What the remotes of a house share. */
export interface Shared {
  readonly context: Context;
  /** Characters that wait, all remotes together. */
  waiting: number;
  /** A number for a row that no other row has, larger than all before. */
  nextRow(): number;
  /** Rows that need not be kept any more. */
  forget(rows: readonly number[]): void;
  /** Makes a stream for a remote; throws LinkProblem. */
  open(remote: Remote, signal: AbortSignal): Promise<Link>;
}

/**
 * What goes from one domain of ours to one of another server: over a stream when there is one, else it waits, on disk, until
 * there is. Whatever cannot go, its sender is told exactly once.
 */
export class Remote {
  readonly local: string;
  readonly domain: string;
  readonly #shared: Shared;
  #link: Link | undefined;
  #waiting: Waiting[] = [];
  #characters = 0;
  #calling: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #failures = 0;
  #retryAt = 0;
  /** So much waits that something was refused. */
  #overflown = false;
  #problem: LinkProblem | undefined;
  /** Nothing is to be sent any more: the server goes down. */
  #closed = false;
  /** ms since 1970. */
  lastUsed = Date.now();

  constructor(local: string, domain: string, shared: Shared) {
    this.local = local;
    this.domain = domain;
    this.#shared = shared;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  get problem(): LinkProblem | undefined {
    return this.#problem;
  }

  get calling(): boolean {
    return this.#calling !== undefined;
  }

  /** When it is called again if something waits, ms since 1970; 0: at once. */
  get retryAt(): number {
    return this.#retryAt;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Since when the oldest waits, ms since 1970. */
  get oldest(): number | undefined {
    return this.#waiting[0]?.at;
  }

  /** Takes a stanza over. Throws StanzaError when it cannot go. */
  accept(stanza: Stanza): void {
    const now = Date.now();
    this.lastUsed = now;
    const link = this.#link;
    if (link !== undefined && this.#waiting.length === 0 && !link.ended && !link.stuck) {
      link.send(this, { stanza, at: now, row: 0 });
      return;
    }
    if (link === undefined && this.#problem?.lasting === true && now < this.#retryAt)
      throw refusal(this.#problem, this.domain, this.local);
    const size = stanza.text.length;
    const shared = this.#shared;
    if (
      this.#waiting.length >= MOST ||
      this.#characters + size > MOST_CHARACTERS ||
      shared.waiting + size > MOST_FOR_ALL
    ) {
      // Who does not hear everything is not to be shown as if they did: rooms let the people of this server go, once.
      if (!this.#overflown) shared.context.house.router.lost(this.domain);
      this.#overflown = true;
      throw new StanzaError('resource-constraint', `Too much is waiting for ${this.domain}.`);
    }
    const waiting = { stanza, at: now, row: 0 };
    this.#keep(waiting);
    this.#push([waiting]);
    if (link === undefined) this.#call();
    else this.#drain();
  }

  /** What waited on disk while the server was down, in order. */
  restore(waiting: readonly Waiting[]): void {
    this.#push(waiting);
  }

  /** There is a stream: what has waited goes first. One that is there already stays in use, or the order would be lost. */
  attach(link: Link): void {
    const before = this.#link;
    if (before !== undefined && !before.ended) {
      if (before !== link) before.confirm(); // perhaps they have come anew because it is dead
      return;
    }
    this.#calling?.abort.abort(new LinkProblem('closed'));
    this.#link = link;
    link.leaving.add(this);
    this.#problem = undefined;
    this.#drain();
  }

  /** A stream is gone; `back` are the stanzas that may not have arrived. */
  detached(link: Link, back: readonly Waiting[]): void {
    if (this.#link === link) this.#link = undefined;
    if (back.length > 0) {
      for (const waiting of back) if (waiting.row === 0) this.#keep(waiting);
      const later = this.#waiting;
      this.#waiting = [];
      this.#push(back);
      this.#waiting.push(...later);
    }
    // Who takes a stream, and ends it before anything arrives, is not asked every second.
    if (this.#waiting.length > 0) this.#retryAt = Date.now() + pause(this.#failures++);
  }

  /** Rows that need not be kept any more. */
  arrived(rows: readonly number[]): void {
    if (rows.length > 0) this.#shared.forget(rows);
  }

  /** The stream has room again. */
  progress(): void {
    this.#failures = 0;
    if (this.#waiting.length > 0) this.#drain();
  }

  /** Looks after what waits. */
  tick(now: number): void {
    if (this.#closed) return;
    this.#expire(now);
    if (this.#waiting.length === 0) return;
    if (this.#link !== undefined) this.#drain();
    else if (now >= this.#retryAt) this.#call();
  }

  /** Tries at once, whatever was before. Resolves when there is a stream or no hope of one. */
  async try(): Promise<void> {
    this.#retryAt = 0;
    if (this.#link === undefined) this.#call();
    await this.#calling?.done;
  }

  /** Nothing may go there any more, by the policy: what waits is given back to its senders. */
  refuse(problem: LinkProblem): void {
    this.#problem = problem;
    this.#retryAt = Date.now() + LONGEST_RETRY;
    this.#calling?.abort.abort(problem);
    this.#giveUp(problem);
  }

  /** Something was decided that may have mended it: the next stanza, or what waits, tries at once. */
  forgive(): void {
    this.#problem = undefined;
    this.#failures = 0;
    this.#retryAt = 0;
  }

  /** Keeps what waits on disk for the next start. */
  close(): void {
    this.#closed = true;
    this.#calling?.abort.abort(new LinkProblem('shutdown'));
  }

  #call(): void {
    if (this.#closed || this.#calling !== undefined || Date.now() < this.#retryAt) return;
    const abort = new AbortController();
    this.#calling = { abort, done: this.#open(abort.signal) };
  }

  async #open(signal: AbortSignal): Promise<void> {
    let link: Link | undefined;
    try {
      link = await this.#shared.open(this, signal);
    } catch (error) {
      this.#failed(error);
      return;
    } finally {
      this.#calling = undefined;
    }
    this.attach(link);
  }

  #failed(error: unknown): void {
    if (this.#closed || this.#link?.ended === false) return;
    const { log } = this.#shared.context;
    if (!(error instanceof LinkProblem))
      log.error({ err: error, domain: this.domain }, 'a call to another server failed');
    const problem = error instanceof LinkProblem ? error : new LinkProblem('closed');
    this.#problem = problem;
    this.#retryAt = Date.now() + (problem.lasting ? LONGEST_RETRY : pause(this.#failures));
    this.#failures++;
    if (problem.lasting) this.#giveUp(problem);
  }

  #giveUp(problem: LinkProblem): void {
    this.#bounce(this.#take(), problem);
    this.#shared.context.house.router.lost(this.domain);
  }

  #drain(): void {
    const link = this.#link;
    if (link === undefined || link.ended) return;
    let n = 0;
    for (; n < this.#waiting.length && !link.stuck; n++) {
      const waiting = this.#waiting[n]!;
      this.#count(-waiting.stanza.text.length);
      link.send(this, waiting);
    }
    this.#waiting.splice(0, n);
    if (this.#waiting.length < MOST / 2) this.#overflown = false;
  }

  #expire(now: number): void {
    const { house } = this.#shared.context;
    const wait = house.options.get(waitMinutes) * 60_000;
    const over = ({ stanza, at }: Waiting): boolean =>
      now - at >= (stanza.kind === 'iq' ? IQ_WAITS : lasts(stanza) ? wait : PRESENCE_WAITS);
    if (!this.#waiting.some(over)) return;
    const expired = this.#waiting.filter(over);
    this.#waiting = this.#waiting.filter((waiting) => !over(waiting));
    for (const { stanza } of expired) this.#count(-stanza.text.length);
    this.#bounce(expired, this.#problem);
    if (expired.some(({ stanza }) => lasts(stanza))) house.router.lost(this.domain);
  }

  #bounce(all: readonly Waiting[], problem: LinkProblem | undefined): void {
    if (all.length === 0) return;
    const { house } = this.#shared.context;
    this.arrived(all.flatMap(({ row }) => (row === 0 ? [] : [row])));
    const error = problem?.lasting === true ? refusal(problem, this.domain, this.local) : timeout(this.domain);
    for (const { stanza } of all) bounce(house, stanza, error);
  }

  #push(waiting: readonly Waiting[]): void {
    for (const one of waiting) {
      this.#waiting.push(one);
      this.#count(one.stanza.text.length);
    }
  }

  #take(): Waiting[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#overflown = false;
    for (const { stanza } of taken) this.#count(-stanza.text.length);
    return taken;
  }

  #count(characters: number): void {
    this.#characters += characters;
    this.#shared.waiting += characters;
  }

  /** Puts it on disk, in the same step as the archive: what a client is told that we have, a power cut does not take away. */
  #keep(waiting: Waiting): void {
    const { stanza, at } = waiting;
    if (!lasts(stanza)) return;
    const { house, queue } = this.#shared.context;
    const row = this.#shared.nextRow();
    waiting.row = row;
    const { local, domain: remote } = this;
    const { kind, from, text: xml } = stanza;
    const statement = queue.appendStatement({ id: row, local, remote, sender: from.bare, kind, xml, at });
    house.db.queue([statement], (error) => {
      house.log.error({ err: error, domain: remote }, 'what waits for another server could not be stored');
    });
  }
}

/** What somebody would miss: messages, and the asking and answering of who may see whom. */
function lasts({ kind, type }: Stanza): boolean {
  if (kind === 'message') return type !== 'error' && type !== 'headline';
  return kind === 'presence' && type !== '' && type !== 'unavailable' && type !== 'error' && type !== 'probe';
}

function pause(failures: number): number {
  const longest = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(failures, 10));
  return longest / 2 + randomInt(longest / 2);
}

/** What the sender is told when there will be no stream until somebody changes something. */
export function refusal({ code, facts }: LinkProblem, domain: string, local: string): StanzaError {
  // What administrators noted down about a partner is for administrators.
  const told = code === 'policy-denied' ? {} : facts;
  const { sentence } = explain({ code, facts: told }, { domain, local });
  return new StanzaError('remote-server-not-found', `${domain} cannot be reached. ${sentence}`);
}

function timeout(domain: string): StanzaError {
  return new StanzaError('remote-server-timeout', `${domain} could not be reached.`);
}
