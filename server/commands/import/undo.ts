import type { Stores } from '../../storage/stores/index.ts';
import type { ImportItem } from '../../storage/stores/people-imports.ts';
import type { Json } from '../../storage/stores/settings.ts';
import type { AccountCommands } from '../accounts.ts';
import { type Actor, record } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import type { House } from '../house.ts';
import type { InvitationCommands } from '../invitations.ts';
import type { ImportDepartments } from './departments.ts';

export interface UndoNeeds {
  readonly stores: Stores;
  readonly house: House;
  readonly accounts: AccountCommands;
  readonly invitations: InvitationCommands;
  readonly departments: ImportDepartments;
}

/** Deeds that change nothing of what an account is. */
const HARMLESS = ['account.reset-link', 'session.end'];

/** Takes back what one row of an import did. Gives why it stays as it is, or undefined when it was taken back. */
export async function undoRow(by: Actor, id: number, item: ImportItem, needs: UndoNeeds): Promise<string | undefined> {
  if (item.what === 'made') return unmake(by, item, needs);
  if (item.what === 'invited') return uninvite(by, item, needs);
  return changeBack(by, id, item, needs);
}

async function unmake(by: Actor, { account: id }: ImportItem, needs: UndoNeeds): Promise<string | undefined> {
  const { stores, house, accounts } = needs;
  const account = id === null ? undefined : await stores.accounts.byId(id);
  if (account === undefined) return undefined;
  const { domain, local } = account;
  const jid = `${local}@${domain}`;
  if (await changedByHand(stores, jid)) return 'It was changed by hand since.';
  // First nobody comes in: who is not in by then never was, and loses nothing.
  await stores.accounts.setStatus(account, 'disabled', 'The import of this account is being taken back.');
  const online = (house.get(domain)?.sessions.of(jid).length ?? 0) > 0;
  if (online || (await stores.people.seenAt(account.id)) !== 0) {
    await stores.accounts.setStatus(account, 'active');
    return 'It is in use: somebody has signed in.';
  }
  await accounts.remove(by, domain, local, jid);
  return undefined;
}

/** Whether somebody has done something to a person beside imports: that would be lost with the account. */
async function changedByHand({ audit }: Stores, jid: string): Promise<boolean> {
  const deeds = await audit.page({ subject: jid, limit: 100 });
  const made = deeds.findIndex(({ action }) => action === 'account.create');
  const since = made < 0 ? deeds : deeds.slice(0, made);
  return since.some(({ action, detail }) => !HARMLESS.includes(action) && member(detail, 'import') === undefined);
}

async function uninvite(by: Actor, { invitation: id }: ImportItem, { stores, invitations }: UndoNeeds) {
  const one = id === null ? undefined : await stores.invitations.byId(id);
  if (one === undefined) return undefined;
  if (one.left > 0 && !one.revoked) await invitations.revoke(by, one.id);
  // Looked at last, when nobody can use it any more.
  return (await stores.invitations.usersOf(one.id)).length > 0 ? 'The invitation was used.' : undefined;
}

async function changeBack(
  by: Actor,
  id: number,
  { account: number, detail }: ImportItem,
  { stores, departments }: UndoNeeds,
): Promise<string | undefined> {
  const account = number === null ? undefined : await stores.accounts.byId(number);
  if (account === undefined) return undefined;
  const name = nameOf(detail);
  const joined = listOf(detail);
  if (joined.length > 0) await departments.leave(by, account, joined, { import: id });
  if (name === undefined || account.name === name.from) return undefined;
  // Only while it is what the import made of it, said in the write itself: what somebody writes meanwhile stays.
  if (!(await stores.accounts.setName(account, name.from, name.to))) return 'The name was changed again since.';
  const said = { from: name.to, to: name.from, import: id };
  await record(stores.audit, by, 'account.name', `${account.local}@${account.domain}`, said);
  return undefined;
}

function nameOf(detail: Json): { from: string; to: string } | undefined {
  const name = member(detail, 'name');
  const [from, to] = [member(name, 'from'), member(name, 'to')];
  return typeof from === 'string' && typeof to === 'string' ? { from, to } : undefined;
}

function listOf(detail: Json): string[] {
  const list = member(detail, 'departments');
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : [];
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as Readonly<Record<string, Json>>)[name];
}

/** What keeps an undo from a row, in words; what is no refusal goes on. */
export function refusal(error: unknown): string {
  if (error instanceof CommandError) return error.message;
  throw error;
}
