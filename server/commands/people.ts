import type { FileSpace } from '../host/file-space.ts';
import type { OptionValues } from '../host/option-values.ts';
import { chatAdmins } from '../storage/stores/chat-admins.ts';
import type { Stores } from '../storage/stores/index.ts';
import {
  edgeOf,
  HERE,
  type PeopleEdge,
  type PeopleQuery,
  type PeopleSort,
  type PersonRow,
} from '../storage/stores/people.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import type { AccountView } from './accounts.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';
import { graceDays } from './onboarding-options.ts';

/** One person in the list, with the space that their files take. */
export interface PersonView extends AccountView {
  readonly files: number;
  readonly fileBytes: number;
  /** Bytes that they may take; 0 for no limit. */
  readonly fileLimit: number;
  /** The names of the departments that they are in. */
  readonly departments: string[];
}

export interface PeopleWish {
  readonly domain?: string;
  readonly search?: string;
  readonly status?: 'all' | 'active' | 'disabled' | 'online' | 'leaving' | 'never' | 'full';
  readonly role?: 'chat-admin';
  /** The number of a department. */
  readonly department?: number;
  readonly sort?: PeopleSort;
  readonly order?: 'up' | 'down';
  /** Where another page began or ended, as it was told. */
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
}

export interface PeopleList {
  readonly people: PersonView[];
  readonly total: number;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  /** For the pages before and after this one; '' when it is empty. */
  readonly first: string;
  readonly last: string;
  /** Days for which somebody who is deleted can be brought back; 0 for none. */
  readonly graceDays: number;
  /** All there are in the domain, or in all. */
  readonly departments: { readonly id: number; readonly domain: string; readonly name: string }[];
}

const PAGE = 50;
/** Who has taken that part of their space is shown among those who have little left. */
const FULL_PERCENT = 90;

/** The people of all domains as administrators look through them. */
export class PeopleCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #space: FileSpace;
  readonly #options: OptionValues;

  constructor(stores: Stores, house: House, space: FileSpace, options: OptionValues) {
    this.#options = options;
    this.#stores = stores;
    this.#house = house;
    this.#space = space;
  }

  /** One page, by the address unless something else is wished. Throws CommandError. */
  async list(wish: PeopleWish): Promise<PeopleList> {
    const { sort = 'address', limit = PAGE, status } = wish;
    const admins = await chatAdmins(this.#stores.settings);
    const grace = this.graceDays;
    const departments = (wish.domain === undefined ? this.#house.domains() : [this.#served(wish.domain)]).flatMap(
      (domain) => this.#stores.departments.list(domain).map(({ id, name }) => ({ id, domain, name })),
    );
    if (wish.role === 'chat-admin' && admins.length === 0) return { ...NOBODY, graceDays: grace, departments };
    const query: PeopleQuery = {
      sort,
      down: wish.order === undefined ? sort === 'seen' || sort === 'created' : wish.order === 'down',
      limit,
      ...(wish.domain !== undefined && { domain: this.#served(wish.domain) }),
      ...(wish.search !== undefined && { search: wish.search }),
      ...((status === 'all' || status === 'active' || status === 'disabled' || status === 'leaving') && {
        state: status,
      }),
      ...(status === 'online' && { seen: 'here' as const }),
      ...(status === 'never' && { seen: 'never' as const }),
      ...(status === 'full' && { full: { domains: this.#limits(), percent: FULL_PERCENT } }),
      ...(wish.department !== undefined && { department: wish.department }),
      ...(wish.role === 'chat-admin' && { only: admins }),
      ...(wish.after !== undefined && { after: readEdge(wish.after, sort) }),
      ...(wish.before !== undefined && { before: readEdge(wish.before, sort) }),
    };
    const page = await this.#stores.people.page(query);
    const [first, last] = [page.people[0], page.people.at(-1)];
    return {
      ...page,
      graceDays: grace,
      departments,
      people: page.people.map((row) => this.#view(row, admins.includes(row.id))),
      first: first === undefined ? '' : writeEdge(edgeOf(first, sort)),
      last: last === undefined ? '' : writeEdge(edgeOf(last, sort)),
    };
  }

  get graceDays(): number {
    return this.#options.get(graceDays);
  }

  /** Bytes of files that somebody may have, 0 for no limit, and whether that was decided for them apart. */
  async fileLimit(bare: string): Promise<{ readonly bytes: number; readonly own: boolean }> {
    const account = await this.#stores.accounts.at(bare);
    const own = account && (await this.#stores.quotas.files(account.id));
    const domain = bare.slice(bare.lastIndexOf('@') + 1);
    return { bytes: own ?? this.#space.limits(domain).person, own: own !== undefined };
  }

  #limits(): { domain: string; bytes: number }[] {
    return this.#house.domains().map((domain) => ({ domain, bytes: this.#space.limits(domain).person }));
  }

  #view(row: PersonRow, chatAdmin: boolean): PersonView {
    const { id: _id, seenAt, nameKey: _key, fileLimit, ...rest } = row;
    const jid = `${row.local}@${row.domain}`;
    const sessions = this.#house.get(row.domain)?.sessions.of(jid).length ?? 0;
    return {
      ...rest,
      jid,
      sessions,
      chatAdmin,
      departments: this.#stores.departments.of(row).map(({ name }) => name),
      lastActivity: sessions > 0 || seenAt === 0 || seenAt === HERE ? null : seenAt,
      fileLimit: fileLimit ?? this.#space.limits(row.domain).person,
    };
  }

  #served(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }
}

const NOBODY: Omit<PeopleList, 'graceDays' | 'departments'> = {
  people: [],
  total: 0,
  hasBefore: false,
  hasAfter: false,
  first: '',
  last: '',
};

function writeEdge({ value, next }: PeopleEdge): string {
  return Buffer.from(JSON.stringify([value, next])).toString('base64url');
}

/** What `writeEdge` wrote for this order. Throws CommandError. */
function readEdge(text: string, sort: PeopleSort): PeopleEdge {
  const wrong = new CommandError('invalid', 'This page is not known: begin at the first one.');
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw wrong;
  }
  const [value, next]: unknown[] = Array.isArray(read) && read.length === 2 ? read : [];
  const kinds = {
    address: ['string', 'string'],
    name: ['string', 'number'],
    seen: ['number', 'number'],
    created: ['number', 'number'],
  };
  const [first, second] = kinds[sort];
  if (typeof value !== first || typeof next !== second) throw wrong;
  return { value: value as string | number, next: next as string | number };
}
