import type { Stores } from '../../storage/stores/index.ts';
import { madeByImport } from '../../storage/stores/people-imports.ts';
import { type Actor, record } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import type { InvitationCommands } from '../invitations.ts';
import { makeAccount } from '../make-account.ts';
import type { ImportDepartments } from './departments.ts';
import type { PlannedRow } from './settings.ts';

export interface WorkNeeds {
  readonly stores: Stores;
  readonly invitations: InvitationCommands;
  readonly departments: ImportDepartments;
  readonly iterations: number;
}

/** What is handed over to one person. */
export interface HandOver {
  readonly jid: string;
  readonly name: string;
  readonly password: string;
  readonly url: string;
}

export interface Job {
  readonly id: number;
  readonly by: Actor;
  readonly days: number;
  readonly way: string;
}

/** Invitations of a domain that an import may leave open: as many as there may be rows. */
const MOST_INVITATIONS = 10_000;

/** Does what was planned for one row, and notes it. Gives what is to be handed over. Throws CommandError. */
export async function importRow(job: Job, row: PlannedRow, needs: WorkNeeds): Promise<HandOver | undefined> {
  if (row.what === 'create') return makeOne(job, row, needs);
  if (row.what === 'invite') return inviteOne(job, row, needs);
  if (row.what === 'change') await changeOne(job, row, needs);
  return undefined;
}

async function makeOne({ id, by, way }: Job, row: PlannedRow, needs: WorkNeeds): Promise<HandOver> {
  const { domain, local, name, jid, line } = row;
  const password = way === 'file' ? { password: row.password } : { generate: true as const };
  const also = (prepared: string) => madeByImport(id, line, domain, prepared);
  const made = await makeAccount(needs.stores, needs.iterations, { domain, local, name, ...password, also });
  await record(needs.stores.audit, by, 'account.create', jid, { import: id, generated: way === 'generate' });
  if (row.departments.length > 0) await needs.departments.add(by, made.account, row.departments, { import: id });
  return { jid, name, password: made.password ?? '', url: '' };
}

async function inviteOne({ id, by, days }: Job, row: PlannedRow, needs: WorkNeeds): Promise<HandOver> {
  const { domain, local, name, jid, line } = row;
  const names = new Set(row.departments.map((one) => one.toLowerCase()));
  const departments = needs.stores.departments.list(domain).filter((one) => names.has(one.name.toLowerCase()));
  const wish = { local, name, days, departments: departments.map((one) => one.id) };
  const { invitation, url } = await needs.invitations.create(by, domain, wish, MOST_INVITATIONS);
  const item = { line, what: 'invited' as const, jid, account: null, invitation: invitation.id, detail: {} };
  await needs.stores.peopleImports.note(id, item);
  return { jid, name, password: '', url };
}

async function changeOne({ id, by }: Job, row: PlannedRow, needs: WorkNeeds): Promise<void> {
  const { stores, departments } = needs;
  const { domain, local, name, jid, line, changes } = row;
  const account = await stores.accounts.find(domain, local);
  if (account === undefined)
    throw new CommandError('account-not-found', `There is nobody with the address ${jid} any more.`);
  const before = new Set((await departments.of(account)).map((one) => one.toLowerCase()));
  const added = row.departments.filter((one) => !before.has(one.toLowerCase()));
  const detail = {
    ...(changes.includes('name') && { name: { from: account.name, to: name } }),
    ...(added.length > 0 && { departments: added }),
  };
  // Before it is done: what is cut short in between can still be taken back.
  await stores.peopleImports.note(id, { line, what: 'changed', jid, account: account.id, invitation: null, detail });
  if (changes.includes('name')) {
    await stores.accounts.setName(account, name);
    await record(stores.audit, by, 'account.name', jid, { import: id, from: account.name, to: name });
  }
  if (added.length > 0) await departments.add(by, account, added, { import: id });
}
