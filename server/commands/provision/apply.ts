import type { Actor } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import type { CheckedPerson, CheckedPlan } from './check.ts';
import type { ProvisionNeeds } from './needs.ts';

/** What was new: the names of what was made, and what was set. */
export interface Done {
  readonly domains: string[];
  readonly administrators: string[];
  readonly people: string[];
  readonly rooms: string[];
  readonly settings: string[];
  readonly federation: boolean;
}

/** Does what a plan says, in the order in which one thing needs another. What is there already stays as it is. */
export async function applyPlan(checked: CheckedPlan, needs: ProvisionNeeds, by: Actor): Promise<Done> {
  const { plan, administrators, people } = checked;
  const done: Done = {
    domains: [],
    administrators: [],
    people: [],
    rooms: [],
    settings: [],
    federation: plan.federation !== undefined,
  };
  for (const { name } of plan.domains) {
    if (await isNew('domain-exists', () => needs.domains.add(by, name))) done.domains.push(name);
  }
  for (const one of administrators) if (await needs.claim.appoint(by, one)) done.administrators.push(one.name);
  for (const one of people) if (await addPerson(one, needs, by)) done.people.push(`${one.local}@${one.domain}`);
  for (const { domain, name, owner, title, description, public: isPublic, membersOnly, moderated } of plan.rooms) {
    const wish = { name, owner, title, description, public: isPublic, membersOnly, moderated };
    if (await isNew('room-exists', () => needs.rooms.create(by, domain, wish))) done.rooms.push(`${name} of ${domain}`);
  }
  for (const { key, value, domain } of plan.settings) {
    await needs.options.set(by, key, value, domain);
    done.settings.push(key);
  }
  await decide(checked, needs, by);
  return done;
}

async function isNew(known: CommandError['code'], make: () => Promise<unknown>): Promise<boolean> {
  try {
    await make();
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.code === known) return false;
    throw error;
  }
}

function addPerson(
  { domain, local, name, password }: CheckedPerson,
  { accounts }: ProvisionNeeds,
  by: Actor,
): Promise<boolean> {
  const secret = password === undefined ? { generate: true as const } : { password };
  return isNew('account-exists', () => accounts.create(by, domain, { local, name, ...secret }));
}

async function decide({ plan: { federation } }: CheckedPlan, { policy }: ProvisionNeeds, by: Actor): Promise<void> {
  if (federation === undefined) return;
  const { leastTls, proof, privateAddresses, outside, version, default: standard } = policy.get();
  const wanted = federation.default ?? standard;
  if (wanted !== standard)
    await policy.set(by, { default: wanted, leastTls, proof, privateAddresses, outside }, version);
  for (const verdict of ['allow', 'deny'] as const) {
    for (const pattern of federation[verdict]) await policy.put(by, pattern, { verdict, keep: true });
  }
}
