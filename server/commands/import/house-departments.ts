import type { Department } from '../../storage/stores/department-map.ts';
import type { DepartmentCommands } from '../departments.ts';
import type { ImportDepartments } from './departments.ts';

/** The departments of the house, for an import. */
export function importDepartments(departments: DepartmentCommands): ImportDepartments {
  const named = (domain: string, names: readonly string[]): number[] =>
    names.map((name) => departments.named(domain, name).id);
  const of = (account: Parameters<ImportDepartments['of']>[0]): readonly Department[] => departments.held(account);
  return {
    names: async (domain) => departments.list(domain).departments.map(({ name }) => name),
    make: async (by, domain, name) => void (await departments.create(by, domain, { name })),
    async removeEmpty(by, domain, name) {
      const { id } = departments.named(domain, name);
      if (departments.get(id).department.people > 0) return false;
      await departments.remove(by, id);
      return true;
    },
    of: async (account) => of(account).map(({ name }) => name),
    async add(by, account, names) {
      const before = of(account).map(({ id }) => id);
      await departments.assign(by, account, [...new Set([...before, ...named(account.domain, names)])]);
    },
    async leave(by, account, names) {
      const gone = named(account.domain, names);
      const stays = of(account).filter(({ id }) => !gone.includes(id));
      await departments.assign(
        by,
        account,
        stays.map(({ id }) => id),
      );
    },
  };
}
