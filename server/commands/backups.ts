import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupKey } from '../../provisioning/backup/key.ts';
import type { BackupMachine } from '../../provisioning/backup/machine.ts';
import { BackupProblem } from '../../provisioning/backup/problem.ts';
import type { OptionValues } from '../host/option-values.ts';
import type { BackupHow, BackupRow, BackupState } from '../storage/stores/backups.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { backupName, backupsIn, removeParts, timeOf, useFolder } from './backup-folder.ts';
import { backupFolder, backupHour, backupKeep, backupSchedule, lastDue, nextDue } from './backup-options.ts';
import { CommandError } from './command-error.ts';
import { FetchLinks } from './fetch-links.ts';

/** What commands need of `provisioning/backup/machine.ts`. */
export type BackupMaker = Pick<BackupMachine, 'make' | 'check' | 'key' | 'ownFolder' | 'sameDisk'>;

export type BackupStep = 'store' | 'writing' | 'checking' | 'deleting';

export interface BackupView {
  readonly name: string;
  readonly madeAt: number;
  readonly bytes: number;
  readonly state: BackupState;
  readonly problem: string;
  readonly checkedAt: number | null;
  /** Null for one that was put into the folder by somebody. */
  readonly how: BackupHow | null;
  readonly people: number | null;
  readonly files: number | null;
}

export interface BackupsView {
  /** The newest first. */
  readonly rows: BackupView[];
  readonly running: { readonly name: string; readonly step: BackupStep; readonly part: number } | null;
  /** The last try, when it brought nothing. */
  readonly failure: { readonly time: number; readonly text: string } | null;
  readonly folder: string;
  /** The folder is on the disk that the data is on, which may break with both. */
  readonly sameDisk: boolean;
  readonly schedule: 'off' | 'daily' | 'weekly';
  readonly next: number | null;
}

export interface BackupCommandsOptions {
  readonly machine: BackupMaker;
  readonly stores: Stores;
  readonly options: OptionValues;
  readonly hostname: string;
  readonly now?: (() => number) | undefined;
}

const FAILURE = 'backup-failure';
const DONE = 'backup-due-done';
const TIMER: Actor = { name: 'timer', door: 'house' };
const LOOK_MS = 60_000;
const AGAIN_MS = 3_600_000;

/** Backups: made by hand and by the timer, restored as a test, kept, given away. One thing at a time. */
export class BackupCommands {
  readonly #options: BackupCommandsOptions;
  readonly #now: () => number;
  readonly #links: FetchLinks<string>;
  readonly #timer: NodeJS.Timeout;
  #running: { name: string; step: BackupStep; part: number } | undefined;
  #work: Promise<void> = Promise.resolve();
  /** The last moment for which a backup was tried, and from when on a failed one is tried again. */
  #done: number;
  #again = 0;

  constructor(options: BackupCommandsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#links = new FetchLinks(this.#now);
    this.#done = this.#now();
    this.#timer = setInterval(() => void this.tick().catch(() => undefined), LOOK_MS);
    this.#timer.unref();
  }

  /** Reads for when the last one was made by itself. */
  async load(): Promise<void> {
    const done = await this.#options.stores.settings.get(DONE);
    if (typeof done === 'number' && this.#schedule !== 'off') this.#done = done;
  }

  /** What there is, what is under way, and what comes. */
  async state(): Promise<BackupsView> {
    const { stores, machine } = this.#options;
    const folder = this.#folder;
    const [files, rows, failure] = await Promise.all([
      backupsIn(folder),
      stores.backups.all(),
      stores.settings.get(FAILURE),
    ]);
    const known = new Map(rows.map((row) => [row.name, row]));
    return {
      rows: files.map(({ name, bytes, madeAt }) => view(name, bytes, madeAt, known.get(name))),
      running: this.#running === undefined ? null : { ...this.#running },
      failure: isFailure(failure) ? failure : null,
      folder,
      sameDisk: await machine.sameDisk(folder).catch(() => folder === machine.ownFolder),
      schedule: this.#schedule,
      next: nextDue(this.#schedule, this.#options.options.get(backupHour), this.#now()) ?? null,
    };
  }

  /** Begins a backup; `state` tells how far it is. Gives its name. Throws CommandError `busy`, or `invalid` for the folder. */
  async make(by: Actor): Promise<string> {
    return this.#make(by, by.door === 'cli' ? 'cli' : 'panel');
  }

  /** Begins a test restore. Throws CommandError. */
  async check(by: Actor, name: string): Promise<void> {
    await this.#find(name);
    this.#begin(name, 'checking', async () => {
      const good = await this.#check(name);
      await record(this.#options.stores.audit, by, 'backup.check', name, { good });
    });
  }

  /** Removes one for good. Throws CommandError. */
  async remove(by: Actor, name: string): Promise<void> {
    await this.#find(name);
    this.#begin(name, 'deleting', async () => {
      await this.#delete(name);
      await record(this.#options.stores.audit, by, 'backup.remove', name);
    });
    await this.#work;
  }

  /** The recovery key, for the person who keeps it. */
  async key(by: Actor): Promise<BackupKey> {
    const key = await this.#options.machine.key();
    await record(this.#options.stores.audit, by, 'backup.key', key.recipient);
    return key;
  }

  /** A secret by which the file can be fetched once, within a minute. Throws CommandError. */
  async link(by: Actor, name: string): Promise<string> {
    const path = await this.#find(name);
    await record(this.#options.stores.audit, by, 'backup.fetch', name);
    return this.#links.make(path);
  }

  /** Where such a secret leads. Throws CommandError `link-unknown`. */
  follow(token: string): string {
    const path = this.#links.take(token);
    if (path === undefined)
      throw new CommandError('link-unknown', 'This link is used up or too old. Ask for the file once more.');
    return path;
  }

  /** Looks whether a backup is due, and makes it. Resolves when that is done. */
  async tick(): Promise<void> {
    const { options, stores } = this.#options;
    const now = this.#now();
    const due = lastDue(this.#schedule, options.get(backupHour), now);
    if (due === undefined) this.#done = now;
    if (
      due === undefined ||
      this.#running !== undefined ||
      (due <= this.#done && (this.#again === 0 || now < this.#again))
    )
      return;
    this.#done = now;
    this.#again = 0;
    await stores.settings.set(DONE, now);
    try {
      await this.#make(TIMER, 'timer');
    } catch (error) {
      await this.#failed(error);
    }
    await this.#work;
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#work;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #schedule(): 'off' | 'daily' | 'weekly' {
    return this.#options.options.get(backupSchedule);
  }

  get #folder(): string {
    const chosen = this.#options.options.get(backupFolder);
    return chosen === '' ? this.#options.machine.ownFolder : chosen;
  }

  async #make(by: Actor, how: BackupHow): Promise<string> {
    const { machine, hostname, options, stores } = this.#options;
    this.#refuseBusy();
    const folder = await useFolder(options.get(backupFolder), machine.ownFolder);
    const madeAt = this.#now();
    const name = backupName(hostname, madeAt);
    this.#begin(name, 'store', async () => {
      await removeParts(folder);
      const { bytes, head, files } = await machine.make(join(folder, name), folder, madeAt, this.#tell);
      const about = { people: head.counts.account ?? 0, files, version: head.version };
      await stores.backups.add({
        name,
        madeAt,
        how,
        bytes,
        ...about,
        state: 'unchecked',
        problem: '',
        checkedAt: null,
      });
      const good = await this.#check(name);
      await record(stores.audit, by, 'backup.make', name, { good, bytes });
      await stores.settings.remove(FAILURE);
      if (good) await this.#thin(folder);
    });
    return name;
  }

  readonly #tell = (step: BackupStep, part: number): void => {
    if (this.#running !== undefined) Object.assign(this.#running, { step, part });
  };

  /** Two at once cannot get past this: nothing is waited for between the look and the taking. */
  #begin(name: string, step: BackupStep, work: () => Promise<void>): void {
    this.#refuseBusy();
    this.#running = { name, step, part: 0 };
    this.#work = work()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running = undefined;
      });
  }

  #refuseBusy(): void {
    if (this.#running !== undefined)
      throw new CommandError('busy', `${this.#running.name} is being worked on: wait until that is done.`);
  }

  async #check(name: string): Promise<boolean> {
    const { machine, stores } = this.#options;
    const told = (state: BackupState, problem: string) => stores.backups.checked(name, state, problem, this.#now());
    try {
      const { head, files } = await machine.check(join(this.#folder, name), this.#tell);
      const rows = await stores.backups.all();
      if (!rows.some((row) => row.name === name)) await stores.backups.add(adopted(name, head, files));
      await told('good', '');
      return true;
    } catch (error) {
      // That there was no room for the test says nothing about the backup.
      const unknown = error instanceof BackupProblem && (error.code === 'room' || error.code === 'unmade');
      await told(unknown ? 'unchecked' : 'bad', (error as Error).message);
      return false;
    }
  }

  /** Keeps as many good ones as wished; what is older than those goes, if it was made here. */
  async #thin(folder: string): Promise<void> {
    const { stores, options } = this.#options;
    const rows = new Map((await stores.backups.all()).map((row) => [row.name, row]));
    const there = (await backupsIn(folder)).filter(({ name }) => rows.has(name));
    let good = 0;
    for (const { name } of there) {
      if (good >= options.get(backupKeep)) await this.#delete(name);
      else if (rows.get(name)?.state === 'good') good++;
    }
    const files = new Set((await backupsIn(folder)).map(({ name }) => name));
    for (const name of rows.keys()) if (!files.has(name)) await stores.backups.remove(name);
  }

  async #delete(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
    await this.#options.stores.backups.remove(name);
  }

  async #failed(error: unknown): Promise<void> {
    this.#again = this.#now() + AGAIN_MS;
    const text = error instanceof Error ? error.message : String(error);
    await this.#options.stores.settings.set(FAILURE, { time: this.#now(), text }).catch(() => undefined);
  }

  async #find(name: string): Promise<string> {
    const known = timeOf(name) !== undefined && (await backupsIn(this.#folder)).some((one) => one.name === name);
    if (!known) throw new CommandError('backup-not-found', `There is no backup ${name}.`);
    return join(this.#folder, name);
  }
}

function view(name: string, bytes: number, madeAt: number, row: BackupRow | undefined): BackupView {
  const { state = 'unchecked', problem = '', checkedAt = null, how = null, people = null, files = null } = row ?? {};
  return { name, bytes, madeAt, state, problem, checkedAt, how, people, files };
}

function adopted(
  name: string,
  head: { version: string; madeAt: number; counts: Readonly<Record<string, number>> },
  files: number,
): BackupRow {
  const { version, madeAt, counts } = head;
  const people = counts.account ?? 0;
  return {
    name,
    madeAt,
    how: 'panel',
    bytes: 0,
    people,
    files,
    version,
    state: 'unchecked',
    problem: '',
    checkedAt: null,
  };
}

function isFailure(value: unknown): value is { time: number; text: string } {
  return typeof value === 'object' && value !== null && 'time' in value && 'text' in value;
}
