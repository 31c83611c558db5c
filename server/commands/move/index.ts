import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Domains } from '../../moving/person.ts';
import { type Host, survey } from '../../moving/survey.ts';
import type { Report } from '../../moving/tally.ts';

import { MOVED } from '../../storage/stores/people-imports.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { type Actor, record } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import { REMEMBERED } from '../import/index.ts';
import type { HandOver } from '../import/work.ts';
import type { MoveNeeds, MovingHouse } from './needs.ts';
import { type MovedRow, type MovePlan, type MoveWhat, planMove } from './plan.ts';
import { isForeseen, problemOf } from './problem.ts';
import { MoveRun } from './run.ts';
import { Staging } from './staging.ts';

/** `receiving` files, `reading` them, `read`: what is in them is known, `running`: people are moving in, `done`. */
export type MoveStep = 'receiving' | 'reading' | 'read' | 'running' | 'done';

/** What would be done. */
export interface MoveCheck {
  /** The domains in the files, and what they are to be here. */
  readonly hosts: Host[];
  readonly counts: Readonly<Record<MoveWhat, number>>;
  /** All that the files have of those who are read. */
  readonly total: Report;
  /** To be given back when this is to be done. */
  readonly digest: string;
  /** The number of the import that was cut short and goes on. */
  readonly continues: number | null;
}

export interface MoveState {
  readonly step: MoveStep;
  /** How far the step is, 0 to 1. */
  readonly part: number;
  /** Why the last step brought nothing; '' when it did. */
  readonly problem: string;
  readonly files: number;
  readonly bytes: number;
  readonly check: MoveCheck | null;
  /** The number of the import, once it is begun. */
  readonly import: number | null;
}

/** What became of one person. */
export interface Moved {
  /** The how manyth in the files. */
  readonly position: number;
  readonly jid: string;
  /** All of it is here. */
  readonly done: boolean;
  /** Why they were not moved in; '' else. */
  readonly why: string;
  readonly report: Report | null;
}

interface Move {
  readonly id: string;
  readonly staging: Staging;
  readonly halt: AbortController;
  step: MoveStep;
  problem: string;
  bytes: number;
  domains: Domains;
  hosts: Host[];
  total: Report | undefined;
  plan: MovePlan | undefined;
  import: number | null;
  name: string;
  receiving: number;
  until: number;
}

/** Who has begun and does not go on is forgotten after so long, and the files with them. */
const PATIENCE_MS = 60 * 60_000;
const LOOK_MS = 60_000;
const PAGE = 100;

/** People of another server, with all that it kept of them (XEP-0227): looked at first, then moved in as one job, taken back as one. */
export class MoveCommands {
  readonly #needs: MoveNeeds;
  readonly #timer: NodeJS.Timeout;
  #move: Move | undefined;

  constructor(needs: MoveNeeds) {
    this.#needs = needs;
    this.#timer = setInterval(() => void this.tend().catch(() => undefined), LOOK_MS);
    this.#timer.unref();
    needs.jobs.closing.addEventListener('abort', () => this.#move?.halt.abort(), { once: true });
  }

  /** To be called once after start: nothing of what was sent before is needed any more. */
  async open(): Promise<void> {
    if (this.#needs.moving !== undefined) await Staging.clear(this.#needs.moving.folder);
  }

  /** Begins, in the place of what was begun before. Throws CommandError. */
  async begin(name: string): Promise<{ id: string }> {
    const { folder } = this.#house;
    this.#refuseBusy();
    const id = randomBytes(12).toString('base64url');
    this.#move = {
      id,
      name,
      staging: await Staging.open(folder),
      halt: new AbortController(),
      step: 'receiving',
      problem: '',
      bytes: 0,
      domains: new Map(),
      hosts: [],
      total: undefined,
      plan: undefined,
      import: null,
      receiving: 0,
      until: this.#now() + PATIENCE_MS,
    };
    return { id };
  }

  /** Takes one file in. `name`: with the folders it is in, from the top. Throws CommandError. */
  async receive(id: string, name: string, source: Readable, bytes: number, signal: AbortSignal): Promise<void> {
    const move = this.#mine(id);
    if (move.step !== 'receiving' && move.step !== 'read') this.#refuseBusy();
    Object.assign(move, { step: 'receiving', plan: undefined, problem: '' });
    move.receiving++;
    try {
      await move.staging.receive(name, source, bytes, signal);
    } finally {
      move.receiving--;
    }
  }

  /** Begins to read the files; `state` tells what is found. `domains`: what domains in them are called here. Throws CommandError. */
  check(id: string, domains: readonly { from: string; to: string }[]): void {
    const move = this.#mine(id);
    this.#refuseBusy();
    if (move.staging.files.size === 0) throw new CommandError('invalid', 'Send files first.', 'file');
    if (move.receiving > 0) throw new CommandError('busy', 'A file is on its way still.');
    move.domains = this.#domainsOf(domains);
    Object.assign(move, { step: 'reading', problem: '', bytes: 0, plan: undefined });
    void this.#read(move);
  }

  /** How far it is. Throws CommandError. */
  state(id: string): MoveState {
    const { step, problem, staging, hosts, total, plan, import: begun, bytes } = this.#mine(id);
    const part = staging.bytes === 0 ? 0 : Math.min(1, bytes / staging.bytes);
    const check =
      plan === undefined || total === undefined
        ? null
        : { hosts, total, counts: plan.counts, digest: plan.digest, continues: plan.continues };
    return { step, part, problem, files: staging.files.size, bytes: staging.bytes, check, import: begun };
  }

  /** Some of those who stand in the files, those first with whom something is wrong. Throws CommandError. */
  people(id: string, offset: number): { people: MovedRow[]; total: number } {
    const rows = this.#mine(id).plan?.rows ?? [];
    const order: readonly MoveWhat[] = ['wrong', 'there', 'link', 'make'];
    const sorted = order.flatMap((what) => rows.filter((row) => row.what === what));
    const shown = sorted.slice(offset, offset + PAGE);
    return { people: shown.map(({ found: _, password: _password, ...row }) => row), total: rows.length };
  }

  /**
   * Begins to move people in; it goes on by itself. `digest` is that of the check which somebody has looked at. What was cut short
   * goes on where it was. Throws CommandError, and then nothing was done.
   */
  async start(by: Actor, id: string, digest: string): Promise<{ id: number }> {
    const move = this.#mine(id);
    this.#refuseBusy();
    const { plan } = move;
    if (plan === undefined || plan.digest !== digest) {
      throw new CommandError('import-changed', 'Something has changed since this was checked. Look at it once more.');
    }
    const doing = plan.counts.make + plan.counts.link;
    if (doing === 0) throw new CommandError('invalid', 'There is nobody in these files who could move in.', 'file');
    const house = this.#house;
    const number = await this.#needs.jobs.begin(async () => {
      const made = await this.#begun(by, move, plan);
      return { id: made, run: () => this.#run(house, by, move, plan, made) };
    });
    return { id: number };
  }

  /** Lets go of what was begun, and of its files; what has moved in stays. Throws CommandError. */
  async stop(id: string): Promise<void> {
    const move = this.#mine(id);
    move.halt.abort();
    await this.#needs.jobs.settled();
    if (this.#move === move) await this.#forget();
  }

  /** What became of everybody whom an import has moved in, from a place in the files on. Throws CommandError. */
  async moved(id: number, after: number): Promise<{ people: Moved[]; more: boolean }> {
    const { peopleImports } = this.#needs.stores;
    if ((await peopleImports.get(id))?.way !== MOVED) {
      throw new CommandError('import-not-found', 'There is no such import (any more).');
    }
    const items = await peopleImports.items(id, after, PAGE + 1);
    const people = items.slice(0, PAGE).map(({ line, jid, detail }) => {
      const { done = false, why = '', report = null } = detail as Partial<Omit<Moved, 'position' | 'jid'>>;
      return { position: line, jid, done, why, report };
    });
    return { people, more: items.length > PAGE };
  }

  /** Forgets what nobody goes on with. */
  async tend(): Promise<void> {
    const move = this.#move;
    if (move === undefined || ['reading', 'running'].includes(move.step) || move.receiving > 0) return;
    if (move.until <= this.#now()) await this.#forget();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #begun(by: Actor, move: Move, plan: MovePlan): Promise<number> {
    const { stores, now } = this.#needs;
    const doing = plan.counts.make + plan.counts.link;
    if (plan.continues !== null) await stores.peopleImports.setState(plan.continues, 'running', null);
    const made =
      plan.continues ??
      (await stores.peopleImports.begin(
        {
          startedAt: now(),
          actor: by.name,
          file: move.name,
          way: MOVED,
          total: doing,
          leftOut: plan.rows.length - doing,
          digest: plan.files,
        },
        REMEMBERED,
      ));
    await record(stores.audit, by, 'people.import', move.name, { import: made, people: doing, how: MOVED });
    Object.assign(move, { step: 'running', problem: '', bytes: 0, import: made });
    return made;
  }

  async #read(move: Move): Promise<void> {
    const { stores, house, now } = this.#needs;
    try {
      const served = (domain: string): boolean => house.get(domain) !== undefined;
      const { staging, domains, halt } = move;
      const read = this.#reading(move);
      const found = await survey({ files: staging.files, domains, served, signal: halt.signal, now: now(), read });
      Object.assign(move, {
        plan: await planMove(found, stores),
        hosts: found.hosts,
        total: found.total,
        step: 'read',
      });
    } catch (error) {
      move.step = 'receiving';
      move.problem = this.#problem(error);
    }
  }

  async #run(house: MovingHouse, by: Actor, move: Move, plan: MovePlan, id: number): Promise<void> {
    const { stores, jobs, now } = this.#needs;
    const people: HandOver[] = [];
    jobs.hand({ id, people, separator: ',' }, false);
    let state: 'done' | 'stopped' = 'stopped';
    try {
      const { staging, domains, halt } = move;
      const job = { id, by, files: staging.files, domains, rows: plan.rows, signal: halt.signal };
      const hand = (one: HandOver): void => void people.push(one);
      await new MoveRun(this.#needs, house, { ...job, read: this.#reading(move), hand }).run();
      state = 'done';
    } catch (error) {
      move.problem = this.#problem(error);
    } finally {
      jobs.hand({ id, people, separator: ',' }, true);
      move.step = 'done';
      move.plan = undefined;
      await stores.peopleImports.setState(id, state, now()).catch(() => undefined);
      // There are passwords in them.
      await Staging.clear(house.folder).catch(() => undefined);
    }
  }

  /** Counts what is read, and keeps the move alive. */
  #reading(move: Move): (bytes: number) => void {
    return (bytes) => {
      move.bytes += bytes;
      move.until = this.#now() + PATIENCE_MS;
    };
  }

  #problem(error: unknown): string {
    if (!isForeseen(error)) this.#needs.log.error({ err: error }, 'people could not move in');
    return problemOf(error);
  }

  async #forget(): Promise<void> {
    this.#move = undefined;
    if (this.#needs.moving !== undefined) await Staging.clear(this.#needs.moving.folder);
  }

  get #house(): MovingHouse {
    const { moving } = this.#needs;
    if (moving === undefined) throw new CommandError('not-allowed', 'This server has no place for files of another.');
    return moving;
  }

  #now(): number {
    return this.#needs.now();
  }

  #mine(id: string): Move {
    const move = this.#move;
    if (move?.id !== id)
      throw new CommandError('import-not-found', 'This was not the last that was begun. Begin again.');
    move.until = this.#now() + PATIENCE_MS;
    return move;
  }

  #refuseBusy(): void {
    if (this.#move !== undefined && ['reading', 'running'].includes(this.#move.step))
      throw new CommandError('import-running', 'Files are being read. Wait until that is done.');
  }

  #domainsOf(list: readonly { from: string; to: string }[]): Domains {
    const domains = new Map<string, string>();
    for (const { from, to } of list) {
      const [before, now] = [tryParseJid(from)?.bare, tryParseJid(to)?.bare];
      if (before === undefined || before.includes('@'))
        throw new CommandError('invalid', `${from} is no domain.`, 'domains');
      if (now === undefined || this.#needs.house.get(now) === undefined) {
        throw new CommandError('domain-not-found', `The domain ${to} is not served here.`, 'domains');
      }
      domains.set(before, now);
    }
    return domains;
  }
}
