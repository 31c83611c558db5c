import assert from 'node:assert/strict';
import { test } from 'node:test';
import { together } from '../../server/host/contacts.ts';
import { Sight, type Usual } from '../../server/host/sight.ts';
import {
  type DepartmentMap,
  member,
  NO_DEPARTMENTS,
  withDepartment,
  withPeople,
  withSights,
} from '../../server/storage/stores/department-map.ts';

/** The same row of numbers for the same seed, so that a failure can be played again. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 0x8000_0000) * below);
  };
}

test('who sees whom is what a plain reading of the decisions says, for any departments', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const next = chance(seed);
    const ids = Array.from({ length: 1 + next(5) }, (_, n) => n + 1);
    const usual: Usual = next(2) === 0 ? 'hidden' : 'mutual';
    const decided: { viewer: number; seen: number; sees: boolean }[] = [];
    for (const viewer of ids)
      for (const seen of ids) if (next(3) === 0) decided.push({ viewer, seen, sees: next(2) === 0 });
    const people = Array.from({ length: 8 }, (_, n) => ({ local: `p${n}`, in: ids.filter(() => next(3) === 0) }));
    let map: DepartmentMap = NO_DEPARTMENTS;
    for (const id of ids)
      map = withDepartment(map, { id, domain: 'd.test', name: `D${id}`, description: '', rooms: [], createdAt: 0 });
    map = withPeople(
      withSights(map, decided),
      people.map((one, n) => member(n + 1, one.local, '', one.in)),
    );
    const sight = new Sight('d.test', map, usual);
    const plain = (viewer: number, seen: number): boolean =>
      decided.find((one) => one.viewer === viewer && one.seen === seen)?.sees ??
      (viewer === seen || usual === 'mutual');
    for (const one of people) {
      for (const other of people) {
        if (one === other) continue;
        const item = sight.viewOf(one.local)?.items.get(`${other.local}@d.test`);
        const groups = other.in.filter((seen) => one.in.some((viewer) => plain(viewer, seen))).map((id) => `D${id}`);
        const back = one.in.some((seen) => other.in.some((viewer) => plain(viewer, seen)));
        const subscription = groups.length > 0 ? (back ? 'both' : 'to') : back ? 'from' : undefined;
        const said = [item?.subscription, item?.listed ?? false, item?.groups ?? []];
        assert.deepEqual(said, [subscription, groups.length > 0, groups], `seed ${seed}: ${one.local}, ${other.local}`);
        assert.equal(together(undefined, item), item);
      }
    }
  }
});
