import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Account } from '../../storage/stores/accounts.ts';
import type { Stores } from '../../storage/stores/index.ts';
import { CommandError } from '../command-error.ts';
import { checkDisplayName, checkLocal } from '../names.ts';
import { checkPassword } from '../passwords.ts';
import type { Field } from './columns.ts';
import type { ImportDepartments } from './departments.ts';
import type { CsvRecord } from './records.ts';
import type { ImportSettings, PlannedRow, Problem, What } from './settings.ts';

export interface PlanNeeds {
  readonly stores: Stores;
  readonly served: (domain: string) => boolean;
  readonly departments: ImportDepartments;
}

export interface Plan {
  readonly rows: readonly PlannedRow[];
  /** Departments that are made first: of which domain, and as the file first writes them. */
  readonly newDepartments: readonly { readonly domain: string; readonly name: string }[];
}

/** Rows after which others have their turn. */
const SLICE = 50;
const MOST_DEPARTMENTS = 20;

/** What one row says, as it was written. */
type Cells = ReadonlyMap<Field, readonly string[]>;

/** Says of every row what would be done, or what is wrong with it; changes nothing. */
export async function planRows(
  records: readonly CsvRecord[],
  columns: readonly Field[],
  settings: ImportSettings,
  needs: PlanNeeds,
): Promise<Plan> {
  const rows: PlannedRow[] = [];
  const lines = new Map<string, number>();
  const there = new Map<string, Set<string>>();
  const fresh = new Map<string, { domain: string; name: string }>();
  for (const record of records) {
    if (rows.length % SLICE === SLICE - 1) await turn();
    const cells = cellsOf(record, columns);
    const problems: Problem[] = [];
    const { local, domain, elsewhere } = addressOf(cells, columns, settings, needs, problems);
    const jid = local === '' ? first(cells, 'address') || first(cells, 'email') : `${local}@${domain}`;
    const before = local === '' ? undefined : lines.get(jid);
    if (before !== undefined) problems.push(at('address', `The same address stands in line ${before}.`));
    else if (local !== '') lines.set(jid, record.line);
    const name = nameOf(cells, problems);
    const names = there.get(domain) ?? new Set((await needs.departments.names(domain)).map(folded));
    there.set(domain, names);
    const departments = departmentsOf(cells, names, problems);
    if (local !== '' && departments.length > 0) {
      for (const one of departments) {
        if (names.has(folded(one))) continue;
        if (settings.makeDepartments) fresh.set(`${domain} ${folded(one)}`, { domain, name: one });
        else problems.push({ ...at('department', `There is no department “${one}”.`), unknown: one });
      }
    }
    const account = local === '' ? undefined : await needs.stores.accounts.find(domain, local);
    const state = { line: record.line, local, domain, jid, elsewhere, name, departments, problems };
    rows.push(
      account === undefined
        ? await newcomer({ ...state, given: first(cells, 'password') }, settings, needs)
        : await known(state, account, settings, needs),
    );
  }
  return { rows, newDepartments: [...fresh.values()] };
}

/** Says in a few signs what a plan would do, to be held against what somebody was shown. */
export function digestOf({ rows }: Plan, { leaveOut: _, ...settings }: ImportSettings): string {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const { line, jid, what, name, departments } of rows) {
    hash.update(JSON.stringify([line, jid, what, name, departments]));
  }
  return hash.digest('base64url');
}

type State = Omit<PlannedRow, 'what' | 'changes' | 'password' | 'problems'> & { readonly problems: Problem[] };

async function newcomer(
  { given, ...state }: State & { given: string },
  { way }: ImportSettings,
  { stores }: PlanNeeds,
): Promise<PlannedRow> {
  const { local, domain, problems } = state;
  if (local !== '' && (await stores.invitations.reserving(domain, local)) !== undefined) {
    problems.push(at('address', 'Somebody is invited with this address already.'));
  }
  if (way === 'file' && local !== '') attempt(problems, 'password', () => checkPassword(given, { domain, local }));
  const what: What = problems.length > 0 ? 'wrong' : way === 'invite' ? 'invite' : 'create';
  return { ...state, password: way === 'file' ? given : '', what, changes: [] };
}

async function known(
  state: State,
  account: Account,
  { existing }: ImportSettings,
  { stores, departments }: PlanNeeds,
): Promise<PlannedRow> {
  const { problems, name } = state;
  if (existing === 'refuse') problems.push(at('address', 'There is somebody with this address already.'));
  const leaves = account.status === 'disabled' && (await stores.leaving.of(account.id)) !== undefined;
  if (leaves && existing === 'update') problems.push(at('address', 'This person is to be deleted.'));
  const row = { ...state, password: '', changes: [] };
  if (problems.length > 0) return { ...row, what: 'wrong' };
  if (existing === 'skip') return { ...row, what: 'skip' };
  const member = new Set((await departments.of(account)).map(folded));
  const changes: Field[] = [
    ...(name !== '' && name !== account.name ? (['name'] as const) : []),
    ...(state.departments.some((one) => !member.has(folded(one))) ? (['department'] as const) : []),
  ];
  return { ...row, what: changes.length > 0 ? 'change' : 'same', changes };
}

function cellsOf({ cells }: CsvRecord, columns: readonly Field[]): Cells {
  const found = new Map<Field, string[]>();
  columns.forEach((field, index) => {
    const text = cells[index] ?? '';
    if (field !== 'ignore' && text !== '') found.set(field, [...(found.get(field) ?? []), text]);
  });
  return found;
}

const first = (cells: Cells, field: Field): string => cells.get(field)?.[0] ?? '';
const at = (field: Field, text: string): Problem => ({ field, text });
const folded = (name: string): string => name.normalize('NFKC').toLowerCase();

/** The address, prepared (RFC 7622); with an empty local part when it is none. */
function addressOf(
  cells: Cells,
  columns: readonly Field[],
  { domain: usual }: ImportSettings,
  { served }: PlanNeeds,
  problems: Problem[],
): { local: string; domain: string; elsewhere: string } {
  const field = cells.has('address') ? 'address' : cells.has('email') ? 'email' : undefined;
  if (field === undefined) {
    const said = columns.includes('address') || columns.includes('email');
    problems.push(at('address', said ? 'There is no address.' : 'Say which column has the addresses.'));
    return { local: '', domain: usual, elsewhere: '' };
  }
  const written = first(cells, field).replace(/^xmpp:/i, '');
  const cut = written.lastIndexOf('@');
  const said = cut < 0 ? usual : written.slice(cut + 1).toLowerCase();
  // An e-mail address of elsewhere gives the name only, and whoever looks is told so.
  const domain = field === 'email' && !served(said) ? usual : said;
  if (!served(domain)) {
    problems.push(at(field, `The domain ${said} is not served here.`));
    return { local: '', domain: usual, elsewhere: '' };
  }
  let local = '';
  attempt(problems, field, () => {
    local = checkLocal(cut < 0 ? written : written.slice(0, cut));
  });
  return { local, domain, elsewhere: domain === said ? '' : written };
}

function nameOf(cells: Cells, problems: Problem[]): string {
  const parts = `${first(cells, 'given')} ${first(cells, 'family')}`.trim();
  let name = '';
  attempt(problems, 'name', () => {
    name = checkDisplayName(first(cells, 'name') || parts);
  });
  return name;
}

/**
 * Several stand in one field with a bar, a semicolon or a comma between them, or in several columns. One that there is keeps the
 * comma of its name.
 */
function departmentsOf(cells: Cells, there: ReadonlySet<string>, problems: Problem[]): string[] {
  const names = (cells.get('department') ?? [])
    .flatMap((cell) => cell.split(/[|;]/))
    .flatMap((part) => (there.has(folded(part.trim())) ? [part] : part.split(',')))
    .map((one) => one.trim());
  const different = new Map(names.filter((one) => one !== '').map((one) => [folded(one), one]));
  if (different.size > MOST_DEPARTMENTS) problems.push(at('department', `At most ${MOST_DEPARTMENTS} departments.`));
  const long = [...different.values()].find((one) => one.length > 100 || /\p{Cc}/u.test(one));
  if (long !== undefined) problems.push(at('department', 'This cannot be the name of a department.'));
  return [...different.values()];
}

function attempt(problems: Problem[], field: Field, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    problems.push(at(field, error.message));
  }
}
