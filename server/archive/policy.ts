import type { House } from '../host/house.ts';
import { firstIdAt, timeOf } from '../storage/archive-id.ts';
import type { ArchiveRule, ArchiveRules, RuleKind } from '../storage/stores/archive-rules.ts';
import type { Departments, Person as Named } from '../storage/stores/departments.ts';

const DAY = 24 * 60 * 60 * 1_000;

/** Who somebody is. */
type Person = Pick<Named, 'id' | 'domain' | 'local'>;

/** Where rules are looked up. */
export type Rules = Pick<ArchiveRules, 'get'>;

/** What holds for the messages of one person or one room. */
export interface Applied {
  /** Days for which they are kept, 0 for ever. */
  readonly days: number;
  /** Nothing is kept from now on. */
  readonly silent: boolean;
  /** What has a smaller archive id goes. */
  readonly before: number;
  /** Whose rule it is; `standard`: nobody has decided anything. */
  readonly by: RuleKind | 'standard';
  /** Of a department or a room its number. */
  readonly subject: string;
}

const STANDARD: Applied = { days: 0, silent: false, before: 0, by: 'standard', subject: '' };

const applied = ({ days, silent, before, kind, subject }: ArchiveRule): Applied => ({
  days,
  silent,
  before,
  by: kind,
  subject,
});

/** Where the domain keeps nothing, nobody in it does; what was to go in all of it goes everywhere. */
function within(domain: ArchiveRule | undefined, own: Applied | undefined): Applied {
  if (domain === undefined) return own ?? STANDARD;
  if (own === undefined) return applied(domain);
  return { ...own, silent: own.silent || domain.silent, before: Math.max(own.before, domain.before) };
}

/** What holds for a room. */
export function roomRule(rules: Rules, domain: string, room: number): Applied {
  const own = rules.get({ domain, kind: 'room', subject: String(room) });
  return within(rules.get({ domain, kind: 'domain', subject: '' }), own && applied(own));
}

/**
 * What holds for a person. Where several of their departments have a rule the one that keeps longest counts: what one
 * department must keep may not be lost because its people are in another one as well.
 */
export function personRule(rules: Rules, departments: Pick<Departments, 'of'>, person: Person): Applied {
  const { domain } = person;
  let own: Applied | undefined;
  for (const { id } of departments.of(person)) {
    const rule = rules.get({ domain, kind: 'department', subject: String(id) });
    if (rule !== undefined && (own === undefined || longer(rule, own))) own = applied(rule);
  }
  return within(rules.get({ domain, kind: 'domain', subject: '' }), own);
}

function longer(one: Pick<ArchiveRule, 'days' | 'silent'>, other: Pick<ArchiveRule, 'days' | 'silent'>): boolean {
  if (one.silent !== other.silent) return !one.silent;
  return other.days !== 0 && (one.days === 0 || one.days > other.days);
}

/** What has a smaller archive id than this goes now; 0: nothing does. */
export function goesBefore({ days, before }: Pick<Applied, 'days' | 'before'>, now: number): number {
  return days === 0 ? before : Math.max(before, firstIdAt(now - days * DAY));
}

/** Whether a domain keeps what its people say; no: XEP-0313 is not offered there at all. */
export function keepsAnything(house: House, domain: string): boolean {
  return house.stores.archiveRules.get({ domain, kind: 'domain', subject: '' })?.silent !== true;
}

/** Whether what somebody says and hears is kept in their archive. Nothing but a look where nobody has decided anything. */
export function keepsFor(house: House, person: Person): boolean {
  const { archiveRules, departments } = house.stores;
  const { domain } = person;
  if (!archiveRules.has(domain)) return true;
  if (!keepsAnything(house, domain)) return false;
  return !archiveRules.hasSilentDepartments(domain) || !personRule(archiveRules, departments, person).silent;
}

/** Whether what is said in a room is kept. */
export function keepsRoom(house: House, domain: string, room: number): boolean {
  const { archiveRules } = house.stores;
  return !archiveRules.has(domain) || !roomRule(archiveRules, domain, room).silent;
}

/** From when on messages of a room are kept still, in ms since 1970; older ones are not shown, though they be not gone yet. */
export function keptSince(house: House, domain: string, room: number): number {
  const { archiveRules } = house.stores;
  if (!archiveRules.has(domain)) return 0;
  const before = goesBefore(roomRule(archiveRules, domain, room), Date.now());
  return before === 0 ? 0 : timeOf(before);
}
