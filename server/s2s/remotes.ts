import type { Destination } from '../host/destination.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Context, QueueRow } from './context.ts';
import { type Link, pairOf } from './link.ts';
import { Remote, type Shared, type Waiting } from './remote.ts';

/** Pairs of domains that are known at the same time. */
const MOST = 10_000;
/** ms after which a pair of domains that has nothing to say is forgotten. */
const FORGET = 10 * 60_000;
/** The same where there are so many that it matters. */
const FORGET_SOON = 30_000;
/** Calls at the same time. */
const CALLS = 50;

/** The rest of the world: takes what is for no domain of ours (RFC 6120 §10.4). */
export class Remotes implements Destination {
  readonly #context: Context;
  readonly #shared: Shared;
  readonly #remotes = new Map<string, Remote>();
  /** The largest number of a row. They grow over restarts, too. */
  #row = Date.now() * 1_000;

  /** `open` makes a stream for one of them. */
  constructor(context: Context, open: (remote: Remote, signal: AbortSignal) => Promise<Link>) {
    this.#context = context;
    let calls = 0;
    const waiting: (() => void)[] = [];
    this.#shared = {
      context,
      waiting: 0,
      nextRow: () => ++this.#row,
      forget: (rows) => {
        context.queue.remove(rows).catch((error: unknown) => {
          context.log.error({ err: error }, 'what has arrived could not be taken off the queue');
        });
      },
      open: async (remote, signal) => {
        if (calls >= CALLS) await new Promise<void>((resolve) => waiting.push(resolve));
        else calls++;
        try {
          signal.throwIfAborted();
          return await open(remote, signal);
        } finally {
          const next = waiting.shift();
          if (next === undefined) calls--;
          else next();
        }
      },
    };
  }

  /** Takes up what waited when the server went down. Rows that cannot be read are left out, and told to the log. */
  restore(rows: readonly QueueRow[]): void {
    const { house, log } = this.#context;
    const found = new Map<Remote, Waiting[]>();
    const damaged: number[] = [];
    // What was sent and came back has a later number than what was said after it.
    for (const row of rows.toSorted((one, other) => one.at - other.at || one.id - other.id)) {
      this.#row = Math.max(this.#row, row.id);
      try {
        const element = house.parse(row.xml);
        const from = tryParseJid(element.attrs.from);
        const to = tryParseJid(element.attrs.to);
        if (from === undefined || to === undefined) throw new Error('a stored stanza has no addresses');
        const remote = this.of(row.local, row.remote);
        const waiting = { stanza: new Stanza(element, from, to), at: row.at, row: row.id };
        const list = found.get(remote);
        if (list === undefined) found.set(remote, [waiting]);
        else list.push(waiting);
      } catch (error) {
        log.error({ err: error, row: row.id }, 'what waits for another server cannot be read');
        damaged.push(row.id);
      }
    }
    if (damaged.length > 0) this.#shared.forget(damaged);
    for (const [remote, waiting] of found) remote.restore(waiting);
  }

  accept(stanza: Stanza): void | Promise<void> {
    const { house, gate, hold } = this.#context;
    const local = stanza.from.domain;
    // A house speaks for its own domains only: nobody is to be passed on from elsewhere to elsewhere.
    if (!house.router.has(local))
      throw new StanzaError('remote-server-not-found', 'Nobody answers for that domain here.');
    if (gate.leaves(stanza) === 'hold') return hold(stanza, 'out');
    this.of(local, stanza.to!.domain).accept(stanza);
  }

  /** What goes from one domain to another. Throws StanzaError when there are too many. */
  of(local: string, domain: string): Remote {
    const pair = pairOf(local, domain);
    let remote = this.#remotes.get(pair);
    if (remote === undefined) {
      if (this.#remotes.size >= MOST) {
        throw new StanzaError('resource-constraint', 'This server writes to too many others at the moment.');
      }
      remote = new Remote(local, domain, this.#shared);
      this.#remotes.set(pair, remote);
    }
    return remote;
  }

  find(local: string, domain: string): Remote | undefined {
    return this.#remotes.get(pairOf(local, domain));
  }

  [Symbol.iterator](): IterableIterator<Remote> {
    return this.#remotes.values();
  }

  tick(now: number): void {
    const patience = this.#remotes.size > MOST / 2 ? FORGET_SOON : FORGET;
    for (const [pair, remote] of this.#remotes) {
      remote.tick(now);
      if (remote.waiting === 0 && remote.link === undefined && !remote.calling && now - remote.lastUsed > patience) {
        this.#remotes.delete(pair);
      }
    }
  }

  close(): void {
    for (const remote of this.#remotes.values()) remote.close();
  }
}
