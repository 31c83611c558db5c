import type {
  Placed,
  Plan,
  PlannedAdmin,
  PlannedCertificate,
  PlannedSetting,
} from '../../../provisioning/plan/plan.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';
import type { AcmeWish } from '../acme.ts';
import { checkAnnouncement } from '../announcements.ts';
import type { Upload } from '../certificates.ts';
import { CommandError } from '../command-error.ts';
import { checkAdminName } from '../names.ts';
import { checkAdminPassword, hashAdminPassword } from '../passwords.ts';
import type { Role } from '../rights.ts';
import { checkAcme } from './check-acme.ts';
import { checkDepartments, departmentsAhead } from './check-departments.ts';
import { type CheckedPerson, checkPerson, checkRoom } from './check-people.ts';
import { PlanFiles } from './files.ts';
import type { ProvisionNeeds } from './needs.ts';

/** A plan that fits the house, with all that stands in other files at hand. */
export interface CheckedPlan {
  readonly plan: Plan;
  /** Domains of the first start that the plan does not name: a new house serves what it says, and no more. */
  readonly leaving: readonly string[];
  readonly administrators: readonly { readonly name: string; readonly role: Role; readonly passwordHash: string }[];
  readonly people: readonly CheckedPerson[];
  readonly settings: readonly (Omit<PlannedSetting, 'value'> & {
    readonly value: NonNullable<PlannedSetting['value']>;
  })[];
  readonly certificates: readonly { readonly domain: string; readonly upload: Upload }[];
  /** How certificates are to be got by ACME. */
  readonly acme: AcmeWish | undefined;
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

/**
 * Looks whether all of a plan could be done, and changes nothing. Other files are named from `folder`; `fresh`: nobody has
 * decided anything here yet. Throws PlanError.
 */
export async function checkPlan(
  plan: Plan,
  needs: ProvisionNeeds,
  { folder, fresh }: { readonly folder: string; readonly fresh: boolean },
): Promise<CheckedPlan> {
  const { house } = needs;
  const files = new PlanFiles(folder);
  for (const one of plan.domains) {
    await at(one, () => {
      const name = needs.domains.checkNew(one.name);
      if (house.get(name) === undefined && house.taken(name)) {
        throw new CommandError('domain-exists', `${name} is the address of a service already.`);
      }
    });
  }
  const leaving = fresh ? await unnamed(plan, needs) : [];
  const stay = house.domains().filter((domain) => !leaving.includes(domain));
  const domains = new Set([...stay, ...plan.domains.map(({ name }) => name)]);
  const mustServe = (domain: string): void => {
    if (!domains.has(domain)) throw new CommandError('domain-not-found', `The domain ${domain} is not served here.`);
  };
  const ahead = departmentsAhead(plan, needs);
  await checkDepartments(plan, ahead, mustServe, at);
  const people: CheckedPerson[] = [];
  for (const one of plan.people) people.push(await at(one, () => checkPerson(one, needs, ahead, mustServe, files)));
  const addresses = new Set(people.map(({ local, domain }) => `${local}@${domain}`));
  for (const one of plan.rooms) await at(one, () => checkRoom(one, needs, mustServe, addresses));
  const settings: CheckedPlan['settings'][number][] = [];
  for (const one of plan.settings) settings.push(await at(one, () => checkSetting(one, needs, [...domains], files)));
  const certificates: CheckedPlan['certificates'][number][] = [];
  for (const one of plan.certificates) {
    certificates.push(await at(one, () => checkCertificate(one, needs, mustServe, files)));
  }
  const acme = plan.acme && (await checkAcme(plan.acme, needs, mustServe, files));
  for (const one of plan.messages) {
    await at(one, () => {
      if (one.domain !== undefined) mustServe(one.domain);
      checkAnnouncement(one.text);
    });
  }
  await checkFederation(plan, needs, domains);
  const administrators = await checkAdmins(plan, needs, files);
  return { plan, leaving, administrators, people, settings, certificates, acme };
}

/** What the first start chose for want of better, and nobody has an address in. */
async function unnamed(plan: Plan, { domains }: ProvisionNeeds): Promise<string[]> {
  if (plan.domains.length === 0) return [];
  const named = new Set(plan.domains.map(({ name }) => name));
  return (await domains.list()).filter(({ name, people }) => !named.has(name) && people === 0).map(({ name }) => name);
}

async function checkAdmins(
  { administrators }: Plan,
  { claim }: ProvisionNeeds,
  files: PlanFiles,
): Promise<CheckedPlan['administrators']> {
  const [first] = administrators;
  if (first !== undefined && !claim.claimed && administrators.every(({ role }) => role !== 'owner')) {
    throw new PlanError('nobody would be an owner: give one of them role = "owner"', first.at);
  }
  const checked = [];
  for (const one of administrators) checked.push(await at(one, () => checkAdmin(one, files)));
  return checked;
}

async function checkAdmin(one: PlannedAdmin, files: PlanFiles): Promise<CheckedPlan['administrators'][number]> {
  const { role } = one;
  const name = checkAdminName(one.name);
  if (one.passwordHash !== undefined) return { name, role, passwordHash: one.passwordHash };
  const password = await files.secret(one, one.passwordFile ?? '');
  checkAdminPassword(password, name);
  return { name, role, passwordHash: await hashAdminPassword(password) };
}

async function checkSetting(
  one: PlannedSetting,
  { options }: ProvisionNeeds,
  domains: readonly string[],
  files: PlanFiles,
): Promise<CheckedPlan['settings'][number]> {
  const { key, domain, valueFile } = one;
  if (options.secret(key) && valueFile === undefined) {
    throw new PlanError(`${key} is a secret: write it into a file of its own, named as value_file`, one.at);
  }
  const value = valueFile === undefined ? one.value! : await files.secret(one, valueFile);
  options.check(key, value, domain, domains);
  return { ...one, value };
}

async function checkCertificate(
  one: PlannedCertificate,
  { certificates }: ProvisionNeeds,
  mustServe: (domain: string) => void,
  files: PlanFiles,
): Promise<CheckedPlan['certificates'][number]> {
  const { domain, chainFile, keyFile, pkcs12File, passphraseFile } = one;
  mustServe(domain);
  const read = async (name: string | undefined, form: 'utf8' | 'base64') =>
    name === undefined ? undefined : (await files.whole(one, name)).toString(form);
  const upload: Upload = {
    chain: await read(chainFile, 'utf8'),
    key: await read(keyFile, 'utf8'),
    pkcs12: await read(pkcs12File, 'base64'),
    passphrase: passphraseFile === undefined ? undefined : await files.secret(one, passphraseFile),
  };
  await certificates.checkFor(domain, upload);
  return { domain, upload };
}

async function checkFederation(
  { federation }: Plan,
  { policy }: ProvisionNeeds,
  domains: ReadonlySet<string>,
): Promise<void> {
  if (federation === undefined) return;
  const rules = [
    ...federation.allow.map((one) => [one, 'allow'] as const),
    ...federation.deny.map((one) => [one, 'deny'] as const),
  ];
  for (const [pattern, verdict] of rules) {
    await at(federation, () => {
      policy.check(pattern, verdict);
      if (domains.has(pattern))
        throw new CommandError('invalid', `${pattern} is of this server itself. Rules are for other servers.`);
    });
  }
}
