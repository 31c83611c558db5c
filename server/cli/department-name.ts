import { Failure } from './failure.ts';
import { domainOf } from './room-address.ts';
import type { Context } from './verb.ts';

/** The departments of the domain that is meant. */
export async function departmentsOf(context: Pick<Context, 'client' | 'given'>, named?: string) {
  const domain = named ?? (await domainOf(context));
  return { domain, ...(await context.client.call('GET /api/domains/:domain/departments', { params: { domain } })) };
}

/** A department by its name, in small or capital letters. Throws Failure. */
export async function departmentNamed(context: Pick<Context, 'client' | 'given'>, name: string, domain?: string) {
  const reply = await departmentsOf(context, domain);
  const wanted = name.normalize('NFC').trim().toLowerCase();
  const found = reply.departments.find((one) => one.name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const there = reply.departments.map((one) => one.name).join(', ');
  const list = there === '' ? `${reply.domain} has none.` : `There are: ${there}.`;
  throw new Failure(1, `There is no department “${name}” in ${reply.domain}. ${list}`);
}
