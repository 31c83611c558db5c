import { usualSight } from '../host/contacts.ts';
import type { OptionValues } from '../host/option-values.ts';
import { StorageError } from '../storage/database.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Department } from '../storage/stores/department-map.ts';
import type { Stores } from '../storage/stores/index.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { mustProveToLetIn } from './closed-rooms.ts';
import { CommandError } from './command-error.ts';
import type { Detail } from './deeds.ts';
import { decisions, type Relation, type RelationView, relationOf, relations } from './department-sight.ts';
import type { House } from './house.ts';

export interface DepartmentView extends Omit<Department, 'rooms'> {
  readonly rooms: string[];
  /** How many are in it, and how many of them have a client connected. */
  readonly people: number;
  readonly online: number;
}

export interface DepartmentMember {
  readonly local: string;
  readonly name: string;
  readonly online: boolean;
}

export interface DepartmentWish {
  readonly name?: string;
  readonly description?: string;
  readonly rooms?: readonly string[];
}

export const MOST_DEPARTMENTS = 200;
export const MOST_OF_PERSON = 20;
const MOST_ROOMS = 20;
/** People that one change may add or take away. */
const MOST_PEOPLE = 1_000;
const LONGEST_NAME = 60;
const LONGEST_DESCRIPTION = 500;
const PAGE = 50;

/** What administrators do with departments: who is in them, who sees whom, and what goes with that. */
export class DepartmentCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #options: OptionValues;
  readonly #gone: (id: number) => Promise<void>;

  /** `gone` is told of a department that is being removed, so that what was decided for it elsewhere goes, too. */
  constructor(stores: Stores, house: House, options: OptionValues, gone: (id: number) => Promise<void>) {
    this.#stores = stores;
    this.#house = house;
    this.#options = options;
    this.#gone = gone;
  }

  /** The departments of a domain in their order, with who sees whom between them. */
  list(input: string): { departments: DepartmentView[]; relations: RelationView[]; usually: 'hidden' | 'mutual' } {
    const domain = this.#served(input);
    const map = this.#stores.departments.map(domain);
    const usually = this.#options.get(usualSight, domain);
    return {
      departments: [...map.departments.values()].map((one) => this.#view(one)),
      relations: relations(map, usually),
      usually,
    };
  }

  get(id: number): { department: DepartmentView; relations: RelationView[] } {
    const department = this.find(id);
    const map = this.#stores.departments.map(department.domain);
    const usually = this.#options.get(usualSight, department.domain);
    return {
      department: this.#view(department),
      relations: [...map.departments.keys()].map((other) => relationOf(map, usually, id, other)),
    };
  }

  /** A department by its number. Throws CommandError. */
  find(id: number): Department {
    const found = this.#stores.departments.get(id);
    if (found === undefined)
      throw new CommandError('department-not-found', 'There is no such department (any more).', 'department');
    return found;
  }

  /** One of a domain by its name, as people write it. Throws CommandError. */
  named(input: string, name: string): Department {
    const wanted = name.normalize('NFC').trim().toLowerCase();
    const found = this.#stores.departments.list(this.#served(input)).find((one) => one.name.toLowerCase() === wanted);
    if (found === undefined)
      throw new CommandError('department-not-found', `There is no department “${name}”.`, 'department');
    return found;
  }

  /** Those that somebody is in. Throws CommandError. */
  async of(domain: string, local: string): Promise<DepartmentView[]> {
    return this.#stores.departments.of(await this.#person(`${local}@${domain}`)).map((one) => this.#view(one));
  }

  /** The same of an account that is known already. */
  held(account: Account): readonly Department[] {
    return this.#stores.departments.of(account);
  }

  /** Throws CommandError. */
  async create(by: Actor, input: string, wish: DepartmentWish & { readonly name: string }): Promise<DepartmentView> {
    const domain = this.#served(input);
    const { description, rooms } = checkDepartment(wish);
    const name = this.#checkName(domain, wish.name);
    if (this.#stores.departments.list(domain).length >= MOST_DEPARTMENTS)
      throw new CommandError('too-many', `There are ${MOST_DEPARTMENTS} departments, and there can be no more.`);
    const made = await taken(name, this.#stores.departments.create(domain, name, description));
    if (rooms.length > 0) await this.#stores.departments.setRooms(made, rooms);
    await record(this.#stores.audit, by, 'department.create', domain, { department: name });
    return this.#view(this.find(made.id));
  }

  /** Changes what is wished; the rest stays. Throws CommandError. */
  async change(by: Actor, id: number, wish: DepartmentWish): Promise<DepartmentView> {
    const before = this.find(id);
    const { departments, audit } = this.#stores;
    const name = wish.name === undefined ? before.name : this.#checkName(before.domain, wish.name, id);
    const description = checkText(wish.description ?? before.description, LONGEST_DESCRIPTION, 'description');
    const rooms = wish.rooms === undefined ? undefined : checkRooms(wish.rooms);
    const further = rooms?.filter((one) => !before.rooms.includes(one)) ?? [];
    await mustProveToLetIn(by, this.#house, before.domain, further);
    if (name !== before.name || description !== before.description) {
      await taken(name, departments.describe(before, name, description));
      await record(audit, by, 'department.change', before.domain, { department: before.name, name, description });
    }
    if (rooms !== undefined && rooms.join(' ') !== before.rooms.join(' ')) {
      await departments.setRooms(before, rooms);
      await record(audit, by, 'department.rooms', before.domain, { department: name, rooms: rooms.join(' ') });
    }
    return this.#view(this.find(id));
  }

  /** Its people stay, and have no more to do with each other than others. Throws CommandError. */
  async remove(by: Actor, id: number): Promise<void> {
    const department = this.find(id);
    await this.#gone(id);
    await this.#stores.departments.remove(department);
    await record(this.#stores.audit, by, 'department.remove', department.domain, { department: department.name });
  }

  /** Shows those of a domain in this order. Throws CommandError. */
  async order(by: Actor, input: string, ids: readonly number[]): Promise<void> {
    const domain = this.#served(input);
    for (const id of ids) if (this.find(id).domain !== domain) throw notHere(id);
    await this.#stores.departments.order(domain, ids);
    await record(this.#stores.audit, by, 'department.order', domain, { order: ids.join(' ') });
  }

  /** A page of its people by local part; `after` is one. Throws CommandError. */
  people(
    id: number,
    wish: { readonly search?: string; readonly after?: string; readonly limit?: number },
  ): { people: DepartmentMember[]; total: number; hasMore: boolean } {
    const { domain } = this.find(id);
    const { search = '', after = '', limit = PAGE } = wish;
    const { people, members } = this.#stores.departments.map(domain);
    const wanted = search.normalize('NFKC').toLowerCase().trim();
    const found = [...(members.get(id) ?? [])]
      .map((local) => people.get(local)!)
      .filter(({ local, name }) => `${local} ${name}`.normalize('NFKC').toLowerCase().includes(wanted))
      .sort((one, other) => (one.local < other.local ? -1 : 1));
    const rest = found.filter(({ local }) => local > after);
    return {
      people: rest.slice(0, limit).map(({ local, name }) => ({ local, name, online: this.#online(domain, local) })),
      total: found.length,
      hasMore: rest.length > limit,
    };
  }

  /** Puts people (bare addresses) into it, and takes others out; all or none. Throws CommandError. */
  async move(
    by: Actor,
    id: number,
    wish: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<DepartmentView> {
    const department = this.find(id);
    const { departments, audit } = this.#stores;
    const { add = [], remove = [] } = wish;
    if (add.length + remove.length > MOST_PEOPLE)
      throw new CommandError('invalid', `At most ${MOST_PEOPLE} people at a time, please.`, 'add');
    const changes = new Map<number, { person: Account; ids: number[] }>();
    for (const [list, joins] of [
      [add, true],
      [remove, false],
    ] as const) {
      for (const address of list) {
        const person = await this.#person(address, department.domain);
        const before = departments.of(person).map((one) => one.id);
        if (before.includes(id) === joins) continue;
        const ids = joins ? [...before, id] : before.filter((one) => one !== id);
        if (joins) checkCount(ids);
        changes.set(person.id, { person, ids });
      }
    }
    if ([...changes.values()].some(({ ids }) => ids.includes(id))) await this.mustProve(by, [department]);
    await this.#assign(department.domain, [...changes.values()]);
    for (const { person, ids } of changes.values()) {
      const action = ids.includes(id) ? 'department.join' : 'department.leave';
      await record(audit, by, action, bareOf(person), { department: department.name });
    }
    return this.#view(this.find(id));
  }

  /** Puts somebody into these departments and no others. Throws CommandError. */
  async setFor(by: Actor, domain: string, local: string, ids: readonly number[]): Promise<DepartmentView[]> {
    const person = await this.#person(`${local}@${domain}`);
    await this.assign(by, person, ids);
    return this.of(domain, local);
  }

  /** The same for whoever knows the account already; `also` goes into the audit log. Throws CommandError. */
  async assign(by: Actor, person: Account, ids: readonly number[], also: Detail = {}): Promise<void> {
    const found = this.check(person.domain, ids);
    const before = this.#stores.departments.of(person);
    if (before.map(({ id }) => id).join() === found.map(({ id }) => id).join()) return;
    const further = found.filter(({ id }) => before.every((one) => one.id !== id));
    await this.mustProve(by, further);
    await this.#assign(person.domain, [{ person, ids: found.map(({ id }) => id) }]);
    const names = (list: readonly Department[]) => list.map(({ name }) => name).join(', ');
    const detail = { from: names(before), to: names(found), ...also };
    await record(this.#stores.audit, by, 'account.departments', bareOf(person), detail);
  }

  /** Throws CommandError for who must show again who they are before they put people into these. */
  async mustProve(by: Actor, departments: readonly Department[]): Promise<void> {
    for (const { domain, rooms } of departments) await mustProveToLetIn(by, this.#house, domain, rooms);
  }

  /** Departments of one domain by their numbers, in their order. Throws CommandError for what is none, and for too many. */
  check(domain: string, ids: readonly number[]): Department[] {
    for (const id of ids) if (this.find(id).domain !== domain) throw notHere(id);
    checkCount(ids);
    return this.#stores.departments.list(domain).filter(({ id }) => ids.includes(id));
  }

  /** Decides who sees whom of two departments, which may be the same. Throws CommandError. */
  async relate(by: Actor, one: number, other: number, wish: Relation | 'usual'): Promise<RelationView> {
    const [first, second] = [this.find(one), this.find(other)];
    const { domain } = first;
    if (second.domain !== domain) throw notHere(other);
    if (one === other && (wish === 'sees' || wish === 'seen')) {
      throw new CommandError('invalid', 'People of one department see each other, or do not.', 'relation');
    }
    await this.#stores.departments.setSights(domain, decisions(one, other, wish));
    const detail = { department: first.name, other: second.name, relation: wish };
    await record(this.#stores.audit, by, 'department.sight', domain, detail);
    return relationOf(this.#stores.departments.map(domain), this.#options.get(usualSight, domain), one, other);
  }

  /** The domain is not served any more. */
  async forget(domain: string): Promise<void> {
    for (const { id } of this.#stores.departments.list(domain)) await this.#gone(id);
    await this.#stores.departments.forget(domain);
  }

  async #assign(domain: string, changes: readonly { person: Account; ids: readonly number[] }[]): Promise<void> {
    try {
      await this.#stores.departments.assign(domain, changes);
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'constraint') throw error;
      throw new CommandError('account-not-found', 'Somebody of them was deleted meanwhile.');
    }
  }

  #view(department: Department): DepartmentView {
    const { domain, id } = department;
    const members = this.#stores.departments.members(domain, id);
    let online = 0;
    for (const local of members) if (this.#online(domain, local)) online++;
    return { ...department, rooms: [...department.rooms], people: members.size, online };
  }

  #online(domain: string, local: string): boolean {
    return (this.#house.get(domain)?.sessions.of(`${local}@${domain}`).length ?? 0) > 0;
  }

  #checkName(domain: string, input: string, except?: number): string {
    const { name } = checkDepartment({ name: input });
    const same = ({ id, name: other }: Department) => id !== except && other.toLowerCase() === name.toLowerCase();
    if (this.#stores.departments.list(domain).some(same)) throw exists(name);
    return name;
  }

  async #person(address: string, domain?: string): Promise<Account> {
    const jid = tryParseJid(address.trim());
    const account = jid === undefined ? undefined : await this.#stores.accounts.at(jid.bare);
    if (account === undefined || (domain !== undefined && account.domain !== domain)) {
      const where = domain === undefined ? '' : ` in ${domain}`;
      throw new CommandError('account-not-found', `There is nobody with the address ${address}${where}.`, 'add');
    }
    return account;
  }

  #served(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }
}

/** What a department is to be, as it would be kept. Throws CommandError. */
export function checkDepartment(wish: DepartmentWish & { readonly name: string }): Required<DepartmentWish> {
  const name = checkText(wish.name, LONGEST_NAME, 'name');
  if (name === '') throw new CommandError('invalid', 'What is it called?', 'name');
  const description = checkText(wish.description ?? '', LONGEST_DESCRIPTION, 'description');
  return { name, description, rooms: checkRooms(wish.rooms ?? []) };
}

const bareOf = ({ local, domain }: Account): string => `${local}@${domain}`;

function checkCount(ids: readonly number[]): void {
  if (new Set(ids).size > MOST_OF_PERSON)
    throw new CommandError('invalid', `Somebody can be in at most ${MOST_OF_PERSON} departments.`, 'departments');
}

function exists(name: string): CommandError {
  return new CommandError('department-exists', `There is a department “${name}” already.`, 'name');
}

function notHere(id: number): CommandError {
  return new CommandError('department-not-found', `Department ${id} is one of another domain.`, 'department');
}

async function taken<T>(name: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'constraint') throw exists(name);
    throw error;
  }
}

/** One line that can be shown: it becomes a group in everybody's contact list. */
function checkText(input: string, longest: number, field: string): string {
  const text = input.normalize('NFC').trim();
  if (/\p{C}|\p{Zl}|\p{Zp}/u.test(text)) throw new CommandError('invalid', 'One line of plain text, please.', field);
  if (text.length > longest) throw new CommandError('invalid', `At most ${longest} characters, please.`, field);
  return text;
}

function checkRooms(input: readonly string[]): string[] {
  const names = [...new Set(input.map((one) => one.trim()).filter((one) => one !== ''))].sort();
  if (names.length > MOST_ROOMS) throw new CommandError('invalid', `At most ${MOST_ROOMS} rooms, please.`, 'rooms');
  const bad = names.find((one) => one.length > 200 || tryParseJid(`${one}@rooms.invalid`)?.local !== one);
  if (bad === undefined) return names;
  const text = `“${bad}” cannot be the name of a room: small letters and digits, no spaces.`;
  throw new CommandError('invalid', text, 'rooms');
}
