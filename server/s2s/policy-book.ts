import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { OutsideRule } from '../host/outside.ts';
import type { Json, Settings } from '../storage/stores/settings.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import { isEnding, type Judgement, type Policy, type Rule } from './policy.ts';
import { CLOSED, checkPolicy } from './policy-check.ts';

const KEY = 'federation.policy';
/** Domains of which is remembered what was decided. */
const REMEMBERED = 10_000;

/** The policy is not the one any more that a change was made for: somebody else was faster. Nothing was changed. */
export class PolicyChanged extends Error {
  constructor() {
    super('Somebody else has changed the policy meanwhile. Look at it again, please.');
    this.name = 'PolicyChanged';
  }
}

/** In which departments people are; `storage/stores/departments.ts` knows. */
export interface Groups {
  /** Their numbers, for a bare address. */
  numbersOf(bareJid: string): readonly number[];
  /** Tells when somebody is in others. */
  watch(listener: () => void): () => void;
}

const NO_GROUPS: Groups = { numbersOf: () => [], watch: () => () => undefined };

/** A judgement, and between which times it is right (ms since 1970, the second excluded). */
interface Remembered {
  readonly judgement: Judgement;
  readonly from: number;
  readonly until: number;
}

type Changed = (policy: Policy, before: Policy) => void;

/**
 * With whom this house talks, and who of it: kept in the store, judged from memory. A rule for a name holds for
 * all names below it, too. The nearest rule decides: the one for the name itself, then of the names above it the longest (`*.` there before the
 * plain name), and the default where no rule holds.
 */
export class PolicyBook implements OutsideRule {
  readonly #settings: Settings;
  readonly #groups: Groups;
  readonly #log: { error(facts: object, text: string): void };
  readonly #mutex = new KeyedMutex<''>();
  readonly #listeners = new Set<Changed>();
  readonly #judged = new LRUCache<string, Remembered>({ max: REMEMBERED });
  #policy: Policy = CLOSED;
  #version = versionOf(CLOSED);
  #rules: ReadonlyMap<string, Rule> = new Map();
  #people: ReadonlySet<string> = new Set();
  #departments: ReadonlySet<number> = new Set();
  #telling = false;

  /** `groups` knows in which departments people are. */
  constructor(settings: Settings, log: { error(facts: object, text: string): void }, groups: Groups = NO_GROUPS) {
    this.#settings = settings;
    this.#groups = groups;
    groups.watch(() => this.#moved());
    this.#log = log;
  }

  /** Reads what was decided before. What cannot be read closes the house: no rule that denies something must get lost. */
  async load(): Promise<void> {
    const stored = await this.#settings.get(KEY);
    if (stored === undefined) return;
    try {
      const fields = typeof stored === 'object' && stored !== null && !Array.isArray(stored) ? stored : undefined;
      this.#take(checkPolicy(fields === undefined ? stored : { ...CLOSED, ...fields }));
    } catch (error) {
      this.#log.error(
        { err: error },
        'the policy of federation cannot be read: there is no federation until it is set',
      );
    }
  }

  /** As it is now, frozen. */
  get policy(): Policy {
    return this.#policy;
  }

  /** Changes with every change, and is the same again when the policy is. */
  get version(): string {
    return this.#version;
  }

  /** Puts a whole policy in the place of this one; see `change`. */
  set(policy: Policy, version?: string): Promise<Policy> {
    return this.change(() => policy, version);
  }

  /**
   * Changes the policy; resolves with the new one when it is on disk and holds. Changes come one after the other, `edit` is
   * asked when it is this one's turn, and what it throws is thrown. With a `version` it must still be that. Throws PolicyError,
   * PolicyChanged.
   */
  change(edit: (policy: Policy) => Policy, version?: string): Promise<Policy> {
    return this.#mutex.run('', async () => {
      if (version !== undefined && version !== this.#version) throw new PolicyChanged();
      const policy = checkPolicy(edit(this.#policy));
      const before = this.#policy;
      if (versionOf(policy) === this.#version) return before;
      await this.#settings.set(KEY, policy as unknown as Json);
      this.#take(policy);
      for (const listener of this.#listeners) listener(policy, before);
      return policy;
    });
  }

  /** Somebody's account goes: whoever gets the address next was not chosen (SECURITY 50). */
  async forget(bareJid: string): Promise<void> {
    if (!this.#people.has(bareJid)) return;
    await this.change((policy) => ({ ...policy, people: policy.people.filter((one) => one !== bareJid) }));
  }

  /** A department goes. */
  async forgetDepartment(id: number): Promise<void> {
    if (!this.#departments.has(id)) return;
    await this.change((policy) => ({ ...policy, departments: policy.departments.filter((one) => one !== id) }));
  }

  /** Is told of every change, once it holds. Gives what ends that. */
  changed(listener: Changed): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What holds for a domain (prepared) now. Asked for every stanza. */
  judge(domain: string, now = Date.now()): Judgement {
    const known = this.#judged.get(domain);
    if (known !== undefined && known.from <= now && now < known.until) return known.judgement;
    const judged = this.#judge(domain, now);
    this.#judged.set(domain, judged);
    return judged.judgement;
  }

  /** Not everybody may talk with people of other servers. */
  get chosen(): boolean {
    return this.#policy.outside === 'chosen';
  }

  /** Whether somebody of ours may talk with people of other servers. */
  mayTalkOutside(bareJid: string): boolean {
    return this.#policy.outside === 'everyone' || this.#people.has(bareJid) || this.#inDepartment(bareJid);
  }

  #inDepartment(bareJid: string): boolean {
    return this.#departments.size > 0 && this.#groups.numbersOf(bareJid).some((id) => this.#departments.has(id));
  }

  /** Somebody is in other departments, so that others may be who may talk outside. */
  #moved(): void {
    if (!this.chosen || this.#departments.size === 0 || this.#telling) return;
    this.#telling = true;
    // Many may be moved one after the other.
    setImmediate(() => {
      this.#telling = false;
      for (const listener of this.#listeners) listener(this.#policy, this.#policy);
    });
  }

  #take(policy: Policy): void {
    this.#policy = policy;
    this.#version = versionOf(policy);
    this.#rules = new Map(policy.rules.map((rule) => [rule.pattern, rule]));
    this.#people = new Set(policy.people);
    this.#departments = new Set(policy.departments);
    this.#judged.clear();
  }

  #judge(domain: string, now: number): Remembered {
    let expired: Rule | undefined;
    let from = Number.NEGATIVE_INFINITY;
    for (const pattern of patternsOf(domain)) {
      const rule = this.#rules.get(pattern);
      if (rule === undefined || (pattern !== domain && allowsEnding(rule))) continue;
      const { until = Number.POSITIVE_INFINITY } = rule;
      if (now < until) return { judgement: this.#judgement(rule, expired), from, until };
      expired ??= rule;
      from = Math.max(from, until);
    }
    return { judgement: this.#judgement(undefined, expired), from, until: Number.POSITIVE_INFINITY };
  }

  #judgement(rule: Rule | undefined, expired: Rule | undefined): Judgement {
    const { leastTls, proof, privateAddresses } = this.#policy;
    return Object.freeze({
      verdict: rule?.verdict ?? VERDICTS[this.#policy.default],
      rule,
      expired,
      leastTls: rule?.leastTls ?? leastTls,
      proof: rule?.proof ?? proof,
      authority: rule?.authority,
      address: rule?.address,
      // Whoever names an address means that one.
      privateAddresses: privateAddresses || rule?.address !== undefined,
    });
  }
}

const VERDICTS = { closed: 'deny', ask: 'ask', open: 'allow' } as const;

/** Of a server `office` in one's own network; as `com` it would let in half the world. */
function allowsEnding({ verdict, pattern }: Rule): boolean {
  return verdict === 'allow' && isEnding(pattern.startsWith('*.') ? pattern.slice(2) : pattern);
}

function versionOf(policy: Policy): string {
  return createHash('sha256').update(JSON.stringify(policy)).digest('base64url').slice(0, 22);
}

/**
 * What may decide for a domain, the nearest first: `a.b.c`, `*.b.c`, `b.c`, `*.c`, `c`. A name stands for what is below it, too: rooms and
 * other services of a partner have names of their own there, of which nobody thinks who allows or denies the partner.
 */
function* patternsOf(domain: string): Generator<string> {
  yield domain;
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    yield `*${domain.slice(dot)}`;
    yield domain.slice(dot + 1);
  }
}
