import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type DepartmentMap, type Member, sightKey } from '../storage/stores/department-map.ts';
import type { RosterItem, Subscription } from '../storage/stores/rosters.ts';

/** What holds between departments of which nothing was decided. Inside of one, people see each other. */
export type Usual = 'hidden' | 'mutual';

/** Contacts that views may hold together, over all that are remembered of one domain. */
const BOUND = 200_000;

/** Whether people of one department see those of another one (or of the same). */
export function sees(map: DepartmentMap, usual: Usual, viewer: number, seen: number): boolean {
  return map.sights.get(sightKey(viewer, seen)) ?? (viewer === seen || usual === 'mutual');
}

export function subscriptionOf(to: boolean, from: boolean): Subscription {
  return to ? (from ? 'both' : 'to') : from ? 'from' : 'none';
}

/** Contacts that a person has by the rule, by bare address. All who are in the same departments share one. */
export class View {
  /** Themselves included. Who sees them and is not seen is in it and not listed. */
  readonly items: ReadonlyMap<string, RosterItem>;
  #tag: string | undefined;

  constructor(items: ReadonlyMap<string, RosterItem>) {
    this.items = items;
  }

  /** Stands for what clients are shown of it: the same whenever that is the same, after a restart, too. */
  get tag(): string {
    if (this.#tag !== undefined) return this.#tag;
    const hash = createHash('sha256');
    for (const jid of [...this.items.keys()].sort()) {
      const { listed, name, groups, subscription } = this.items.get(jid)!;
      if (listed) hash.update(`${jid}\n${name}\n${subscription}\n${groups.join('\n')}\0`);
    }
    this.#tag = hash.digest('base64url').slice(0, 16);
    return this.#tag;
  }
}

/**
 * Who sees whom in one domain at one time. It is a rule, not a table: a view is put together when somebody asks for it, once for all
 * who are in the same departments, and one contact is one object in all views where it looks the same.
 */
export class Sight {
  readonly map: DepartmentMap;
  readonly usual: Usual;
  readonly #domain: string;
  readonly #views = new LRUCache<string, View>({ maxSize: BOUND, sizeCalculation: ({ items }) => items.size + 1 });
  readonly #made: WeakMap<Member, Map<string, RosterItem>>;

  /** `made` is what was made for people who are the same in another sight of this domain. */
  constructor(domain: string, map: DepartmentMap, usual: Usual, made = new WeakMap<Member, Map<string, RosterItem>>()) {
    this.#domain = domain;
    this.map = map;
    this.usual = usual;
    this.#made = made;
  }

  /** The same domain at another time. */
  next(map: DepartmentMap, usual: Usual): Sight {
    return new Sight(this.#domain, map, usual, this.#made);
  }

  /** Undefined for who is in no department. */
  viewOf(local: string): View | undefined {
    const person = this.map.people.get(local);
    if (person === undefined) return undefined;
    let view = this.#views.get(person.signature);
    if (view === undefined) {
      view = new View(this.#look(person.departments));
      this.#views.set(person.signature, view);
    }
    return view;
  }

  #look(own: readonly number[]): Map<string, RosterItem> {
    const met = new Map<string, { to: boolean; from: boolean; groups: string[] }>();
    for (const { id, name } of this.map.departments.values()) {
      const to = own.some((one) => sees(this.map, this.usual, one, id));
      const from = own.some((one) => sees(this.map, this.usual, id, one));
      if (!to && !from) continue;
      for (const local of this.map.members.get(id)!) {
        const before = met.get(local);
        if (before === undefined) met.set(local, { to, from, groups: to ? [name] : [] });
        else {
          before.to ||= to;
          before.from ||= from;
          if (to) before.groups.push(name);
        }
      }
    }
    const items = new Map<string, RosterItem>();
    for (const [local, { to, from, groups }] of met) {
      const item = this.#item(this.map.people.get(local)!, subscriptionOf(to, from), groups);
      items.set(item.jid, item);
    }
    return items;
  }

  #item(person: Member, subscription: Subscription, groups: readonly string[]): RosterItem {
    let known = this.#made.get(person);
    if (known === undefined) {
      known = new Map();
      this.#made.set(person, known);
    }
    const key = `${subscription} ${groups.join('\n')}`;
    let item = known.get(key);
    if (item === undefined) {
      item = Object.freeze({
        jid: `${person.local}@${this.#domain}`,
        name: person.name,
        groups,
        subscription,
        ask: false,
        approved: false,
        // Who may not be seen must not be found out by being in the list.
        listed: subscription === 'to' || subscription === 'both',
        pendingIn: undefined,
        version: 0,
      });
      known.set(key, item);
    }
    return item;
  }
}
