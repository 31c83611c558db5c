import { type Database, type Statement, sql } from '../database.ts';
import {
  type Department,
  type DepartmentMap,
  type Member,
  member,
  NO_DEPARTMENTS,
  sightKey,
  withDepartment,
  withoutDepartment,
  withPeople,
  withSights,
} from './department-map.ts';

/** Who somebody is, as far as it matters here. */
export interface Person {
  readonly id: number;
  readonly domain: string;
  readonly local: string;
  readonly name: string;
}

/** Is told of every change of a domain's departments, once it is on disk. */
type Watcher = (domain: string, now: DepartmentMap, before: DepartmentMap) => void;

interface DepartmentRow {
  readonly id: number;
  readonly domain: string;
  readonly name: string;
  readonly description: string;
  readonly created_at: number;
}

/**
 * The departments of all domains and who is in them: all of it is in memory, as every presence asks who may see whom. `load` is to
 * be called once, before anybody asks; what is not loaded yet is not there.
 */
export class Departments {
  readonly #db: Database;
  readonly #maps = new Map<string, DepartmentMap>();
  /** The domain of each department. */
  readonly #domains = new Map<number, string>();
  readonly #watchers = new Set<Watcher>();
  readonly #now: () => number;
  /** Counts what was changed in memory: what was read meanwhile is old. */
  #changes = 0;

  constructor(db: Database, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
  }

  async load(): Promise<void> {
    const changes = this.#changes;
    const [departments, rooms, people, sights] = await Promise.all([
      this.#db.all<DepartmentRow>(
        sql`SELECT id, domain, name, description, created_at FROM department ORDER BY domain, place, id`,
      ),
      this.#db.all<{ department: number; name: string }>(sql`SELECT department, name FROM department_room
        ORDER BY department, name`),
      this.#db.all<Person & { department: number }>(sql`SELECT a.id, a.domain, a.local, a.name, m.department
        FROM department_member m JOIN account a ON a.id = m.account ORDER BY m.account, m.department`),
      this.#db.all<{ viewer: number; seen: number; sees: number }>(
        sql`SELECT viewer, seen, sees FROM department_sight`,
      ),
    ]);
    if (changes !== this.#changes) return this.load();
    this.#maps.clear();
    this.#domains.clear();
    const roomsOf = Map.groupBy(rooms, (row) => row.department);
    for (const { created_at: createdAt, ...row } of departments) {
      const department = { ...row, createdAt, rooms: (roomsOf.get(row.id) ?? []).map(({ name }) => name) };
      this.#put(row.domain, withDepartment(this.map(row.domain), department));
    }
    const byDomain = Map.groupBy(people, (row) => row.domain);
    for (const [domain, rows] of byDomain) {
      const members = [...Map.groupBy(rows, (row) => row.id).values()].map((own) =>
        member(
          own[0]!.id,
          own[0]!.local,
          own[0]!.name,
          own.map((row) => row.department),
        ),
      );
      this.#put(domain, withPeople(this.map(domain), members));
    }
    const sightsOf = Map.groupBy(sights, (row) => this.#domains.get(row.viewer) ?? '');
    for (const [domain, rows] of sightsOf) {
      this.#put(
        domain,
        withSights(
          this.map(domain),
          rows.map((row) => ({ ...row, sees: row.sees === 1 })),
        ),
      );
    }
  }

  /** All of a domain, as it is now. */
  map(domain: string): DepartmentMap {
    return this.#maps.get(domain) ?? NO_DEPARTMENTS;
  }

  /** The departments of a domain, in their order. */
  list(domain: string): readonly Department[] {
    return [...this.map(domain).departments.values()];
  }

  get(id: number): Department | undefined {
    const domain = this.#domains.get(id);
    return domain === undefined ? undefined : this.map(domain).departments.get(id);
  }

  /** Those that somebody is in, in the order in which they are shown. */
  of({ domain, local, id }: Pick<Person, 'domain' | 'local' | 'id'>): readonly Department[] {
    const map = this.map(domain);
    const found = map.people.get(local);
    if (found?.account !== id) return [];
    return [...map.departments.values()].filter((one) => found.departments.includes(one.id));
  }

  /** The numbers of the departments that the person of a bare address is in. */
  numbersOf(bare: string): readonly number[] {
    const at = bare.lastIndexOf('@');
    return this.map(bare.slice(at + 1)).people.get(bare.slice(0, at))?.departments ?? [];
  }

  /** The local parts of those in a department. */
  members(domain: string, id: number): ReadonlySet<string> {
    return this.map(domain).members.get(id) ?? new Set();
  }

  /** Makes one, which stands last. Throws StorageError `constraint` when there is one of that name. */
  async create(domain: string, name: string, description: string): Promise<Department> {
    const createdAt = this.#now();
    const place = sql`SELECT coalesce(max(place), 0) + 1 FROM department WHERE domain = ${domain}`;
    await this.#db.run({
      text: `INSERT INTO department (domain, name, description, place, created_at) VALUES (?, ?, ?, (${place.text}), ?)`,
      values: [domain, name, description, ...place.values, createdAt],
    });
    const row = await this.#db.get<{ id: number }>(
      sql`SELECT id FROM department WHERE domain = ${domain} AND name = ${name}`,
    );
    if (row === undefined) throw new Error('a department was removed while it was made');
    const department = { id: row.id, domain, name, description, rooms: [], createdAt };
    await this.#change(domain, [], (map) => withDepartment(map, department));
    return department;
  }

  /** Throws StorageError `constraint` when there is another one of that name. */
  async describe(department: Department, name: string, description: string): Promise<void> {
    const statements = [
      sql`UPDATE department SET name = ${name}, description = ${description} WHERE id = ${department.id}`,
    ];
    await this.#change(department.domain, statements, (map) => {
      const now = map.departments.get(department.id);
      return now === undefined ? map : withDepartment(map, { ...now, name, description });
    });
  }

  /** Shows them in this order; those that are not named come last. */
  async order(domain: string, ids: readonly number[]): Promise<void> {
    const all = [...this.map(domain).departments.keys()];
    const sorted = [...ids.filter((id) => all.includes(id)), ...all.filter((id) => !ids.includes(id))];
    const statements = sorted.map((id, at) => sql`UPDATE department SET place = ${at + 1} WHERE id = ${id}`);
    await this.#change(domain, statements, (map) => ({
      ...map,
      departments: new Map([...sorted, ...map.departments.keys()].flatMap((id) => entry(map, id))),
    }));
  }

  /** Everything that was decided about it goes with it; its people stay. */
  async remove(department: Department): Promise<void> {
    await this.#change(department.domain, removal(department.id), (map) => withoutDepartment(map, department.id));
    this.#domains.delete(department.id);
  }

  async setRooms(department: Department, rooms: readonly string[]): Promise<void> {
    const { id, domain } = department;
    const names = [...new Set(rooms)].sort();
    const statements = [
      sql`DELETE FROM department_room WHERE department = ${id}`,
      ...names.map((name) => sql`INSERT INTO department_room (department, name) VALUES (${id}, ${name})`),
    ];
    await this.#change(domain, statements, (map) => {
      const now = map.departments.get(id);
      return now === undefined ? map : withDepartment(map, { ...now, rooms: names });
    });
  }

  /** Puts somebody into these departments of their domain and into no others. */
  setFor(person: Person, ids: readonly number[]): Promise<void> {
    return this.assign(person.domain, [{ person, ids }]);
  }

  /** The same for several people of one domain, all or none. Throws StorageError `constraint` when somebody is gone meanwhile. */
  async assign(
    domain: string,
    changes: readonly { readonly person: Person; readonly ids: readonly number[] }[],
  ): Promise<void> {
    const { departments } = this.map(domain);
    const members: Member[] = changes.map(({ person, ids }) =>
      member(
        person.id,
        person.local,
        person.name,
        ids.filter((id) => departments.has(id)),
      ),
    );
    const statements = members.flatMap(({ account, departments: own }) => [
      sql`DELETE FROM department_member WHERE account = ${account}`,
      ...own.map((id) => sql`INSERT INTO department_member (account, department) VALUES (${account}, ${id})`),
    ]);
    await this.#change(domain, statements, (map) => withPeople(map, members));
  }

  /** Decides who sees whom between departments of one domain; undefined goes back to what is usual. */
  async setSights(
    domain: string,
    changes: readonly { readonly viewer: number; readonly seen: number; readonly sees: boolean | undefined }[],
  ): Promise<void> {
    const statements = changes.map(({ viewer, seen, sees }) =>
      sees === undefined
        ? sql`DELETE FROM department_sight WHERE viewer = ${viewer} AND seen = ${seen}`
        : sql`INSERT INTO department_sight (viewer, seen, sees) VALUES (${viewer}, ${seen}, ${sees ? 1 : 0})
            ON CONFLICT (viewer, seen) DO UPDATE SET sees = excluded.sees`,
    );
    await this.#change(domain, statements, (map) => withSights(map, changes));
  }

  /** What was decided of whether one sees another, undefined for what is usual. */
  sight(domain: string, viewer: number, seen: number): boolean | undefined {
    return this.map(domain).sights.get(sightKey(viewer, seen));
  }

  /** Gives what ends that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** An account is being removed, and its rows with it. */
  left(person: Pick<Person, 'domain' | 'local'>): void {
    this.#edit(person.domain, (map) => {
      const before = map.people.get(person.local);
      return before === undefined ? map : withPeople(map, [member(before.account, before.local, before.name, [])]);
    });
  }

  /** Somebody is called something else. */
  named(person: Pick<Person, 'domain' | 'local'>, name: string): void {
    this.#edit(person.domain, (map) => {
      const before = map.people.get(person.local);
      if (before === undefined || before.name === name) return map;
      return withPeople(map, [member(before.account, before.local, name, before.departments)]);
    });
  }

  /** Forgets all departments of a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    const ids = [...this.map(domain).departments.keys()];
    await this.#change(
      domain,
      ids.flatMap((id) => removal(id)),
      () => NO_DEPARTMENTS,
    );
    this.#maps.delete(domain);
    for (const id of ids) this.#domains.delete(id);
  }

  /** Writes, with what is remembered changed in the same turn, and tells when it is on disk. What fails is read again. */
  async #change(
    domain: string,
    statements: readonly Statement[],
    edit: (map: DepartmentMap) => DepartmentMap,
  ): Promise<void> {
    const before = this.map(domain);
    const now = edit(before);
    this.#changes++;
    this.#put(domain, now);
    try {
      if (statements.length > 0) await this.#db.batch(statements);
    } catch (error) {
      await this.load();
      this.#tell(domain, this.map(domain), now);
      throw error;
    }
    this.#tell(domain, now, before);
  }

  #edit(domain: string, edit: (map: DepartmentMap) => DepartmentMap): void {
    const before = this.map(domain);
    const now = edit(before);
    if (now === before) return;
    this.#changes++;
    this.#put(domain, now);
    this.#tell(domain, now, before);
  }

  #put(domain: string, map: DepartmentMap): void {
    this.#maps.set(domain, map);
    for (const id of map.departments.keys()) this.#domains.set(id, domain);
  }

  #tell(domain: string, now: DepartmentMap, before: DepartmentMap): void {
    for (const watcher of this.#watchers) watcher(domain, now, before);
  }
}

function entry({ departments }: DepartmentMap, id: number): [number, Department][] {
  const one = departments.get(id);
  return one === undefined ? [] : [[id, one]];
}

function removal(id: number): Statement[] {
  return [
    sql`DELETE FROM department_member WHERE department = ${id}`,
    sql`DELETE FROM department_sight WHERE viewer = ${id} OR seen = ${id}`,
    sql`DELETE FROM department_room WHERE department = ${id}`,
    sql`DELETE FROM invitation_department WHERE department = ${id}`,
    sql`DELETE FROM department WHERE id = ${id}`,
  ];
}
