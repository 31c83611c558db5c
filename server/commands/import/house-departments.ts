import type { Department } from '../../storage/stores/department-map.ts';
import type { DepartmentCommands } from '../departments.ts';
import type { ImportDepartments } from './departments.ts';

const folded = (name: string): string => name.normalize('NFC').trim().toLowerCase();

/** The departments of the house, for an import. */
export function importDepartments(departments: DepartmentCommands): ImportDepartments {
  const named = (domain: string, names: readonly string[]): number[] =>
    names.map((name) => departments.named(domain, name).id);
  const of = (account: Parameters<ImportDepartments['of']>[0]): readonly Department[] => departments.held(account);
  return {
    names: async (domain) => departments.list(domain).departments.map(({ name }) => name),
    mustProve: (by, domain, names) => {
      const wanted = new Set(names.map(folded));
      const found = departments.list(domain).departments.filter(({ name }) => wanted.has(folded(name)));
      return departments.mustProve(by, found);
    },
    make: async (by, domain, name) => (await departments.create(by, domain, { name })).id,
    async unmake(by, id, made) {
      const { department, relations } = departments.get(id);
      const { name, description, rooms, people } = department;
      const decided = relations.some((one) => !one.usual);
      if (people > 0 || name !== made || description !== '' || rooms.length > 0 || decided) return false;
      await departments.remove(by, id);
      return true;
    },
    of: async (account) => of(account).map(({ name }) => name),
    async add(by, account, names, also) {
      const before = of(account).map(({ id }) => id);
      await departments.assign(by, account, [...new Set([...before, ...named(account.domain, names)])], also);
    },
    async leave(by, account, names, also) {
      // Of those that somebody has removed meanwhile nobody is left.
      const gone = new Set(names.map(folded));
      const stays = of(account).filter(({ name }) => !gone.has(folded(name)));
      await departments.assign(
        by,
        account,
        stays.map(({ id }) => id),
        also,
      );
    },
  };
}
