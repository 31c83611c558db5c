/** A part of an office. */
export interface Department {
  /** Never given to another one, not even after removal. */
  readonly id: number;
  readonly domain: string;
  readonly name: string;
  readonly description: string;
  /** Names of the rooms that everybody in it is put into. */
  readonly rooms: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Somebody who is in a department. Another object when anything of it is new. */
export interface Member {
  readonly account: number;
  readonly local: string;
  /** What they are called, '' for nothing. */
  readonly name: string;
  /** The numbers of their departments, at least one, in the order of the numbers. */
  readonly departments: readonly number[];
  /** The same as one text: all who have the same see the same people. */
  readonly signature: string;
}

/** The departments of one domain as they are at one time. Never changed: a change puts a new map in its place. */
export interface DepartmentMap {
  /** In the order in which they are shown. */
  readonly departments: ReadonlyMap<number, Department>;
  /** Everybody who is in any, by local part. */
  readonly people: ReadonlyMap<string, Member>;
  /** Local parts of those in each, which has an entry for every department. */
  readonly members: ReadonlyMap<number, ReadonlySet<string>>;
  /** What was decided of who sees whom, by `sightKey`; else what is usual holds. */
  readonly sights: ReadonlyMap<string, boolean>;
}

export const NO_DEPARTMENTS: DepartmentMap = {
  departments: new Map(),
  people: new Map(),
  members: new Map(),
  sights: new Map(),
};

export const sightKey = (viewer: number, seen: number): string => `${viewer} ${seen}`;

export function member(account: number, local: string, name: string, departments: readonly number[]): Member {
  const sorted = [...new Set(departments)].sort((one, other) => one - other);
  return { account, local, name, departments: sorted, signature: sorted.join(',') };
}

/** The map with these people in these departments, each in the place of what was known of them; in none: left out. */
export function withPeople(map: DepartmentMap, changed: readonly Member[]): DepartmentMap {
  const people = new Map(map.people);
  const members = new Map(map.members);
  const copied = new Set<number>();
  const of = (id: number): Set<string> => {
    if (!copied.has(id)) members.set(id, new Set(members.get(id)));
    copied.add(id);
    return members.get(id) as Set<string>;
  };
  for (const one of changed) {
    const before = people.get(one.local)?.departments ?? [];
    for (const id of before) if (!one.departments.includes(id)) of(id).delete(one.local);
    for (const id of one.departments) if (!before.includes(id)) of(id).add(one.local);
    if (one.departments.length === 0) people.delete(one.local);
    else people.set(one.local, one);
  }
  return { ...map, people, members };
}

/** The map with a department in the place of the one of its number, or at the end when it is new. */
export function withDepartment(map: DepartmentMap, department: Department): DepartmentMap {
  const departments = new Map(map.departments).set(department.id, department);
  if (map.members.has(department.id)) return { ...map, departments };
  return { ...map, departments, members: new Map(map.members).set(department.id, new Set()) };
}

export function withoutDepartment(map: DepartmentMap, id: number): DepartmentMap {
  const left = [...(map.members.get(id) ?? [])].map((local) => {
    const { account, name, departments } = map.people.get(local)!;
    return member(
      account,
      local,
      name,
      departments.filter((one) => one !== id),
    );
  });
  const { people, members } = withPeople(map, left);
  const keeps = ([key]: [string, boolean]): boolean => !key.split(' ').includes(String(id));
  return {
    departments: new Map([...map.departments].filter(([one]) => one !== id)),
    people,
    members: new Map([...members].filter(([one]) => one !== id)),
    sights: new Map([...map.sights].filter(keeps)),
  };
}

/** The map with other decisions of who sees whom; undefined goes back to what is usual. */
export function withSights(
  map: DepartmentMap,
  changed: readonly { viewer: number; seen: number; sees: boolean | undefined }[],
): DepartmentMap {
  const sights = new Map(map.sights);
  for (const { viewer, seen, sees } of changed) {
    if (sees === undefined) sights.delete(sightKey(viewer, seen));
    else sights.set(sightKey(viewer, seen), sees);
  }
  return { ...map, sights };
}
