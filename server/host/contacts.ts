import { LRUCache } from 'lru-cache';
import type { Soon } from '../storage/cached.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Departments } from '../storage/stores/departments.ts';
import type { Roster, RosterItem, Rosters } from '../storage/stores/rosters.ts';
import { choiceOption } from './options.ts';
import { Sight, subscriptionOf, type Usual, type View } from './sight.ts';

export const usualSight = choiceOption({
  key: 'departments.usually',
  scope: 'domain',
  group: 'Departments',
  title: 'People of different departments',
  help: 'Whether people have those of other departments in their contact list, where nothing else was decided for two departments. People of one department have each other, unless that was decided otherwise.',
  default: 'hidden',
  choices: {
    hidden: 'Are not in each other’s contact list',
    mutual: 'Have each other in their contact list',
  },
});

/** Views of before that are remembered, in contacts: who comes back with one is told what is new only. */
const REMEMBERED = 200_000;

const seesThem = ({ subscription }: RosterItem): boolean => subscription === 'to' || subscription === 'both';
const isSeen = ({ subscription }: RosterItem): boolean => subscription === 'from' || subscription === 'both';

/** One contact as it stands: what the person arranged, and what the rule adds. Undefined when there is neither. */
export function together(own: RosterItem | undefined, ruled: RosterItem | undefined): RosterItem | undefined {
  if (ruled === undefined) return own;
  if (own === undefined) return ruled;
  const to = seesThem(own) || seesThem(ruled);
  return {
    ...own,
    name: own.name === '' && ruled.listed ? ruled.name : own.name,
    groups: ruled.listed ? [...ruled.groups, ...own.groups.filter((one) => !ruled.groups.includes(one))] : own.groups,
    subscription: subscriptionOf(to, isSeen(own) || isSeen(ruled)),
    ask: own.ask && !to,
    listed: own.listed || ruled.listed,
  };
}

/** The contacts of one account: its own, and those that it has by its departments. */
export class ContactList {
  readonly own: Roster;
  readonly view: View | undefined;
  readonly #self: string;

  constructor(own: Roster, view: View | undefined, self: string) {
    this.own = own;
    this.view = view;
    this.#self = self;
  }

  get(jid: string): RosterItem | undefined {
    return together(this.own.items.get(jid), this.ruled(jid));
  }

  /** What the rule says of one, undefined for nothing. */
  ruled(jid: string): RosterItem | undefined {
    return jid === this.#self ? undefined : this.view?.items.get(jid);
  }

  /** Each once. */
  *[Symbol.iterator](): Generator<RosterItem> {
    const { items } = this.own;
    for (const item of items.values()) yield together(item, this.ruled(item.jid))!;
    if (this.view === undefined) return;
    for (const item of this.view.items.values()) if (!items.has(item.jid) && item.jid !== this.#self) yield item;
  }

  /** What its version is called: the number of the person's own list, and the tag of what the rule adds (RFC 6121 §2.6). */
  get version(): string {
    return versionText(this.own.version, this.view);
  }
}

export function versionText(own: number, view: View | undefined): string {
  return view === undefined ? String(own) : `${own}-${view.tag}`;
}

export interface ContactsOptions {
  readonly domain: string;
  readonly rosters: Rosters;
  readonly departments: Departments;
  readonly usual: () => Usual;
}

/** Who is a contact of whom in one domain, whether people arranged it or the departments did. The only place to ask for it. */
export class Contacts {
  readonly #options: ContactsOptions;
  readonly #before = new LRUCache<string, View>({
    maxSize: REMEMBERED,
    sizeCalculation: ({ items }) => items.size + 1,
  });
  #sight: Sight;
  #told: Sight;

  constructor(options: ContactsOptions) {
    this.#options = options;
    const { domain, departments, usual } = options;
    this.#sight = new Sight(domain, departments.map(domain), usual());
    this.#told = this.#sight;
  }

  /** The rule as it is now. */
  get sight(): Sight {
    const map = this.#options.departments.map(this.#options.domain);
    if (map !== this.#sight.map) this.#sight = this.#sight.next(map, this.#sight.usual);
    return this.#sight;
  }

  /** What is usual may be something else. */
  decided(): void {
    const usual = this.#options.usual();
    if (usual !== this.#sight.usual) this.#sight = this.sight.next(this.#sight.map, usual);
  }

  /** The rule of which clients have been told: what is newer is on its way to them. */
  get told(): Sight {
    return this.#told;
  }

  tell(sight: Sight): void {
    this.#told = sight;
  }

  all(account: Account): Soon<ContactList> {
    const own = this.#options.rosters.all(account.id);
    return own instanceof Promise ? own.then((loaded) => this.#list(account, loaded)) : this.#list(account, own);
  }

  get(account: Account, jid: string): Soon<RosterItem | undefined> {
    const own = this.#options.rosters.get(account.id, jid);
    const ruled = this.ruled(account, jid);
    return own instanceof Promise ? own.then((loaded) => together(loaded, ruled)) : together(own, ruled);
  }

  /** What the rule says of one contact, undefined for nothing. */
  ruled({ local, domain }: Account, jid: string): RosterItem | undefined {
    if (this.sight.map.people.size === 0 || jid === `${local}@${domain}`) return undefined;
    return this.sight.viewOf(local)?.items.get(jid);
  }

  /** Whether one is seen by a contact because of the rule. */
  isShown(account: Account, jid: string): boolean {
    const ruled = this.ruled(account, jid);
    return ruled !== undefined && isSeen(ruled);
  }

  /** The version that a push of one's own list carries: what the rule says anew is told apart, so it is the one told of. */
  versionNow({ local }: Account, own: number): string {
    return versionText(own, this.remember(this.#told.viewOf(local)));
  }

  /** A view that clients were told the tag of. */
  remember(view: View | undefined): View | undefined {
    if (view !== undefined && this.#before.get(view.tag) === undefined) this.#before.set(view.tag, view);
    return view;
  }

  /** The view that has this tag, '' for none at all; undefined when it is not known any more. */
  recall(tag: string): { readonly view: View | undefined } | undefined {
    if (tag === '') return { view: undefined };
    const view = this.#before.get(tag);
    return view && { view };
  }

  #list({ local, domain }: Account, own: Roster): ContactList {
    const view = this.sight.map.people.size === 0 ? undefined : this.#sight.viewOf(local);
    return new ContactList(own, view, `${local}@${domain}`);
  }
}

/** Addresses of which clients are shown something else in one view than in another. */
export function* changesBetween(before: View | undefined, after: View | undefined): Generator<string> {
  if (before === after) return;
  for (const [jid, item] of after?.items ?? []) {
    const was = before?.items.get(jid);
    if (was !== item && !(was !== undefined && looksSame(was, item))) yield jid;
  }
  for (const jid of before?.items.keys() ?? []) if (after?.items.get(jid) === undefined) yield jid;
}

function looksSame(one: RosterItem, other: RosterItem): boolean {
  return (
    one.name === other.name &&
    one.subscription === other.subscription &&
    one.groups.join('\n') === other.groups.join('\n')
  );
}
