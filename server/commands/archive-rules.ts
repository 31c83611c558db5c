import type { ArchiveKeeper } from '../archive/keeper.ts';
import { type Applied, personRule, type Rules, roomRule } from '../archive/policy.ts';
import { firstIdAt } from '../storage/archive-id.ts';
import type { ArchiveRule, RuleKind } from '../storage/stores/archive-rules.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import type { ArchivePlaces } from './archive-places.ts';
import { CommandError } from './command-error.ts';

/** Messages that are counted before it is only said that there are more. */
const COUNTED = 1_000_000;
/** How long an administrator may think about what would go. */
const STANDS_MS = 15 * 60_000;
const MOST_DAYS = 36_500;
const MOST_RULES = 5_000;

/** What is decided for a domain, a department or a room. */
export interface RuleView {
  readonly kind: RuleKind;
  /** As people call it. */
  readonly name: string;
  /** Days for which messages are kept, 0 for ever. */
  readonly days: number;
  /** Nothing is kept from now on. */
  readonly silent: boolean;
}

/** What holds for one person or room, and whose rule that is; `name` is '' where nobody has decided anything. */
export interface AppliedView {
  readonly days: number;
  readonly silent: boolean;
  readonly by: RuleKind | 'standard';
  readonly name: string;
  /** The domain keeps nothing, whatever its departments and rooms say. */
  readonly domainSilent: boolean;
}

export interface RuleWish {
  readonly domain: string;
  readonly kind: RuleKind;
  /** Of a department or room. */
  readonly name?: string;
  /** Null: no rule of its own. */
  readonly rule: { readonly days: number; readonly silent: boolean } | null;
  /** What was kept so far goes now. */
  readonly remove?: boolean;
}

/** What a wish would do at a moment (ms since 1970). */
export interface RuleEffect {
  readonly at: number;
  readonly messages: number;
  readonly archives: number;
  /** There are more messages than that. */
  readonly more: boolean;
}

interface Needs {
  readonly stores: Pick<Stores, 'archiveRules' | 'archiveOwners' | 'audit' | 'departments'>;
  readonly places: ArchivePlaces;
  readonly keeper: ArchiveKeeper;
  readonly now: () => number;
}

/** How long messages are kept, as administrators decide it. */
export class ArchiveRuleCommands {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** What was decided in a domain. Throws CommandError. */
  async list(input: string): Promise<{ domain: string; departments: string[]; rules: RuleView[] }> {
    const { stores, places } = this.#needs;
    const domain = places.domain(input);
    const views = await Promise.all(
      stores.archiveRules.of(domain).map(async ({ kind, subject, days, silent }) => {
        const name = await places.name(domain, kind, subject);
        return name === undefined ? [] : [{ kind, name, days, silent }];
      }),
    );
    const order = ['domain', 'department', 'room'];
    const rules = views.flat();
    rules.sort(
      (one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || one.name.localeCompare(other.name),
    );
    const departments = stores.departments.list(domain).map((one) => one.name);
    return { domain, departments, rules };
  }

  /** What holds for one person or one room. Throws CommandError. */
  async applies(input: string, who: { readonly person?: string; readonly room?: string }): Promise<AppliedView> {
    const { stores, places } = this.#needs;
    const domain = places.domain(input);
    if ((who.person === undefined) === (who.room === undefined))
      throw new CommandError('invalid', 'Name a person or a room.', 'person');
    const rules = stores.archiveRules;
    const applied: Applied =
      who.room === undefined
        ? personRule(rules, stores.departments, { domain, ...(await places.person(domain, who.person!)) })
        : roomRule(rules, domain, (await places.room(domain, who.room)).id);
    const { days, silent, by, subject } = applied;
    const name = by === 'standard' ? '' : ((await places.name(domain, by, subject)) ?? '');
    const domainSilent = rules.get({ domain, kind: 'domain', subject: '' })?.silent === true;
    return { days, silent, by, name, domainSilent };
  }

  /** What a wish would do now, before anybody decides. Throws CommandError. */
  async effect(wish: RuleWish): Promise<RuleEffect> {
    return this.#effect(await this.#read(wish), this.#needs.now());
  }

  /**
   * Decides how long messages are kept. `at` and `messages` are of the effect that was shown: when more would go than that, nothing
   * is changed. Throws CommandError.
   */
  async set(by: Actor, wish: RuleWish & { readonly at: number; readonly messages: number }): Promise<RuleEffect> {
    const { stores, keeper, now } = this.#needs;
    const read = await this.#read(wish);
    if (wish.at > now() || wish.at < now() - STANDS_MS) {
      throw new CommandError(
        'not-confirmed',
        'It is too long ago that you were told what would go. Please look again.',
      );
    }
    const effect = await this.#effect(read, wish.at);
    if (effect.messages > wish.messages) {
      const many = effect.more ? `More than ${effect.messages}` : String(effect.messages);
      throw new CommandError('not-confirmed', `${many} messages would go, not ${wish.messages}. Please look again.`);
    }
    const { domain, kind, subject, name, rule } = read;
    const { archiveRules } = stores;
    if (rule === undefined) await archiveRules.remove({ domain, kind, subject });
    else {
      if (archiveRules.get(rule) === undefined && archiveRules.of(domain).length >= MOST_RULES) {
        throw new CommandError('too-many', `A domain has ${MOST_RULES} rules at most.`);
      }
      // First nothing more is kept, then what was kept goes: nothing slips in between.
      await archiveRules.set({ ...rule, before: archiveRules.get(rule)?.before ?? 0 });
      if (wish.remove === true) await archiveRules.set({ ...rule, before: firstIdAt(now() + 1) });
    }
    await record(stores.audit, by, 'archive.rule', kind === 'room' ? `${name}@conference.${domain}` : domain, {
      ...(kind === 'department' && { department: name }),
      kept:
        rule === undefined ? 'no rule of its own' : rule.silent ? 'nothing' : rule.days === 0 ? 'for ever' : rule.days,
      ...(rule?.silent === true && { before: rule.days === 0 ? 'for ever' : rule.days }),
      ...(wish.remove === true && { removed: 'what was kept so far' }),
      messages: effect.messages,
    });
    void keeper.round(true);
    return effect;
  }

  /** Forgets what was decided for a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    await this.#needs.stores.archiveRules.forget(domain);
  }

  async #read(wish: RuleWish): Promise<Read> {
    const { places, stores } = this.#needs;
    const domain = places.domain(wish.domain);
    const { kind, name = '' } = wish;
    const subject = await places.subject(domain, kind, name);
    const days = wish.rule?.days ?? 0;
    if (!Number.isInteger(days) || days < 0 || days > MOST_DAYS) {
      throw new CommandError('invalid', `Days are a whole number from 0 to ${MOST_DAYS}; 0 is for ever.`, 'days');
    }
    if (wish.rule === null && wish.remove === true) {
      throw new CommandError('invalid', 'Say what is to hold where what was kept is removed.', 'remove');
    }
    const before = stores.archiveRules.get({ domain, kind, subject })?.before ?? 0;
    const own = wish.rule ?? (kind === 'domain' ? { days: 0, silent: false } : undefined);
    const rule = own && { domain, kind, subject, ...own, before };
    return { domain, kind, subject, name, rule, remove: wish.remove === true };
  }

  /** Counts in the archives that the rule is about, as if it held already. */
  async #effect({ domain, kind, subject, rule, remove }: Read, at: number): Promise<RuleEffect> {
    const { stores, keeper } = this.#needs;
    const wanted = rule && { ...rule, before: remove ? firstIdAt(at + 1) : rule.before };
    const rules: Rules = {
      get: (place) => (place.kind === kind && place.subject === subject ? wanted : stores.archiveRules.get(place)),
    };
    const concerns = (one: { readonly id: number; readonly local: string; readonly room: boolean }): boolean => {
      const { id, room } = one;
      if (kind === 'domain') return true;
      if (kind === 'room') return room && String(id) === subject;
      return !room && stores.departments.of({ ...one, domain }).some((each) => String(each.id) === subject);
    };
    return { at, ...(await keeper.count(domain, rules, at, COUNTED, concerns)) };
  }
}

interface Read {
  readonly domain: string;
  readonly kind: RuleKind;
  readonly subject: string;
  readonly name: string;
  readonly rule: ArchiveRule | undefined;
  readonly remove: boolean;
}
