import type { Stores } from '../../storage/stores/index.ts';
import { type ImportItem, MOVED, type PeopleImport } from '../../storage/stores/people-imports.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import type { AccountCommands } from '../accounts.ts';
import { type Actor, record } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import { csvOf, type Separator } from '../csv.ts';
import type { House } from '../house.ts';
import type { InvitationCommands } from '../invitations.ts';
import type { ImportDepartments } from './departments.ts';
import type { ImportJobs } from './jobs.ts';
import { digestOf, type Plan, planRows } from './plan.ts';
import { type ReadFile, readFile } from './read.ts';
import { MOST_ROWS } from './records.ts';
import type { ImportSettings, PlannedRow, What } from './settings.ts';
import { refusal, undoRow } from './undo.ts';
import { type HandOver, importRow, type Job } from './work.ts';

/** Imports that are remembered. */
export const REMEMBERED = 100;
/** Rows of a check or of a report that are told at once. */
const PAGE = 100;

export interface ImportNeeds {
  readonly stores: Stores;
  readonly house: House;
  readonly accounts: AccountCommands;
  readonly invitations: InvitationCommands;
  readonly departments: ImportDepartments;
  readonly iterations: number;
  readonly jobs: ImportJobs;
  readonly now: () => number;
}

/** What would be done. */
export interface ImportCheck extends Omit<ReadFile, 'records'> {
  /** Rows by what would be done with them. */
  readonly counts: Readonly<Record<What, number>>;
  readonly total: number;
  readonly newDepartments: string[];
  readonly unknownDepartments: string[];
  /** Those with errors first, else by line; from `offset` on. */
  readonly rows: Omit<PlannedRow, 'password' | 'local' | 'domain'>[];
  /** To be given back when this is to be done. */
  readonly digest: string;
}

/** Many people at once, from a file: looked at first, done as one job with a number, and taken back as one. */
export class PeopleImportCommands {
  readonly #needs: ImportNeeds;

  constructor(needs: ImportNeeds) {
    this.#needs = needs;
  }

  /** To be called once after start: what was under way is not any more. */
  async open(): Promise<void> {
    await this.#needs.stores.peopleImports.stopAll(this.#needs.now());
  }

  /** Says of every row what would be done; changes nothing. Throws CommandError when the file cannot be read. */
  async check(bytes: Uint8Array, wish: ImportSettings, offset = 0): Promise<ImportCheck> {
    const { file, plan, settings } = await this.#plan(bytes, wish);
    const { records: _records, ...read } = file;
    const counts: Record<What, number> = { create: 0, invite: 0, change: 0, same: 0, skip: 0, wrong: 0 };
    for (const { what } of plan.rows) counts[what] += 1;
    const wrong = plan.rows.filter(({ what }) => what === 'wrong');
    const sorted = [...wrong, ...plan.rows.filter(({ what }) => what !== 'wrong')];
    const unknown = wrong.flatMap(({ problems }) => problems.flatMap((one) => one.unknown ?? []));
    return {
      ...read,
      counts,
      total: plan.rows.length,
      newDepartments: plan.newDepartments.map(({ name }) => name),
      unknownDepartments: [...new Set(unknown)].slice(0, PAGE),
      rows: sorted.slice(offset, offset + PAGE).map(({ password: _, local: _local, domain: _domain, ...row }) => row),
      digest: digestOf(plan, settings),
    };
  }

  /**
   * Begins an import; it goes on by itself. `digest` is that of the check which somebody has looked at. Throws CommandError, and then
   * nothing was done: something is wrong with a row, another import is under way, or the house is not as it was at the check.
   */
  async start(
    by: Actor,
    bytes: Uint8Array,
    wish: ImportSettings,
    name: string,
    digest: string,
  ): Promise<{ id: number }> {
    const { file, plan, settings } = await this.#plan(bytes, wish);
    if (digestOf(plan, settings) !== digest) {
      throw new CommandError('import-changed', 'Something has changed since this was checked. Look at it once more.');
    }
    const wrong = plan.rows.filter(({ what }) => what === 'wrong').length;
    if (wrong > 0 && !settings.leaveOut) {
      const rows = wrong === 1 ? 'One row has an error' : `${wrong} rows have errors`;
      throw new CommandError('invalid', `${rows}. Mend the file, or leave these rows out.`, 'leaveOut');
    }
    const rows = plan.rows.filter(({ what }) => ['create', 'invite', 'change'].includes(what));
    if (rows.length === 0) throw new CommandError('invalid', 'There is nothing to do for this file.', 'file');
    for (const domain of new Set(rows.map((row) => row.domain))) {
      const names = rows.filter((row) => row.domain === domain).flatMap((row) => row.departments);
      await this.#needs.departments.mustProve(by, domain, names);
    }
    const id = await this.#needs.jobs.begin(async () => {
      const started = { startedAt: this.#needs.now(), actor: by.name, file: name, way: settings.way };
      const made = await this.#needs.stores.peopleImports.begin(
        { ...started, total: rows.length, leftOut: wrong },
        REMEMBERED,
      );
      await record(this.#needs.stores.audit, by, 'people.import', name, { import: made, people: rows.length });
      const { way, days } = settings;
      return { id: made, run: () => this.#run({ id: made, by, way, days }, plan, rows, file.separator) };
    });
    return { id };
  }

  async list(): Promise<{ imports: PeopleImport[] }> {
    return { imports: await this.#needs.stores.peopleImports.list(REMEMBERED) };
  }

  /** One import, with rows that could not be done or were kept. Throws CommandError. */
  async get(id: number): Promise<{ import: PeopleImport; failed: Told[]; kept: Told[]; handOver: boolean }> {
    const found = await this.#find(id);
    const { peopleImports } = this.#needs.stores;
    const [failed, kept] = await Promise.all([
      peopleImports.items(id, 0, PAGE, 'failed'),
      peopleImports.items(id, 0, PAGE, 'kept'),
    ]);
    return {
      import: found,
      failed: failed.map(tell),
      kept: kept.map(tell),
      handOver: this.#needs.jobs.handed(id) !== undefined,
    };
  }

  /** What is to be handed over to each person, as a CSV file; for an hour, and until the server is started again. Throws CommandError. */
  async handOver(by: Actor, id: number): Promise<{ csv: string; people: number }> {
    const found = await this.#find(id);
    const made = this.#needs.jobs.handed(id);
    if (made === undefined || found.state === 'running') {
      const text =
        'These passwords and links can be had for an hour after the import. Make links to choose a password.';
      throw new CommandError('not-allowed', text);
    }
    const { people, separator } = made;
    const secret = found.way === 'invite' || found.way === MOVED ? 'link' : 'password';
    const rows = people.map((one) => [one.jid, one.name, secret === 'link' ? one.url : one.password]);
    await record(this.#needs.stores.audit, by, 'people.hand-over', found.file, { import: id });
    // The spreadsheet that has saved the file opens the list as well.
    return { csv: csvOf([['address', 'name', secret], ...rows], separator), people: people.length };
  }

  /**
   * Begins to take an import back: accounts that nobody has used, links that nobody has used, fields as they were. What is in use
   * is kept and named. Throws CommandError.
   */
  async undo(by: Actor, id: number): Promise<void> {
    const found = await this.#find(id);
    if (found.state === 'undone') throw new CommandError('invalid', 'This import was taken back already.');
    await this.#needs.jobs.begin(async () => {
      await this.#needs.stores.peopleImports.setState(id, 'undoing', null);
      await record(this.#needs.stores.audit, by, 'people.import-undo', found.file, { import: id });
      return { id, run: () => this.#undo(by, id) };
    });
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.#needs.jobs.settled();
  }

  async #plan(
    bytes: Uint8Array,
    wish: ImportSettings,
  ): Promise<{ file: ReadFile; plan: Plan; settings: ImportSettings }> {
    const { house, stores, departments } = this.#needs;
    const domain = tryParseJid(wish.domain)?.bare;
    if (domain === undefined || house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${wish.domain} is not served here.`, 'domain');
    }
    const settings = { ...wish, domain };
    const file = await readFile(bytes, settings);
    const columns = file.columns.map(({ field }) => field);
    if (settings.way === 'file' && !columns.includes('password')) {
      throw new CommandError('invalid', 'Say which column has the passwords.', 'columns');
    }
    const served = (name: string): boolean => house.get(name) !== undefined;
    return { file, settings, plan: await planRows(file.records, columns, settings, { stores, served, departments }) };
  }

  async #run(job: Job, plan: Plan, rows: readonly PlannedRow[], separator: Separator): Promise<void> {
    const { stores, departments, jobs, now } = this.#needs;
    const people: HandOver[] = [];
    jobs.hand({ id: job.id, people, separator }, false);
    let state: 'done' | 'stopped' = 'stopped';
    try {
      for (const [index, { domain, name }] of plan.newDepartments.entries()) {
        const item = { line: -1 - index, what: 'department' as const, jid: domain, account: null, invitation: null };
        // Known by its number: one of the same name that somebody makes later is not the import's.
        const id = await departments.make(job.by, domain, name);
        await stores.peopleImports.note(job.id, { ...item, detail: { name, id } });
      }
      for (const row of rows) {
        if (jobs.closing.aborted) return;
        try {
          const made = await importRow(job, row, this.#needs);
          if (made !== undefined && (made.password !== '' || made.url !== '')) people.push(made);
        } catch (error) {
          const detail = { why: refusal(error) };
          const { line, jid } = row;
          await stores.peopleImports.note(job.id, {
            line,
            what: 'failed',
            jid,
            account: null,
            invitation: null,
            detail,
          });
        }
      }
      state = 'done';
    } catch {
      // The disk or the store: what was done is noted, and can be taken back.
    } finally {
      jobs.hand({ id: job.id, people, separator }, true);
      await stores.peopleImports.setState(job.id, state, now()).catch(() => undefined);
    }
  }

  async #undo(by: Actor, id: number): Promise<void> {
    const { stores, jobs, now } = this.#needs;
    jobs.forget(id);
    let state: 'undone' | 'stopped' = 'stopped';
    try {
      for (let line = 0; ; ) {
        const items = await stores.peopleImports.items(id, line, PAGE);
        for (const item of items) {
          if (jobs.closing.aborted) return;
          line = item.line;
          if (item.what === 'failed' || item.what === 'kept') continue;
          const why = await undoRow(by, id, item, this.#needs).catch(refusal);
          if (why === undefined) await stores.peopleImports.undone(id, item.line);
          else await stores.peopleImports.keep(id, item.line, why);
        }
        if (items.length < PAGE) break;
      }
      await this.#undoDepartments(by, id);
      state = 'undone';
    } catch {
      // As above: it can be begun again.
    } finally {
      await stores.peopleImports.setState(id, state, now()).catch(() => undefined);
    }
  }

  /** Last, when those who came with the import are gone: one that somebody else is in, or that was changed since, stays. */
  async #undoDepartments(by: Actor, id: number): Promise<void> {
    const { stores, departments } = this.#needs;
    const made = await stores.peopleImports.items(id, -Number.MAX_SAFE_INTEGER, MOST_ROWS, 'department');
    for (const { detail } of made) {
      const { id: number, name } = detail as { id?: number; name?: string };
      // One that somebody has removed meanwhile is gone already.
      if (number !== undefined && name !== undefined) await departments.unmake(by, number, name).catch(refusal);
    }
  }

  async #find(id: number): Promise<PeopleImport> {
    const found = await this.#needs.stores.peopleImports.get(id);
    if (found === undefined) throw new CommandError('import-not-found', 'There is no such import (any more).');
    return found;
  }
}

/** A row, and why it is as it is. */
export interface Told {
  readonly line: number;
  readonly jid: string;
  readonly why: string;
}

function tell({ line, jid, detail }: ImportItem): Told {
  const why = typeof detail === 'object' && detail !== null && 'why' in detail ? String(detail.why) : '';
  return { line, jid, why };
}
