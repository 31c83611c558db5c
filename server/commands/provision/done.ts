import type { CommandError } from '../command-error.ts';
import { adviceFor } from '../domain-advice.ts';
import type { CheckedPlan } from './check.ts';
import type { ProvisionNeeds } from './needs.ts';

/** What was new, or would be: the names of what was made, and what was set. */
export interface ProvisionDone {
  readonly domains: string[];
  readonly administrators: string[];
  readonly departments: string[];
  readonly people: string[];
  readonly rooms: string[];
  readonly settings: string[];
  /** The domains of the certificates. */
  readonly certificates: string[];
  /** The domains whose certificates are asked for by ACME. */
  readonly acme: string[];
  /** The domains whose message of the day is another one. */
  readonly messages: string[];
  federation: boolean;
  /** What should be known of the names of new domains, in sentences. */
  readonly advice: string[];
}

export const NOTHING_DONE: ProvisionDone = {
  domains: [],
  administrators: [],
  departments: [],
  people: [],
  rooms: [],
  settings: [],
  certificates: [],
  acme: [],
  messages: [],
  federation: false,
  advice: [],
};

/** What is to be said of a new domain, with its name. */
export function adviceOn(name: string): string[] {
  const advice = adviceFor(name);
  return advice === undefined ? [] : [`${name}: ${advice.text}`];
}

async function unknown(look: () => unknown, code: CommandError['code']): Promise<boolean> {
  try {
    await look();
    return false;
  } catch (error) {
    if ((error as CommandError).code === code || (error as CommandError).code === 'domain-not-found') return true;
    throw error;
  }
}

/** What would be done, without doing it. */
export async function wouldDo(checked: CheckedPlan, needs: ProvisionNeeds): Promise<ProvisionDone> {
  const { plan, administrators, people, settings, certificates } = checked;
  const { stores, house, departments, rooms } = needs;
  const domains = plan.domains.map(({ name }) => name).filter((name) => house.get(name) === undefined);
  const would: ProvisionDone = {
    ...structuredClone(NOTHING_DONE),
    domains,
    settings: settings.map(({ key, domain }) => [key, domain].filter(Boolean).join(' of ')),
    certificates: certificates.map(({ domain }) => domain),
    messages: plan.messages.flatMap(({ domain }) => domain ?? [...house.domains(), ...domains]),
    federation: plan.federation !== undefined,
    advice: domains.flatMap(adviceOn),
  };
  for (const domain of plan.acme?.domains ?? []) if (!(await needs.acme.uses(domain))) would.acme.push(domain);
  for (const { name } of administrators) {
    if ((await stores.admins.find(name)) === undefined) would.administrators.push(name);
  }
  for (const { domain, name } of plan.departments) {
    if (await unknown(() => departments.named(domain, name), 'department-not-found'))
      would.departments.push(`${name} of ${domain}`);
  }
  for (const { local, domain } of people) {
    if ((await stores.accounts.find(domain, local)) === undefined) would.people.push(`${local}@${domain}`);
  }
  for (const { domain, name } of plan.rooms) {
    if (await unknown(() => rooms.get(domain, name), 'room-not-found')) would.rooms.push(`${name} of ${domain}`);
  }
  return would;
}
