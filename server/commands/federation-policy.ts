import { isEnding, type Policy, type Rule } from '../s2s/policy.ts';
import { type PolicyBook, PolicyChanged } from '../s2s/policy-book.ts';
import { checkPattern, MOST_PEOPLE, PolicyError } from '../s2s/policy-check.ts';
import type { Stores } from '../storage/stores/index.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, mustProve, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { Settled } from './federation-inbox.ts';
import type { House } from './house.ts';

/** What a rule says, as wished: null is what the policy says for all. */
export interface RuleWish {
  readonly verdict: 'allow' | 'deny';
  readonly until?: number | null;
  readonly leastTls?: Rule['leastTls'] | null;
  readonly proof?: Rule['proof'] | null;
  readonly authority?: string | null;
  readonly address?: string | null;
  readonly reason?: string;
}

/** With `keep`, what is left out stays as it is in the rule that there is. */
export interface RuleChange extends RuleWish {
  readonly keep?: boolean;
}

export interface RuleView {
  readonly pattern: string;
  readonly verdict: 'allow' | 'deny';
  readonly until: number | null;
  /** It does not hold any more. */
  readonly expired: boolean;
  readonly leastTls: 'TLSv1.2' | 'TLSv1.3' | null;
  readonly proof: 'certificate' | 'dialback' | null;
  readonly authority: string | null;
  readonly address: string | null;
  readonly reason: string;
  readonly author: string;
  readonly at: number;
}

export interface PolicyView extends Omit<Policy, 'rules' | 'people' | 'departments'> {
  readonly rules: RuleView[];
  /** How many people were chosen; they have a list of their own. */
  readonly people: number;
  /** The departments whose people may talk outside, too. */
  readonly chosenDepartments: { id: number; domain: string; name: string }[];
  /** To be given back with a change of all of it, so that two administrators do not overwrite each other. */
  readonly version: string;
}

/** All but rules, people and departments, which may be left out to stay as they are. */
export interface PolicyWish extends Omit<Policy, 'rules' | 'people' | 'departments'> {
  readonly rules?: readonly (RuleWish & { readonly pattern: string })[];
  readonly people?: readonly string[];
  readonly departments?: readonly number[];
}

const PAGE = 200;

/** With whom the house talks, and who of it. Every change is in the audit log before it is answered. */
export class FederationPolicy {
  readonly #book: PolicyBook;
  readonly #stores: Stores;
  readonly #house: Pick<House, 'taken'>;
  readonly #settle: () => Promise<Settled>;
  readonly #now: () => number;

  /** `settle` acts on what waits for a decision, after a change. */
  constructor(
    book: PolicyBook,
    stores: Stores,
    house: Pick<House, 'taken'>,
    settle: () => Promise<Settled>,
    now: () => number,
  ) {
    this.#book = book;
    this.#stores = stores;
    this.#house = house;
    this.#settle = settle;
    this.#now = now;
  }

  get(): PolicyView {
    const { rules, people, departments, ...rest } = this.#book.policy;
    const now = this.#now();
    return {
      ...rest,
      rules: rules.map((rule) => viewRule(rule, now)),
      people: people.length,
      chosenDepartments: departments.flatMap((id) => {
        const found = this.#stores.departments.get(id);
        return found === undefined ? [] : [{ id, domain: found.domain, name: found.name }];
      }),
      version: this.#book.version,
    };
  }

  /** Decides all of it at once. Rules that are as they were keep their author. Throws CommandError, `policy-changed` for one. */
  async set(by: Actor, wish: PolicyWish, version: string): Promise<PolicyView & Settled> {
    const { default: standard, leastTls, proof, privateAddresses, outside } = wish;
    await this.#change(
      (policy) => ({
        default: standard,
        leastTls,
        proof,
        privateAddresses,
        outside,
        people: wish.people === undefined ? policy.people : [...wish.people],
        departments: wish.departments?.map((id) => this.#department(id).id) ?? policy.departments,
        rules:
          wish.rules === undefined
            ? policy.rules
            : wish.rules.map((rule, n) => {
                const pattern = checked(() => checkPattern(rule.pattern, `rules[${n}].pattern`));
                const isNew = !policy.rules.some((one) => one.pattern === pattern);
                if (isNew) this.#checkTheirs(pattern, rule.verdict, `rules[${n}].pattern`);
                return this.#rule(by, pattern, rule, policy);
              }),
      }),
      version,
    );
    await record(this.#stores.audit, by, 'federation.policy', standard, { leastTls, proof, privateAddresses, outside });
    const settled = await this.#settle();
    return { ...this.get(), ...settled };
  }

  /** Whether there could be a rule for it. Throws CommandError. */
  check(input: string, verdict: Rule['verdict']): void {
    this.#checkTheirs(
      checked(() => checkPattern(input.trim(), 'pattern')),
      verdict,
      'pattern',
    );
  }

  /** One rule more, or another one in the place of what there is for the same pattern. Throws CommandError. */
  async put(by: Actor, input: string, wish: RuleChange): Promise<{ rule: RuleView; version: string } & Settled> {
    const pattern = checked(() => checkPattern(input.trim(), 'pattern'));
    this.#checkTheirs(pattern, wish.verdict, 'pattern');
    if (typeof wish.until === 'number' && wish.until <= this.#now()) {
      throw new CommandError(
        'invalid',
        'The rule would have ended already: give a day that is still to come.',
        'until',
      );
    }
    await this.#change((policy) => {
      const before = wish.keep === true ? policy.rules.find((one) => one.pattern === pattern) : undefined;
      const whole = before === undefined ? wish : { ...kept(before, wish.verdict, this.#now()), ...wish };
      const rule = this.#rule(by, pattern, whole, policy);
      if (loosens(rule, policy) || this.#undoes(rule, policy)) mustProve(by);
      const others = policy.rules.filter((one) => one.pattern !== pattern);
      return { ...policy, rules: [...others, rule].sort((one, other) => (byName(one) < byName(other) ? -1 : 1)) };
    });
    const rule = this.#book.policy.rules.find((one) => one.pattern === pattern)!;
    await record(this.#stores.audit, by, `federation.${wish.verdict}`, pattern, {
      reason: rule.reason,
      ...(rule.until !== undefined && { until: new Date(rule.until).toISOString() }),
      ...(rule.proof !== undefined && { proof: rule.proof }),
      ...(rule.leastTls !== undefined && { leastTls: rule.leastTls }),
      ...(rule.address !== undefined && { address: rule.address }),
      ...(rule.authority !== undefined && { authority: true }),
    });
    const settled = await this.#settle();
    return { rule: viewRule(rule, this.#now()), version: this.#book.version, ...settled };
  }

  /** Throws CommandError. */
  async remove(by: Actor, input: string): Promise<{ version: string } & Settled> {
    const pattern = checked(() => checkPattern(input.trim(), 'pattern'));
    await this.#change((policy) => {
      const rules = policy.rules.filter((one) => one.pattern !== pattern);
      if (rules.length === policy.rules.length)
        throw new CommandError('rule-not-found', `There is no rule for ${pattern}.`);
      if (opens(pattern, policy)) mustProve(by);
      return { ...policy, rules };
    });
    await record(this.#stores.audit, by, 'federation.forget', pattern);
    const settled = await this.#settle();
    return { version: this.#book.version, ...settled };
  }

  /** A page of those who were chosen to talk outside, by address. */
  people(wish: { readonly search?: string; readonly after?: string; readonly limit?: number }) {
    const { search = '', after = '', limit = PAGE } = wish;
    const { people, outside } = this.#book.policy;
    const wanted = search.toLowerCase();
    const found = people.filter((one) => one > after && one.includes(wanted)).sort();
    const next = found.length > limit ? found[limit - 1]! : null;
    return { outside, people: found.slice(0, limit), total: people.length, next };
  }

  /** Chooses some, and some not any more; all or none. Who is no person here cannot be chosen. Throws CommandError. */
  async choose(
    by: Actor,
    wish: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<{ total: number }> {
    const adding = await Promise.all((wish.add ?? []).map((one) => this.#person(one)));
    const removing = new Set((wish.remove ?? []).map((one) => tryParseJid(one.trim())?.bare));
    const before = new Set(this.#book.policy.people);
    await this.#change((policy) => {
      const people = new Set(policy.people);
      for (const one of adding) people.add(one);
      for (const one of removing) if (one !== undefined) people.delete(one);
      if (people.size > MOST_PEOPLE)
        throw new CommandError('invalid', `At most ${MOST_PEOPLE} people can be chosen.`, 'add');
      return { ...policy, people: [...people].sort() };
    });
    const after = new Set(this.#book.policy.people);
    for (const one of adding) if (!before.has(one)) await record(this.#stores.audit, by, 'federation.choose', one);
    for (const one of before) if (!after.has(one)) await record(this.#stores.audit, by, 'federation.unchoose', one);
    return { total: after.size };
  }

  /** Chooses departments, and some not any more; all or none. Throws CommandError. */
  async chooseDepartments(
    by: Actor,
    wish: { readonly add?: readonly number[]; readonly remove?: readonly number[] },
  ): Promise<PolicyView> {
    const adding = (wish.add ?? []).map((id) => this.#department(id).id);
    const before = this.#book.policy.departments;
    await this.#change((policy) => {
      const chosen = new Set([...policy.departments, ...adding]);
      for (const id of wish.remove ?? []) chosen.delete(id);
      return { ...policy, departments: [...chosen].sort((one, other) => one - other) };
    });
    const after = this.#book.policy.departments;
    for (const id of new Set([...before, ...after])) {
      if (before.includes(id) === after.includes(id)) continue;
      const { domain = '', name: department = '' } = this.#stores.departments.get(id) ?? {};
      const action = after.includes(id) ? 'federation.choose' : 'federation.unchoose';
      await record(this.#stores.audit, by, action, domain, { department });
    }
    return this.get();
  }

  #department(id: number) {
    const found = this.#stores.departments.get(id);
    if (found === undefined)
      throw new CommandError('department-not-found', 'There is no such department (any more).', 'departments');
    return found;
  }

  async #person(input: string): Promise<string> {
    const jid = tryParseJid(input.trim());
    const account = jid === undefined ? undefined : await this.#stores.accounts.at(jid.bare);
    if (account === undefined)
      throw new CommandError('account-not-found', `There is nobody with the address ${input}.`, 'add');
    return `${account.local}@${account.domain}`;
  }

  /** Names below one of ours may be others' (`*.`), those of ours never are. All of `*.com` can only be denied. Throws CommandError. */
  #checkTheirs(pattern: string, verdict: Rule['verdict'], field: string): void {
    if (verdict === 'allow' && pattern.startsWith('*.') && isEnding(pattern.slice(2))) {
      throw new CommandError(
        'invalid',
        'To allow them, a star needs a whole domain behind it, as “*.example.org”: nobody has all names of an ending.',
        field,
      );
    }
    if (!this.#house.taken(pattern)) return;
    throw new CommandError('invalid', `${pattern} is of this server itself. Rules are for other servers.`, field);
  }

  /** Whether somebody gets in, now or sooner, whom a rule keeps out. */
  #undoes({ pattern, verdict, until }: Rule, policy: Policy): boolean {
    if (verdict === 'allow') return this.#book.judge(pattern, this.#now()).rule?.verdict === 'deny';
    const before = policy.rules.find((one) => one.pattern === pattern)?.until ?? Number.POSITIVE_INFINITY;
    return until !== undefined && until < before && opens(pattern, policy);
  }

  /** The rule that is wished; one that says what it said before stays that of whoever made it. */
  #rule(by: Actor, pattern: string, wish: RuleWish, policy: Policy): Rule {
    const { verdict, until, leastTls, proof, authority, address, reason = '' } = wish;
    const before = policy.rules.find((one) => one.pattern === pattern);
    const rule = {
      pattern,
      verdict,
      ...(typeof until === 'number' && { until }),
      ...(typeof leastTls === 'string' && { leastTls }),
      ...(typeof proof === 'string' && { proof }),
      ...(typeof authority === 'string' && { authority }),
      ...(typeof address === 'string' && { address }),
      reason: reason.trim(),
    };
    if (before !== undefined) {
      const { author, at, ...content } = before;
      if (JSON.stringify(content) === JSON.stringify(rule)) return { ...rule, author, at };
    }
    return { ...rule, author: by.name.slice(0, 200), at: this.#now() };
  }

  async #change(edit: (policy: Policy) => Policy, version?: string): Promise<void> {
    try {
      await this.#book.change(edit, version);
    } catch (error) {
      if (error instanceof PolicyChanged) throw new CommandError('policy-changed', error.message);
      if (error instanceof PolicyError) throw invalid(error, version === undefined);
      throw error;
    }
  }
}

/** What stays of a rule: an end and a reason are of a verdict, and an end that is over would undo what is decided now. */
function kept(rule: Rule, verdict: Rule['verdict'], now: number): Omit<RuleWish, 'verdict'> {
  const { leastTls = null, proof = null, authority = null, address = null, until = null, reason } = rule;
  const terms = { leastTls, proof, authority, address };
  if (verdict !== rule.verdict) return terms;
  return { ...terms, until: until !== null && until > now ? until : null, reason };
}

/** Whether a server would pass for its domain by less than is asked of all, or somebody else could for it. */
function loosens({ verdict, proof, authority, address, leastTls }: Rule, policy: Policy): boolean {
  if (verdict !== 'allow') return false;
  if (authority !== undefined || address !== undefined) return true;
  if (proof === 'dialback' && policy.proof !== 'dialback') return true;
  return leastTls === 'TLSv1.2' && policy.leastTls !== 'TLSv1.2';
}

/** Whether it opens the house for somebody that a rule that denies goes. */
function opens(pattern: string, { default: standard, rules }: Policy): boolean {
  if (rules.find((one) => one.pattern === pattern)?.verdict !== 'deny') return false;
  if (standard !== 'closed') return true;
  return rules.some((one) => one.verdict === 'allow' && `.${pattern}`.endsWith(`.${one.pattern.replace('*.', '')}`));
}

/** Rules of one domain stand together, the domain before what is below it. */
function byName({ pattern }: Rule): string {
  const wild = pattern.startsWith('*.');
  return `${(wild ? pattern.slice(2) : pattern).split('.').reverse().join('.')}${wild ? '.*' : ''}`;
}

function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof PolicyError) throw invalid(error);
    throw error;
  }
}

/** `only`: there is one rule in the wish, so that it need not be said which. */
function invalid({ message, field }: PolicyError, only = false): CommandError {
  return new CommandError('invalid', message, only ? field.replace(/^rules\[\d+\]\./, '') : field);
}

export function viewRule(rule: Rule, now: number): RuleView {
  const { pattern, verdict, until = null, leastTls = null, proof = null, authority = null, address = null } = rule;
  const { reason, author, at } = rule;
  const expired = until !== null && until <= now;
  return { pattern, verdict, until, expired, leastTls, proof, authority, address, reason, author, at };
}
