import type { Plan } from '../../../provisioning/plan/plan.ts';
import type { Actor } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import type { CheckedPlan } from './check.ts';
import type { CheckedPerson } from './check-people.ts';
import { adviceOn, NOTHING_DONE, type ProvisionDone } from './done.ts';
import type { ProvisionNeeds } from './needs.ts';

/**
 * Does what a plan says, in the order in which one thing needs another. What is there already stays, but settings, space for files,
 * who sees whom and the policy for other servers are as the plan says; people are put into departments and never taken out.
 */
export async function applyPlan(checked: CheckedPlan, needs: ProvisionNeeds, by: Actor): Promise<ProvisionDone> {
  const { plan, administrators, people } = checked;
  const done = structuredClone(NOTHING_DONE);
  for (const { name } of plan.domains) {
    if (await isNew('domain-exists', () => needs.domains.add(by, name))) {
      done.domains.push(name);
      done.advice.push(...adviceOn(name));
    }
  }
  for (const name of checked.leaving) await needs.domains.remove(by, name);
  for (const { domain, upload } of checked.certificates) {
    await needs.certificates.upload(by, domain, upload);
    done.certificates.push(domain);
  }
  await orderCertificates(checked, needs, by, done);
  for (const one of administrators) if (await needs.claim.appoint(by, one)) done.administrators.push(one.name);
  await makeDepartments(plan, needs, by, done);
  for (const one of people) if (await addPerson(one, needs, by)) done.people.push(`${one.local}@${one.domain}`);
  for (const one of plan.rooms) await makeRoom(one, needs, by, done);
  for (const { key, value, domain } of checked.settings) {
    await needs.options.set(by, key, value, domain);
    done.settings.push([key, domain].filter(Boolean).join(' of '));
  }
  await sayMessages(plan, needs, by, done);
  await decide(plan, needs, by, done);
  if (plan.domains.length > 0) await needs.setup.mark(by, 'domain', true);
  if (plan.certificates.length > 0 || plan.acme !== undefined) await needs.setup.mark(by, 'certificate', true);
  return done;
}

/** What is got by ACME already goes on as it is, though it may be got in another way from now on. */
async function orderCertificates(
  { plan, acme: wish }: CheckedPlan,
  { acme }: ProvisionNeeds,
  by: Actor,
  done: ProvisionDone,
): Promise<void> {
  if (wish === undefined) return;
  const now = await acme.settings();
  if (Object.entries(wish).some(([key, value]) => now[key as keyof typeof now] !== value)) await acme.set(by, wish);
  for (const domain of plan.acme?.domains ?? []) {
    if (await acme.uses(domain)) continue;
    await acme.use(by, domain);
    done.acme.push(domain);
  }
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

async function makeDepartments(
  { departments: planned, sights }: Plan,
  { departments, policy }: ProvisionNeeds,
  by: Actor,
  done: ProvisionDone,
): Promise<void> {
  for (const { domain, name, description, rooms, outside } of planned) {
    const make = () => departments.create(by, domain, { name, description, rooms });
    if (!(await isNew('department-exists', make))) continue;
    done.departments.push(`${name} of ${domain}`);
    if (outside) await policy.chooseDepartments(by, { add: [departments.named(domain, name).id] });
  }
  for (const { domain, department, other, relation } of sights) {
    const [one, two] = [department, other].map((name) => departments.named(domain, name).id);
    await departments.relate(by, one!, two!, relation);
  }
}

/** In two steps: should it break off between them, what is missing is made up for the next time. */
async function addPerson(person: CheckedPerson, needs: ProvisionNeeds, by: Actor): Promise<boolean> {
  const { domain, local, name, password, files } = person;
  const secret = password === undefined ? { generate: true as const } : { password };
  const fresh = await isNew('account-exists', () => needs.accounts.create(by, domain, { local, name, ...secret }));
  for (const department of person.departments) {
    await needs.departments.move(by, needs.departments.named(domain, department).id, { add: [`${local}@${domain}`] });
  }
  if (files !== undefined) await needs.quotas.setFiles(by, domain, local, files);
  return fresh;
}

async function makeRoom(
  { domain, name, owner, title, description, members, ...room }: Plan['rooms'][number],
  { rooms }: ProvisionNeeds,
  by: Actor,
  done: ProvisionDone,
): Promise<void> {
  const { public: isPublic, membersOnly, moderated } = room;
  const wish = { name, owner, title, description, public: isPublic, membersOnly, moderated };
  if (await isNew('room-exists', () => rooms.create(by, domain, wish))) done.rooms.push(`${name} of ${domain}`);
  const known = new Set<string>();
  for (let after: string | undefined; ; ) {
    const page = await rooms.members(domain, name, { limit: 200, ...(after !== undefined && { after }) });
    for (const { jid } of page.members) known.add(jid);
    after = page.members.at(-1)?.jid;
    if (!page.hasMore) break;
  }
  for (const who of members.map((member) => (member.includes('@') ? member : `${member}@${domain}`))) {
    // Whoever is more than a member, or was thrown out since, stays so.
    if (!known.has(who.toLowerCase())) await rooms.affiliate(by, domain, name, who, { affiliation: 'member' });
  }
}

async function sayMessages(
  { messages }: Plan,
  { announcements, house }: ProvisionNeeds,
  by: Actor,
  done: ProvisionDone,
): Promise<void> {
  for (const { text, domain } of messages) {
    for (const one of domain === undefined ? house.domains() : [domain]) {
      const [before] = await announcements.motd(one);
      // Whoever has seen it is not told again.
      if (before?.text === text.trim()) continue;
      await announcements.setMotd(by, { text, domain: one });
      done.messages.push(one);
    }
  }
}

async function decide({ federation }: Plan, { policy }: ProvisionNeeds, by: Actor, done: ProvisionDone): Promise<void> {
  if (federation === undefined) return;
  done.federation = true;
  const { leastTls, proof, privateAddresses, version, ...now } = policy.get();
  const wanted = federation.default ?? now.default;
  const outside = federation.outside ?? now.outside;
  if (wanted !== now.default || outside !== now.outside)
    await policy.set(by, { default: wanted, leastTls, proof, privateAddresses, outside }, version);
  for (const verdict of ['allow', 'deny'] as const) {
    for (const pattern of federation[verdict]) await policy.put(by, pattern, { verdict, keep: true });
  }
}
