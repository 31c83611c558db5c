import type { Placed, Plan } from '../../../provisioning/plan/plan.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';
import { CommandError } from '../command-error.ts';
import { checkDepartment, MOST_DEPARTMENTS } from '../departments.ts';
import type { ProvisionNeeds } from './needs.ts';

/** The names of departments, as people compare them, that there are or will be in each domain. */
export type DepartmentsAhead = ReadonlyMap<string, ReadonlySet<string>>;

const called = (name: string): string => name.normalize('NFC').trim().toLowerCase();

export function departmentsAhead(plan: Plan, { stores, house }: ProvisionNeeds): DepartmentsAhead {
  const ahead = new Map<string, Set<string>>();
  for (const domain of house.domains()) {
    ahead.set(domain, new Set(stores.departments.list(domain).map(({ name }) => called(name))));
  }
  for (const { domain, name } of plan.departments) {
    const names = ahead.get(domain) ?? new Set();
    ahead.set(domain, names.add(called(name)));
  }
  return ahead;
}

/** Throws CommandError when there is no such department, and will be none. */
export function mustKnow(ahead: DepartmentsAhead, domain: string, name: string): void {
  if (ahead.get(domain)?.has(called(name))) return;
  throw new CommandError('department-not-found', `There is no department “${name}” in ${domain}.`);
}

/** Looks whether the departments of a plan can be, with who sees whom. Throws what `at` makes of it. */
export async function checkDepartments(
  plan: Plan,
  ahead: DepartmentsAhead,
  mustServe: (domain: string) => void,
  at: (place: Placed, check: () => void) => Promise<void>,
): Promise<void> {
  for (const one of plan.departments) {
    await at(one, () => {
      mustServe(one.domain);
      checkDepartment(one);
      if ((ahead.get(one.domain)?.size ?? 0) > MOST_DEPARTMENTS)
        throw new PlanError(`there can be at most ${MOST_DEPARTMENTS} departments in ${one.domain}`, one.at);
    });
  }
  for (const one of plan.sights) {
    await at(one, () => {
      mustServe(one.domain);
      for (const name of [one.department, one.other]) mustKnow(ahead, one.domain, name);
      const same = called(one.department) === called(one.other);
      if (same && (one.relation === 'sees' || one.relation === 'seen'))
        throw new PlanError('people of one department see each other (mutual), or do not (hidden)', one.at);
    });
  }
}
