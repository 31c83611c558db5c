import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runExport } from '../archive/export/run.ts';
import type { ExportKind, ExportState, StoredExport } from '../storage/stores/archive-exports.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, may, record } from './actor.ts';
import type { ArchivePlaces } from './archive-places.ts';
import { checkReason } from './archive-search.ts';
import { CommandError } from './command-error.ts';
import { FetchLinks } from './fetch-links.ts';

const DAY = 86_400_000;
/** How long an export can be fetched. */
const THERE = 7 * DAY;
const SHOWN = 50;
const TOLD = 300;

export interface ExportView extends Omit<StoredExport, 'file' | 'state'> {
  readonly state: ExportState;
}

export interface ExportWish {
  readonly domain: string;
  readonly kind: ExportKind;
  /** A person or room, by name or address. */
  readonly name?: string;
  readonly since?: number;
  readonly until?: number;
  readonly reason: string;
}

/** The file of a finished export, and the name that it is saved under. */
export interface ExportFile {
  readonly path: string;
  readonly name: string;
}

interface Needs {
  readonly stores: Pick<Stores, 'archives' | 'archiveExports' | 'archiveOwners' | 'audit'>;
  readonly places: ArchivePlaces;
  /** Where exports are; undefined: nothing is exported. */
  readonly folder: string | undefined;
  readonly failed: (error: unknown) => void;
  readonly now: () => number;
}

/** Carrying messages out of the archives, for auditors. One at a time. */
export class ArchiveExportCommands {
  readonly #needs: Needs;
  readonly #links: FetchLinks<ExportFile>;
  #running: { readonly id: number; messages: number; readonly stop: AbortController } | undefined;
  #starting = false;
  #done: Promise<void> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#links = new FetchLinks(needs.now);
  }

  /** Takes away what a crash has left half done, and what nobody knows of. */
  async open(): Promise<void> {
    const { stores, folder } = this.#needs;
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const { id } of await stores.archiveExports.inState('running')) {
      await stores.archiveExports.ended(id, 'failed', 'The server was stopped meanwhile.');
    }
    await this.sweep();
    const known = new Set((await stores.archiveExports.inState('done')).map(({ file }) => file));
    for (const name of await readdir(folder)) {
      if (!known.has(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  /** Takes away what was there long enough. */
  async sweep(): Promise<void> {
    const { stores, now } = this.#needs;
    for (const { id, file, expiresAt } of await stores.archiveExports.inState('done')) {
      if (expiresAt !== null && expiresAt <= now()) await this.#remove(id, file);
    }
  }

  /** The newest first. Throws CommandError. */
  async list(input: string): Promise<{ exports: ExportView[] }> {
    const { stores, places } = this.#needs;
    const rows = await stores.archiveExports.list(places.domain(input), SHOWN);
    const running = this.#running;
    return {
      exports: rows.map(({ file: _, ...view }) =>
        view.id === running?.id ? { ...view, messages: running.messages } : view,
      ),
    };
  }

  /** Begins an export; resolves when it is under way. Throws CommandError. */
  async start(by: Actor, wish: ExportWish): Promise<{ id: number }> {
    const { stores, places, folder, now } = this.#needs;
    if (folder === undefined) throw new CommandError('not-allowed', 'This server has no place for exports.');
    const domain = places.domain(wish.domain);
    const reason = checkReason(wish.reason);
    const { since, until, kind, name = '' } = wish;
    if (since !== undefined && until !== undefined && since > until)
      throw new CommandError('invalid', 'It ends before it begins.', 'until');
    const one =
      kind === 'domain' ? undefined : await (kind === 'room' ? places.room(domain, name) : places.person(domain, name));
    if (this.#running !== undefined || this.#starting)
      throw new CommandError('too-many', 'An export is being made already. Please wait until it is done.');
    this.#starting = true;
    try {
      const subject = one?.jid ?? domain;
      const file = `export-${randomBytes(16).toString('hex')}.tar`;
      const times = { since: since ?? null, until: until ?? null };
      const createdAt = now();
      await record(stores.audit, by, 'archive.export', subject, {
        reason: reason.slice(0, TOLD),
        ...(since !== undefined && { since: new Date(since).toISOString() }),
        ...(until !== undefined && { until: new Date(until).toISOString() }),
      });
      const row = { domain, kind, subject, ...times, actor: by.name, reason: reason.slice(0, 1_000), createdAt, file };
      const id = await stores.archiveExports.add(row);
      this.#running = { id, messages: 0, stop: new AbortController() };
      this.#done = this.#make({ ...row, id }, one?.id, folder);
      return { id };
    } finally {
      this.#starting = false;
    }
  }

  /**
   * Stops the one that is being made, or takes a finished one away; for who has made it and for owners: what one auditor has carried
   * out as evidence is not another one's to destroy. Throws CommandError.
   */
  async remove(by: Actor, id: number): Promise<void> {
    const { stores } = this.#needs;
    const found = await this.#find(id);
    if (found.actor !== by.name && !may(by, 'owner')) {
      throw new CommandError(
        'not-your-role',
        `Only ${found.actor}, who has made this export, and owners may delete it.`,
      );
    }
    if (this.#running?.id === id) {
      this.#running.stop.abort();
      await this.#done;
    } else if (found.state === 'done') await this.#remove(id, found.file);
    await record(stores.audit, by, 'archive.export-remove', found.subject, { export: id });
  }

  /** A secret by which the file of a finished export can be fetched once, within a minute: that is in the audit log. Throws CommandError. */
  async link(by: Actor, id: number): Promise<string> {
    const { stores, folder, now } = this.#needs;
    const found = await this.#find(id);
    if (found.state !== 'done' || folder === undefined || (found.expiresAt ?? 0) <= now())
      throw new CommandError('export-not-found', 'This export is not there, or not any more.');
    await record(stores.audit, by, 'archive.export-fetch', found.subject, { export: id, sha256: found.sha256 });
    return this.#links.make({ path: join(folder, found.file), name: `hallway-export-${id}.tar` });
  }

  /** Where such a secret leads. Throws CommandError `link-unknown`. */
  follow(token: string): ExportFile {
    const file = this.#links.take(token);
    if (file === undefined)
      throw new CommandError('link-unknown', 'This link is used up or too old. Ask for the file once more.');
    return file;
  }

  /** Takes away what was carried out of a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    const { stores } = this.#needs;
    for (const one of await stores.archiveExports.list(domain, 1_000)) {
      if (this.#running?.id === one.id) {
        this.#running.stop.abort();
        await this.#done;
      } else if (one.state === 'done') await this.#remove(one.id, one.file);
    }
    await stores.archiveExports.forget(domain);
  }

  close(): void {
    this.#running?.stop.abort();
  }

  async #find(id: number): Promise<StoredExport> {
    const found = await this.#needs.stores.archiveExports.get(id);
    if (found === undefined) throw new CommandError('export-not-found', `There is no export ${id}.`);
    return found;
  }

  async #remove(id: number, file: string): Promise<void> {
    const { stores, folder } = this.#needs;
    if (folder !== undefined) await rm(join(folder, file), { force: true });
    await stores.archiveExports.ended(id, 'swept');
  }

  /** Never rejects. */
  async #make(
    row: Omit<StoredExport, 'state' | 'error' | 'messages' | 'bytes' | 'sha256' | 'expiresAt'>,
    owner: number | undefined,
    folder: string,
  ): Promise<void> {
    const { stores, failed, now } = this.#needs;
    const running = this.#running!;
    const { id, domain, subject, since, until, actor: by, reason, createdAt } = row;
    const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
    const work = join(folder, `unfinished-${id}`);
    try {
      const done = await runExport({
        archives: stores.archives,
        owners: this.#owners(domain, subject, owner),
        since: since ?? undefined,
        until: until ?? undefined,
        folder: work,
        name: `hallway-export-${id}`,
        target: join(folder, row.file),
        facts: { domain, subject, since: iso(since), until: iso(until), by, reason, made: iso(createdAt)! },
        progress: (messages) => {
          running.messages = messages;
        },
        signal: running.stop.signal,
      });
      await stores.archiveExports.done(id, { ...done, expiresAt: now() + THERE });
    } catch (error) {
      const stopped = running.stop.signal.aborted;
      if (!stopped) failed(error);
      const why = stopped ? '' : 'It could not be written. Is there room on the disk?';
      await stores.archiveExports.ended(id, stopped ? 'cancelled' : 'failed', why).catch(() => undefined);
      await rm(work, { recursive: true, force: true }).catch(() => undefined);
    } finally {
      this.#running = undefined;
    }
  }

  async *#owners(domain: string, subject: string, owner: number | undefined) {
    if (owner !== undefined) {
      yield { owner, jid: subject };
      return;
    }
    const service = `conference.${domain}`;
    for await (const { id, local, room } of this.#needs.stores.archiveOwners.all(domain, service)) {
      yield { owner: id, jid: `${local}@${room ? service : domain}` };
    }
  }
}
