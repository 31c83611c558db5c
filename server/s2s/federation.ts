import { Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Attempt } from './attempt.ts';
import type { Draft } from './calling.ts';
import { checkPolicy } from './checks.ts';
import type { Context, QueueRow } from './context.ts';
import { ServerDoor } from './door.ts';
import { ourComplaint, theirComplaint } from './ending.ts';
import { type Link, Pace, pairOf } from './link.ts';
import { idleMinutes } from './options.ts';
import { joinLink, makeLink } from './outgoing.ts';
import { LinkProblem } from './problem.ts';
import type { Remote } from './remote.ts';
import { Remotes } from './remotes.ts';
import { answerFor } from './verifying.ts';
import { problemOf } from './wire.ts';

/** How often links and what waits for them are looked at, in ms. */
const TICK = 1_000;
/** ms that a server has to take one more domain of ours on a stream; after it that gets one of its own. */
const JOIN = 20_000;
/** ms that others have, when the server goes down, to say what has arrived. */
const FAREWELL = 1_000;

/** A link, as shown to administrators. */
export interface LinkView {
  readonly domain: string;
  readonly local: string;
  readonly direction: 'out' | 'in';
  /** ms since 1970. */
  readonly since: number;
  readonly transport: 'starttls' | 'tls';
  readonly address: string;
  readonly protocol: string;
  readonly cipher: string;
  /** How they have shown who they are, and how we have, where it was asked. */
  readonly theirs: 'certificate' | 'dialback' | undefined;
  readonly ours: 'certificate' | 'dialback' | undefined;
  readonly bidi: boolean;
  readonly managed: boolean;
  /** Stanzas. */
  readonly sent: number;
  readonly received: number;
  readonly unconfirmed: number;
}

/** What waits for another domain. */
export interface QueueView {
  readonly domain: string;
  readonly local: string;
  readonly waiting: number;
  /** ms since 1970. */
  readonly oldest: number | undefined;
}

/** All links with other servers: those that we make, those that come in, and what goes over which. */
export class Federation {
  readonly remotes: Remotes;
  readonly door: ServerDoor;
  readonly #context: Context;
  readonly #pace = new Pace();
  /** The links that we have made. */
  readonly #made = new Map<Link, Promise<void>>();
  readonly #last = new WeakMap<Remote, Attempt>();
  readonly #timer: NodeJS.Timeout;

  constructor(context: Context) {
    this.#context = context;
    this.remotes = new Remotes(context, (remote, signal) => this.#open(remote, signal));
    this.door = new ServerDoor(context, {
      pace: this.#pace,
      answered: (id) => this.#answered(id),
      joined: (link, local, domain) => {
        if (link.bidi) this.remotes.of(local, domain).attach(link);
      },
    });
    this.#timer = setInterval(() => this.#tick(Date.now()), TICK);
    this.#timer.unref();
  }

  /** Takes up what waited when the server went down. */
  restore(rows: readonly QueueRow[]): void {
    this.remotes.restore(rows);
  }

  links(): LinkView[] {
    const views: LinkView[] = [];
    for (const link of this.#all()) {
      const pairs = new Set(link.entering);
      for (const { local, domain } of link.leaving) pairs.add(pairOf(local, domain));
      for (const pair of pairs) {
        const [local = '', domain = ''] = pair.split(' ');
        const { direction, transport, address, tls } = link.facts;
        const { since, theirs, ours, bidi, managed, sent, received, unconfirmed } = link;
        const encrypted = { protocol: tls.getProtocol() ?? '', cipher: tls.getCipher()?.name ?? '' };
        const counts = { sent, received, unconfirmed };
        views.push({
          domain,
          local,
          direction,
          since,
          transport,
          address,
          ...encrypted,
          theirs,
          ours,
          bidi,
          managed,
          ...counts,
        });
      }
    }
    return views;
  }

  queues(): QueueView[] {
    const views: QueueView[] = [];
    for (const { domain, local, waiting, oldest } of this.remotes) {
      if (waiting > 0) views.push({ domain, local, waiting, oldest });
    }
    return views;
  }

  /** Calls a domain now, as one of ours. Gives what happened; of a link that is there already, how it came to be. */
  async tryNow(local: string, domain: string): Promise<Attempt> {
    const remote = this.remotes.of(local, domain);
    if (remote.link !== undefined && !remote.link.ended && this.#last.get(remote) === undefined) {
      // It came in, and goes both ways.
      const view = this.links().find((one) => one.local === local && one.domain === domain);
      const { since = Date.now() } = view ?? {};
      return { domain, local, direction: 'in', at: since, took: 0, outcome: 'connected' };
    }
    await remote.try();
    return (
      this.#last.get(remote) ?? {
        domain,
        local,
        direction: 'out',
        at: Date.now(),
        took: 0,
        outcome: 'failed',
        problem: { code: 'closed', facts: {} },
      }
    );
  }

  /** Ends all links with a domain. Gives how many there were. */
  closeNow(domain: string): number {
    let closed = 0;
    for (const link of this.#all()) {
      if (!namesOf(link).has(domain)) continue;
      link.close(new StreamError('reset', 'An administrator has closed the connection.'));
      closed++;
    }
    return closed;
  }

  /** The policy is another: what it does not allow any more ends now. */
  decided(): void {
    for (const link of this.#all()) {
      for (const domain of namesOf(link)) {
        if (this.#problem(domain) === undefined) continue;
        link.close(new StreamError('policy-violation', 'This server does not talk with yours any more.'));
      }
    }
    for (const remote of this.remotes) {
      const problem = this.#problem(remote.domain);
      if (problem !== undefined) remote.refuse(problem);
      else remote.forgive();
    }
  }

  /** Ends all links. What was not confirmed waits on disk for the next start. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const open = [...this.#all()].filter(({ unconfirmed }) => unconfirmed > 0);
    for (const link of open) link.confirm();
    const end = Date.now() + FAREWELL;
    while (open.some(({ ended, unconfirmed }) => !ended && unconfirmed > 0) && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.remotes.close();
    for (const link of this.#made.keys())
      void link.farewell(new StreamError('system-shutdown', 'The server is going down.'));
    await Promise.all([...this.#made.values(), this.door.close()]);
  }

  *#all(): IterableIterator<Link> {
    yield* this.#made.keys();
    for (const { link } of this.door) if (link !== undefined) yield link;
  }

  #problem(domain: string): LinkProblem | undefined {
    try {
      checkPolicy(this.#context.judge(domain), domain);
      return undefined;
    } catch (error) {
      return error as LinkProblem;
    }
  }

  async #open(remote: Remote, signal: AbortSignal): Promise<Link> {
    const { local, domain } = remote;
    const draft: Draft = { domain, local, direction: 'out', at: Date.now(), took: 0, outcome: 'failed' };
    const done = (): void => {
      draft.took = Date.now() - draft.at;
      this.#last.set(remote, draft);
      this.#context.record(draft);
    };
    try {
      const shared = await this.#join(draft, signal);
      if (shared !== undefined) {
        done();
        return shared;
      }
      const callers = { pace: this.#pace, answered: (id: string) => this.#answered(id) };
      const link = await makeLink(this.#context, callers, draft, signal);
      draft.outcome = 'connected';
      done();
      this.#made.set(link, this.#run(link));
      return link;
    } catch (error) {
      // Given up for something better, or because the server goes down: no failure.
      if (signal.aborted) throw signal.reason;
      const { code, facts } = error instanceof LinkProblem ? error : new LinkProblem('closed');
      draft.problem = { code, facts };
      done();
      throw error;
    }
  }

  /** A link of another of our domains to the same server, where it knows us by keys: another key does, and no certificate would. */
  async #join(draft: Draft, signal: AbortSignal): Promise<Link | undefined> {
    const { local, domain } = draft;
    for (const link of this.#made.keys()) {
      if (link.ours !== 'dialback' || ![...link.leaving].some((remote) => remote.domain === domain)) continue;
      const patience = AbortSignal.any([signal, AbortSignal.timeout(JOIN)]);
      if (!(await joinLink(this.#context, link, local, domain, patience))) continue;
      const { address, transport } = link.facts;
      const { theirs, ours, managed } = link;
      Object.assign(draft, { outcome: 'connected', address, transport, theirs, ours, managed, bidi: false });
      return link;
    }
    return undefined;
  }

  /** Reads what comes in on a link that we have made, as long as it lives. Never rejects. */
  async #run(link: Link): Promise<void> {
    const { log } = this.#context;
    const { stream } = link;
    let handled = 0;
    try {
      for await (const item of stream.items) {
        if (item === 'close') {
          await link.farewell();
          break;
        }
        if (!(item instanceof Element)) throw new StreamError('bad-format', 'The stream began twice.');
        const done = this.#element(link, item);
        if (done !== undefined) await done;
        if (++handled % 32 === 0) await new Promise(setImmediate);
      }
    } catch (error) {
      if (error instanceof StreamError) {
        link.failed(ourComplaint(error));
        await link.farewell(error);
      } else {
        log.error({ err: error }, 'the stream to another server failed');
        stream.close(new StreamError('internal-server-error', 'Something went wrong on the server.'));
      }
    } finally {
      this.#made.delete(link);
      link.finish();
    }
  }

  #element(link: Link, element: Element): void | Promise<void> {
    const { xmlns } = element.attrs;
    if (xmlns === undefined || xmlns === NS.client) return link.stanza(element);
    if (xmlns === NS.sm) return link.management(element);
    if (xmlns === NS.dialback) {
      const { name, attrs } = element;
      if (name === 'result') link.asked.get(pairOf(String(attrs.to), String(attrs.from)))?.(String(attrs.type));
      const answer = answerFor(this.#context, element);
      if (answer !== undefined) link.stream.send(answer);
      return;
    }
    if (xmlns === NS.stream && element.name === 'error') {
      const { code, facts } = problemOf(element);
      link.failed(theirComplaint(element));
      this.#context.log.info({ domain: [...namesOf(link)], code, ...facts }, 'another server has ended the stream');
      link.stream.close();
    }
  }

  #answered(id: string): boolean {
    for (const link of this.#all()) if (link.pinged(id)) return true;
    return false;
  }

  #tick(now: number): void {
    const idle = this.#context.house.options.get(idleMinutes) * 60_000;
    for (const link of this.#all()) {
      if ([...namesOf(link)].some((domain) => this.#context.house.router.has(domain))) {
        link.stream.close(new StreamError('conflict', 'That is a domain of this server now.'));
        continue;
      }
      if (!link.lives(now) || link.unconfirmed > 0) continue;
      // Who has made it closes it; the other side only where that does not happen.
      const patience = link.facts.direction === 'out' ? idle : 2 * idle;
      if (now - link.lastUsed > patience) link.stream.close();
    }
    this.remotes.tick(now);
  }
}

/** Theirs, of all pairs that a link is for. */
function namesOf(link: Link): Set<string> {
  const names = new Set<string>();
  for (const pair of link.entering) names.add(pair.slice(pair.indexOf(' ') + 1));
  for (const { domain } of link.leaving) names.add(domain);
  return names;
}
