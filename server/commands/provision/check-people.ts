import type { PlannedPerson, PlannedRoom } from '../../../provisioning/plan/plan.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';
import { CommandError } from '../command-error.ts';
import { MOST_OF_PERSON } from '../departments.ts';
import { checkDisplayName, checkDomain, checkLocal } from '../names.ts';
import { checkPassword } from '../passwords.ts';
import { type DepartmentsAhead, mustKnow } from './check-departments.ts';
import type { PlanFiles } from './files.ts';
import type { ProvisionNeeds } from './needs.ts';

const LONGEST_TITLE = 200;
const LONGEST_DESCRIPTION = 2_000;

export interface CheckedPerson {
  readonly domain: string;
  readonly local: string;
  readonly name: string;
  readonly departments: readonly string[];
  readonly password?: string;
  readonly files?: number;
}

/** Throws CommandError and PlanError. */
export async function checkPerson(
  one: PlannedPerson,
  { stores }: ProvisionNeeds,
  ahead: DepartmentsAhead,
  mustServe: (domain: string) => void,
  secrets: PlanFiles,
): Promise<CheckedPerson> {
  const [before = '', behind = ''] = one.address.split('@');
  const domain = checkDomain(behind);
  mustServe(domain);
  const local = checkLocal(before);
  const kept = (await stores.invitations.reserving(domain, local)) !== undefined;
  if (kept && (await stores.accounts.find(domain, local)) === undefined)
    throw new CommandError('account-exists', `The address ${local}@${domain} is kept for somebody invited.`);
  const { departments, files } = one;
  for (const name of departments) mustKnow(ahead, domain, name);
  if (departments.length > MOST_OF_PERSON)
    throw new CommandError('invalid', `Somebody can be in at most ${MOST_OF_PERSON} departments.`);
  const person = {
    domain,
    local,
    name: checkDisplayName(one.name),
    departments,
    ...(files !== undefined && { files }),
  };
  if (one.passwordFile === undefined) return person;
  const password = await secrets.secret(one, one.passwordFile);
  checkPassword(password, { domain, local });
  return { ...person, password };
}

/** `addresses`: people that the plan makes. Throws CommandError. */
export async function checkRoom(
  one: PlannedRoom,
  { stores, rooms }: ProvisionNeeds,
  mustServe: (domain: string) => void,
  addresses: ReadonlySet<string>,
): Promise<void> {
  mustServe(one.domain);
  rooms.checkName(one.name);
  if (one.title.length > LONGEST_TITLE || one.description.length > LONGEST_DESCRIPTION) {
    const most = `${LONGEST_TITLE} characters, its description ${LONGEST_DESCRIPTION}`;
    throw new PlanError(`the title of a room has at most ${most}`, one.at);
  }
  if ((await stores.retiredRooms.get(`conference.${one.domain}`, checkLocal(one.name))) !== undefined) {
    throw new PlanError('a room of this name was destroyed, and the name is retired: free it first', one.at);
  }
  for (const [who, whose] of [[one.owner, 'owner'], ...one.members.map((member) => [member, 'member'])] as const) {
    const [before = '', domain = one.domain] = who.split('@');
    if (domain !== one.domain && whose === 'owner') {
      throw new CommandError('invalid', `The owner of a room of ${one.domain} is somebody of ${one.domain}.`);
    }
    mustServe(checkDomain(domain));
    const address = `${checkLocal(before)}@${checkDomain(domain)}`;
    if (!addresses.has(address) && (await stores.accounts.at(address)) === undefined) {
      throw new CommandError('account-not-found', `There is nobody with the address ${address} in ${domain}.`);
    }
  }
}
