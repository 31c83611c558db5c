import { type StdioOptions, spawnSync } from 'node:child_process';
import { Refusal } from './refusal.ts';

const MOST_OUTPUT = 2 ** 26;

export interface Run {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** It may ask at the terminal, as for the passphrase of a key. */
  readonly asks?: boolean;
}

export interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  /** The last that it said, in one line. */
  readonly why: string;
}

/** Debian's package that a program is in, where the names differ. */
const PACKAGE: Readonly<Record<string, string>> = { 'apt-get': 'apt', 'dpkg-deb': 'dpkg' };

/** Runs one of Debian's programs and waits for its end. Throws a Refusal when it is not installed. */
export function attempt(program: string, words: readonly string[], { input, env, cwd, asks }: Run = {}): Ran {
  const stdio: StdioOptions = [asks ? 'inherit' : 'pipe', 'pipe', 'pipe'];
  const done = spawnSync(program, words, {
    input,
    cwd,
    stdio,
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...env },
  });
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    throw new Refusal(`${program} is not installed. As root: apt install ${PACKAGE[program] ?? program}`);
  const said = `${done.stdout ?? ''}\n${done.stderr ?? ''}`.split('\n').filter((line) => line.trim() !== '');
  const end = done.error?.message ?? (done.signal === null ? '' : `ended by ${done.signal}`);
  return { ok: done.status === 0, stdout: done.stdout, why: [...said.slice(-3), end].join(' ').trim() };
}

/** The same, where it must succeed: `what` could not be done otherwise. Gives what it wrote. */
export function succeed(what: string, program: string, words: readonly string[], run: Run = {}): string {
  const { ok, stdout, why } = attempt(program, words, run);
  if (!ok) throw new Refusal(`${what}: ${why}`);
  return stdout;
}
