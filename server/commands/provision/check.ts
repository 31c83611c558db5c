import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Placed, Plan, PlannedAdmin, PlannedPerson } from '../../../provisioning/plan/plan.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';
import { CommandError } from '../command-error.ts';
import { checkAdminName, checkDisplayName, checkDomain, checkLocal } from '../names.ts';
import { checkAdminPassword, checkPassword, hashAdminPassword } from '../passwords.ts';
import type { ProvisionNeeds } from './needs.ts';

const LONGEST_PASSWORD = 1_000;

/** A plan that fits the house, with all passwords at hand. */
export interface CheckedPlan {
  readonly plan: Plan;
  readonly administrators: readonly { readonly name: string; readonly passwordHash: string }[];
  readonly people: readonly CheckedPerson[];
}
export interface CheckedPerson {
  readonly domain: string;
  readonly local: string;
  readonly name: string;
  readonly password?: string;
}

/** Tells what is wrong where it stands. */
async function at<T>({ at: place }: Placed, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof CommandError) throw new PlanError(error.message, place, { cause: error });
    throw error;
  }
}

/** The first line of a file. What is in it is never told. */
async function secretOf(one: Placed, folder: string, name: string): Promise<string> {
  const wrong = (problem: string) => new PlanError(`the file ${name} ${problem}`, one.at);
  try {
    await using file = await open(resolve(folder, name), 'r');
    if (!(await file.stat()).isFile()) throw wrong('is no file');
    const bytes = Buffer.alloc(4 * LONGEST_PASSWORD);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    const [line = ''] = bytes.toString('utf8', 0, bytesRead).split(/\r?\n/);
    if (line === '') throw wrong('has no password in its first line');
    if (line.length > LONGEST_PASSWORD) throw wrong('has a first line that is too long');
    return line;
  } catch (error) {
    if (error instanceof PlanError) throw error;
    throw wrong(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/**
 * Looks whether all of a plan could be done, and changes nothing. Files with passwords are named from `folder`. Throws
 * PlanError.
 */
export async function checkPlan(plan: Plan, needs: ProvisionNeeds, folder: string): Promise<CheckedPlan> {
  const { house } = needs;
  for (const one of plan.domains) {
    await at(one, () => {
      const name = checkDomain(one.name);
      if (house.get(name) === undefined && house.taken(name)) {
        throw new CommandError('domain-exists', `${name} is the address of a service already.`);
      }
    });
  }
  const domains = new Set([...house.domains(), ...plan.domains.map(({ name }) => name)]);
  const mustServe = (domain: string): void => {
    if (!domains.has(domain)) throw new CommandError('domain-not-found', `The domain ${domain} is not served here.`);
  };
  const people: CheckedPerson[] = [];
  for (const one of plan.people) people.push(await at(one, () => checkPerson(one, mustServe, folder)));
  const addresses = new Set(people.map(({ local, domain }) => `${local}@${domain}`));
  for (const one of plan.rooms) await at(one, () => checkRoom(one, needs, mustServe, addresses));
  for (const one of plan.settings)
    await at(one, () => needs.options.check(one.key, one.value, one.domain, [...domains]));
  const { federation } = plan;
  if (federation) {
    for (const pattern of [...federation.allow, ...federation.deny]) {
      await at(federation, () => {
        needs.policy.check(pattern);
        const own = [...domains].find((domain) => domain === pattern);
        if (own !== undefined)
          throw new CommandError('invalid', `${own} is of this server itself. Rules are for other servers.`);
      });
    }
  }
  const administrators = [];
  for (const one of plan.administrators) administrators.push(await at(one, () => checkAdmin(one, folder)));
  return { plan, administrators, people };
}

async function checkAdmin(one: PlannedAdmin, folder: string): Promise<CheckedPlan['administrators'][number]> {
  const name = checkAdminName(one.name);
  if (one.passwordHash !== undefined) return { name, passwordHash: one.passwordHash };
  const password = await secretOf(one, folder, one.passwordFile ?? '');
  checkAdminPassword(password, name);
  return { name, passwordHash: await hashAdminPassword(password) };
}

async function checkPerson(
  one: PlannedPerson,
  mustServe: (domain: string) => void,
  folder: string,
): Promise<CheckedPerson> {
  const [before = '', behind = ''] = one.address.split('@');
  const domain = checkDomain(behind);
  mustServe(domain);
  const local = checkLocal(before);
  const name = checkDisplayName(one.name);
  if (one.passwordFile === undefined) return { domain, local, name };
  const password = await secretOf(one, folder, one.passwordFile);
  checkPassword(password, { domain, local });
  return { domain, local, name, password };
}

async function checkRoom(
  one: Plan['rooms'][number],
  { stores, rooms }: ProvisionNeeds,
  mustServe: (domain: string) => void,
  addresses: ReadonlySet<string>,
): Promise<void> {
  mustServe(one.domain);
  rooms.checkName(one.name);
  const [before = '', domain = one.domain] = one.owner.split('@');
  if (domain !== one.domain) {
    throw new CommandError('invalid', `The owner of a room of ${one.domain} is somebody of ${one.domain}.`);
  }
  const owner = `${checkLocal(before)}@${domain}`;
  if (!addresses.has(owner) && (await stores.accounts.at(owner)) === undefined) {
    throw new CommandError('account-not-found', `There is nobody with the address ${owner} in ${one.domain}.`);
  }
}
