import type { Attempt } from '../s2s/attempt.ts';
import type { LinkView } from '../s2s/federation.ts';
import { type Grade, grade } from '../s2s/grade.ts';
import { judgementWords } from '../s2s/judgement.ts';
import type { Judgement } from '../s2s/policy.ts';
import { type Explanation, explain } from '../s2s/reasons.ts';
import type { Audit } from '../storage/stores/audit.ts';
import type { KnownDomain } from '../storage/stores/federation-attempts.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { FederationNeeds, WaitingView } from './federation-needs.ts';
import { type RuleView, viewRule } from './federation-policy.ts';
import { type AttemptView, viewAttempt, viewLink, viewQueue } from './federation-views.ts';
import type { House } from './house.ts';
import { checkDomain } from './names.ts';

/** How it is with a domain now. */
export type LinkState = 'connected' | 'waiting' | 'idle';

/** Another server in a list. */
export interface DomainRow {
  readonly domain: string;
  readonly verdict: 'allow' | 'deny' | 'ask';
  /** The pattern of the rule that decides, null where the default does. */
  readonly rule: string | null;
  /** `waiting`: something is to be sent and there is no link. `idle`: nothing is, and there is none. */
  readonly state: LinkState;
  /** Of the last link there was. */
  readonly grade: Grade | null;
  /** Why the last attempt failed. */
  readonly problem: string | null;
  readonly queued: number;
  readonly held: number;
  /** The last attempt, and how many worked and failed, of a month. */
  readonly lastAttempt: number | null;
  readonly connected: number;
  readonly failed: number;
}

const PAGE = 50;
const ATTEMPTS = 50;

/** Other servers, as administrators see them. */
export class FederationDomains {
  readonly #needs: FederationNeeds;
  readonly #audit: Audit;
  readonly #house: House;
  readonly #now: () => number;

  constructor(needs: FederationNeeds, audit: Audit, house: House, now: () => number) {
    this.#needs = needs;
    this.#audit = audit;
    this.#house = house;
    this.#now = now;
  }

  /**
   * A page of the domains of which anything is known: by a rule, a link, what waits, or an attempt of the last month. With
   * `strangers` also those that somebody only claimed to be.
   */
  async list(wish: {
    search?: string;
    after?: string;
    limit?: number;
    strangers?: boolean;
  }): Promise<{ domains: DomainRow[]; total: number; next: string | null }> {
    const { book, inbox, records, running } = this.#needs;
    const { search = '', after = '', limit = PAGE, strangers = false } = wish;
    const links = groupBy(running.links());
    const queues = groupBy(running.queues());
    const held = new Map((await inbox.domains()).map(({ domain, count }) => [domain, count]));
    const exact = book.policy.rules.map(({ pattern }) => pattern).filter((pattern) => !pattern.startsWith('*.'));
    const all = new Set([
      ...exact,
      ...links.keys(),
      ...queues.keys(),
      ...held.keys(),
      ...(await records.names(strangers)),
    ]);
    const found = [...all].filter((domain) => domain.includes(search.trim().toLowerCase())).sort();
    const shown = found.filter((domain) => domain > after).slice(0, limit);
    const known = new Map((await records.known(shown)).map((one) => [one.domain, one]));
    const domains = shown.map((domain) =>
      this.#row(domain, links.get(domain) ?? [], queues.get(domain) ?? [], held.get(domain) ?? 0, known.get(domain)),
    );
    const last = shown.at(-1);
    return { domains, total: found.length, next: last !== undefined && last !== found.at(-1) ? last : null };
  }

  /** All that explains how it is with one domain. Throws CommandError. */
  async why(input: string, limit = ATTEMPTS) {
    const domain = this.#remote(input);
    const { book, inbox, records, running } = this.#needs;
    const links = running.links().filter((link) => link.domain === domain);
    const queues = running.queues().filter((queue) => queue.domain === domain);
    const [attempts, known, waiting] = await Promise.all([
      records.of(domain, limit),
      records.known([domain]),
      inbox.of(domain, 101),
    ]);
    const judgement = book.judge(domain);
    const now = this.#now();
    const view = (rule: typeof judgement.rule): RuleView | null => (rule === undefined ? null : viewRule(rule, now));
    const row = this.#row(domain, links, queues, waiting.length, known[0]);
    return {
      ...row,
      judgement: judgementWords(domain, judgement, book.policy),
      decidedBy: view(judgement.rule),
      expired: view(judgement.expired),
      leastTls: judgement.leastTls,
      proof: judgement.proof,
      ...this.#summary(row, judgement, known[0]),
      links: links.map(viewLink),
      queues: queues.map(viewQueue),
      attempts: attempts.map((one): AttemptView => viewAttempt(one)),
    };
  }

  /** Calls a domain now. Without `from` as the first domain of ours. Throws CommandError. */
  async tryNow(by: Actor, input: string, from?: string): Promise<{ attempt: AttemptView }> {
    const domain = this.#remote(input);
    const local = from === undefined ? this.#house.domains()[0] : checkDomain(from, 'from');
    if (local === undefined || !this.#house.taken(local)) {
      throw new CommandError('domain-not-found', `The domain ${from ?? ''} is not served here.`, 'from');
    }
    const attempt: Attempt = await this.#needs.running.tryNow(local, domain);
    const { at, outcome, problem } = attempt;
    await record(this.#audit, by, 'federation.try', domain, { from: local, outcome });
    const row = {
      id: 0,
      domain,
      local,
      direction: attempt.direction,
      proven: true,
      at,
      lastAt: at,
      times: 1,
      outcome,
    } as const;
    return { attempt: viewAttempt({ ...row, code: problem?.code ?? '', attempt }) };
  }

  /** Ends the links with a domain; what waits is sent again over a new one. Throws CommandError. */
  async closeNow(by: Actor, input: string): Promise<{ closed: number }> {
    const domain = this.#remote(input);
    const closed = this.#needs.running.closeNow(domain);
    await record(this.#audit, by, 'federation.close', domain, { closed });
    return { closed };
  }

  #remote(input: string): string {
    const domain = checkDomain(input, 'domain');
    if (this.#house.taken(domain)) {
      throw new CommandError('invalid', `${domain} is a domain of this server itself.`, 'domain');
    }
    return domain;
  }

  #row(
    domain: string,
    links: readonly LinkView[],
    queues: readonly WaitingView[],
    held: number,
    known: KnownDomain | undefined,
  ): DomainRow {
    const { verdict, rule } = this.#needs.book.judge(domain);
    const queued = queues.reduce((sum, { waiting }) => sum + waiting, 0);
    const last = known?.last.attempt as Attempt | undefined;
    return {
      domain,
      verdict,
      rule: rule?.pattern ?? null,
      state: links.length > 0 ? 'connected' : queued > 0 ? 'waiting' : 'idle',
      grade: last === undefined ? null : grade(last).grade,
      problem: last?.problem === undefined ? null : explain(last.problem, last).sentence,
      queued,
      held,
      lastAttempt: known?.last.lastAt ?? null,
      connected: known?.connected ?? 0,
      failed: known?.failed ?? 0,
    };
  }

  /** How it is in one sentence, what is to be done, and by whom: what the policy says counts before what once happened. */
  #summary(
    { domain, state }: DomainRow,
    { verdict, rule, expired }: Judgement,
    known: KnownDomain | undefined,
  ): Summary {
    const last = known?.last.attempt as Attempt | undefined;
    const say = ({ sentence, remedy, whose }: Explanation): Summary => ({ summary: sentence, remedy, whose });
    if (state === 'connected') return { summary: 'There is a link now.', remedy: '', whose: 'nobody' };
    const context = { domain, local: this.#house.domains()[0] ?? '' };
    if (verdict === 'ask') return UNDECIDED;
    if (verdict === 'deny') {
      if (rule !== undefined) {
        const facts = { pattern: rule.pattern, reason: rule.reason };
        return say(explain({ code: 'policy-denied', facts }, context));
      }
      if (expired === undefined) return say(explain({ code: 'policy-closed', facts: {} }, context));
      return say(explain({ code: 'policy-expired', facts: { at: expired.until ?? 0 } }, context));
    }
    if (last?.problem !== undefined) return say(explain(last.problem, last));
    return last === undefined ? NEVER : IDLE;
  }
}

interface Summary {
  readonly summary: string;
  readonly remedy: string;
  readonly whose: Explanation['whose'];
}

const UNDECIDED: Summary = {
  summary: 'Nobody has decided yet whether this house talks with them.',
  remedy: 'Allow or deny the domain.',
  whose: 'ours',
};
const NEVER: Summary = {
  summary: 'There has been no link yet.',
  remedy: 'Try it now, or write to somebody there.',
  whose: 'ours',
};
const IDLE: Summary = {
  summary: 'There is no link, as nobody has anything to say. It comes back when it is needed.',
  remedy: '',
  whose: 'nobody',
};

function groupBy<T extends { readonly domain: string }>(all: readonly T[]): Map<string, T[]> {
  return Map.groupBy(all, ({ domain }) => domain);
}
