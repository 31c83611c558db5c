import { sees, type Usual } from '../host/sight.ts';
import type { DepartmentMap } from '../storage/stores/department-map.ts';

/**
 * Who has whom in the contact list, of two departments: both, only the first one's people those of the second (`sees`), only the other
 * way round (`seen`), or nobody. Of one department with itself: `mutual` or `hidden`.
 */
export type Relation = 'mutual' | 'sees' | 'seen' | 'hidden';

export interface RelationView {
  readonly one: number;
  readonly other: number;
  readonly relation: Relation;
  /** Nothing was decided: it is what is usual. */
  readonly usual: boolean;
}

export interface Decision {
  readonly viewer: number;
  readonly seen: number;
  readonly sees: boolean | undefined;
}

/** Every pair once, the first one of a pair before the other in the order of the departments. */
export function relations(map: DepartmentMap, usual: Usual): RelationView[] {
  const ids = [...map.departments.keys()];
  return ids.flatMap((one, at) => ids.slice(at).map((other) => relationOf(map, usual, one, other)));
}

export function relationOf(map: DepartmentMap, usual: Usual, one: number, other: number): RelationView {
  const [to, from] = [sees(map, usual, one, other), sees(map, usual, other, one)];
  const relation = to ? (from ? 'mutual' : 'sees') : from ? 'seen' : 'hidden';
  return { one, other, relation, usual: !map.sights.has(`${one} ${other}`) && !map.sights.has(`${other} ${one}`) };
}

/** What is to be written down for it; `usual` takes back what was decided. */
export function decisions(one: number, other: number, wish: Relation | 'usual'): Decision[] {
  const to = wish === 'usual' ? undefined : wish === 'mutual' || wish === 'sees';
  const from = wish === 'usual' ? undefined : wish === 'mutual' || wish === 'seen';
  if (one === other) return [{ viewer: one, seen: one, sees: to }];
  return [
    { viewer: one, seen: other, sees: to },
    { viewer: other, seen: one, sees: from },
  ];
}
