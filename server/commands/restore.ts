import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { IncomingBackup } from '../../provisioning/backup/incoming.ts';
import { problemOf } from '../../provisioning/backup/problem.ts';
import type { ClaimCommands } from './claim.ts';
import { CommandError } from './command-error.ts';
import { checkDomain } from './names.ts';

/** What restoring needs of the machine. */
export interface RestoreNeeds {
  readonly incoming: Pick<IncomingBackup, 'receive' | 'look' | 'stage' | 'settle' | 'forget'>;
  /** The name of the machine cannot be chosen: the boot file says it. */
  readonly nameGiven: boolean;
  /** Closes the house and opens the one that is there then. */
  readonly restart: () => void;
}

/** `waiting` for a file, `here` it is, `looking` into it, `known` what is in it, `restoring`, `done`: the server starts anew. */
export type RestoreStep = 'waiting' | 'receiving' | 'here' | 'looking' | 'known' | 'restoring' | 'done';

/** What is in a backup. */
export interface BackupFacts {
  /** ms since 1970 */
  readonly madeAt: number;
  readonly hostname: string;
  readonly domains: string[];
  readonly people: number;
  readonly files: number;
  readonly version: string;
}

export interface RestoreView {
  readonly step: RestoreStep;
  /** How far it is, 0 to 1. */
  readonly part: number;
  /** Why the last step brought nothing; '' when it did. */
  readonly problem: string;
  readonly backup: BackupFacts | null;
  /** This machine's name, and whether another may be chosen. */
  readonly hostname: string;
  readonly nameGiven: boolean;
  /** What has changed with it, once it is restored. */
  readonly done: {
    readonly hostname: string;
    readonly reissued: string[];
    readonly widened: boolean;
    readonly backupFolder: string;
  } | null;
}

interface Attempt {
  readonly token: Buffer;
  step: RestoreStep;
  part: number;
  problem: string;
  key: string;
  backup: BackupFacts | null;
  done: RestoreView['done'];
  until: number;
}

/** An attempt that nobody goes on with is forgotten after so long, and the file with it. */
const PATIENCE_MS = 60 * 60_000;
const LOOK_MS = 60_000;
/** Who waits for the end hears of it before the server is gone; if nobody asks, it goes all the same. */
const HEARD_MS = 500;
const UNHEARD_MS = 10_000;

/** A house that is nobody's yet becomes that of a backup: for whoever has the claim code, the file and its recovery key. */
export class RestoreCommands {
  readonly #claim: ClaimCommands;
  readonly #needs: RestoreNeeds | undefined;
  readonly #hostname: string;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #attempt: Attempt | undefined;
  #work: Promise<void> = Promise.resolve();
  #leaving: NodeJS.Timeout | undefined;

  /** Without `needs` nothing is restored. */
  constructor(claim: ClaimCommands, needs: RestoreNeeds | undefined, hostname: string, now: () => number = Date.now) {
    this.#claim = claim;
    this.#needs = needs;
    this.#hostname = hostname;
    this.#now = now;
    this.#timer = setInterval(() => void this.tend().catch(() => undefined), LOOK_MS);
    this.#timer.unref();
  }

  /** Begins, in the place of what was begun before. Gives the secret by which to go on. Throws CommandError. */
  async begin(code: string): Promise<string> {
    this.#refuseClaimed();
    await this.#claim.show(code);
    this.#refuseBusy();
    const token = randomBytes(24);
    this.#attempt = {
      token,
      step: 'waiting',
      part: 0,
      problem: '',
      key: '',
      backup: null,
      done: null,
      until: this.#now() + PATIENCE_MS,
    };
    return token.toString('base64url');
  }

  /** Takes the file in. Throws CommandError, with nothing kept. */
  async receive(token: string, source: Readable, bytes: number, signal: AbortSignal): Promise<void> {
    const attempt = this.#mine(token);
    this.#refuseBusy();
    Object.assign(attempt, { step: 'receiving', part: 0, problem: '', backup: null });
    try {
      await this.#machine.incoming.receive(source, bytes, signal);
      attempt.step = 'here';
    } catch (error) {
      attempt.step = 'waiting';
      throw new CommandError('invalid', problemOf(error).message, 'file');
    }
  }

  /** Begins to look into the file; `state` tells what is found. Throws CommandError. */
  look(token: string, key: string): void {
    const attempt = this.#mine(token);
    this.#refuseBusy();
    if (attempt.step === 'waiting') throw new CommandError('invalid', 'Send the file first.', 'file');
    this.#begin(attempt, 'looking', 'here', async (tell) => {
      const { head, files } = await this.#machine.incoming.look(key, tell);
      const { madeAt, hostname, domains, version, counts } = head;
      attempt.backup = { madeAt, hostname, domains: [...domains], people: counts.account ?? 0, files, version };
      attempt.key = key;
      attempt.step = 'known';
    });
  }

  /** Begins to restore; from now on nobody claims the house. Then the server starts anew, as the house of the backup. Throws CommandError. */
  go(token: string, name?: string): void {
    const attempt = this.#mine(token);
    const { incoming, nameGiven, restart } = this.#machine;
    this.#refuseBusy();
    if (attempt.step !== 'known') throw new CommandError('invalid', 'Look into the backup first.', 'file');
    const asked = name?.trim() ?? '';
    const hostname = asked === '' ? this.#hostname : checkDomain(asked, 'hostname');
    if (nameGiven && hostname !== this.#hostname) {
      throw new CommandError('invalid', 'The boot file of this machine says its name: change it there.', 'hostname');
    }
    this.#claim.hold(true);
    this.#begin(attempt, 'restoring', 'known', async (tell) => {
      const named = !nameGiven && asked !== '';
      const { reissued, widened, backupFolder } = await incoming.stage(attempt.key, hostname, named, tell);
      this.#refuseClaimed();
      incoming.settle();
      attempt.done = { hostname, reissued: [...reissued], widened, backupFolder };
      attempt.step = 'done';
      this.#leave(restart, UNHEARD_MS);
    });
  }

  /** How far it is. Throws CommandError. */
  state(token: string): RestoreView {
    const { step, part, problem, backup, done } = this.#mine(token);
    if (step === 'done') this.#leave(this.#machine.restart, HEARD_MS);
    return { step, part, problem, backup, done, hostname: this.#hostname, nameGiven: this.#machine.nameGiven };
  }

  /** Forgets an attempt that nobody goes on with, or that can come to nothing any more. */
  async tend(): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined || this.#isBusy || attempt.step === 'done') return;
    if (attempt.until > this.#now() && !this.#claim.claimed) return;
    this.#attempt = undefined;
    await this.#machine.incoming.forget();
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#work;
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#leaving);
  }

  get #machine(): RestoreNeeds {
    if (this.#needs === undefined) throw new CommandError('not-allowed', 'This server has no place for a backup.');
    return this.#needs;
  }

  get #isBusy(): boolean {
    return ['receiving', 'looking', 'restoring'].includes(this.#attempt?.step ?? '');
  }

  /** The attempt that a secret is of. */
  #mine(token: string): Attempt {
    this.#refuseClaimed();
    const given = Buffer.from(token, 'base64url');
    const attempt = this.#attempt;
    if (attempt === undefined || given.length !== attempt.token.length || !timingSafeEqual(given, attempt.token)) {
      throw new CommandError('link-unknown', 'This is not the newest attempt to restore a backup. Begin again.');
    }
    attempt.until = this.#now() + PATIENCE_MS;
    return attempt;
  }

  #refuseClaimed(): void {
    if (this.#claim.claimed) throw new CommandError('already-claimed', 'This server has been claimed already.');
  }

  #refuseBusy(): void {
    if (this.#isBusy || this.#attempt?.step === 'done')
      throw new CommandError('busy', 'A backup is being worked on: wait until that is done.');
  }

  #begin(
    attempt: Attempt,
    step: RestoreStep,
    before: RestoreStep,
    work: (tell: (part: number) => void) => Promise<void>,
  ) {
    Object.assign(attempt, { step, part: 0, problem: '' });
    this.#work = work((part) => {
      attempt.part = Math.min(1, part);
    }).catch((error: unknown) => {
      attempt.step = before;
      attempt.problem = error instanceof CommandError ? error.message : problemOf(error).message;
      this.#claim.hold(false);
    });
  }

  #leave(restart: () => void, ms: number): void {
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(restart, ms);
  }
}
