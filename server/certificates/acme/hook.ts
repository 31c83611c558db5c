import { realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Ended, runProgram } from '../../util/program.ts';
import { AcmeProblem, quoted } from './problem.ts';

/** Nothing of our own environment: what is in there is nobody's business. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
const TIMEOUT_MS = 120_000;
const MOST_OUTPUT = 16_384;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const ROOT = 0;

/** `add` makes a TXT record, and returns when the world can see it; `remove` takes it away. */
export type HookAction = 'add' | 'remove';

/**
 * Where a script lies that is given by its name, or by its path as of old. Only those in this folder are run: what else there is on a
 * machine, as its shell, does more than an administrator of the chat may do. Throws AcmeProblem.
 */
function pathOf(folder: string, given: string): string {
  const name = dirname(given) === folder ? basename(given) : given;
  if (!NAME.test(name)) throw new AcmeProblem(`The script lies in ${folder} and is given by its name, as dns-hook.`);
  return join(folder, name);
}

/**
 * The program that a name leads to in the folder of scripts, when nobody but root and whoever the server runs as could have put another
 * one there: neither it nor a folder above it is somebody else's, or writable by others. Throws AcmeProblem.
 */
export async function checkHook(scripts: string, given: string): Promise<string> {
  const path = pathOf(scripts, given);
  let program: string;
  try {
    program = await realpath(path);
    const { mode } = await checkOwner(program);
    if (!(await stat(program)).isFile()) throw new AcmeProblem(`${path} is no file.`);
    if ((mode & 0o111) === 0) throw new AcmeProblem(`${path} cannot be run: give it the right to (chmod +x).`);
    for (let folder = dirname(program); ; folder = dirname(folder)) {
      await checkOwner(folder);
      if (folder === dirname(folder)) break;
    }
  } catch (error) {
    if (error instanceof AcmeProblem) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new AcmeProblem(
      code === 'ENOENT' || code === 'ENOTDIR' ? `There is no ${path}.` : `${path} cannot be read.`,
      { cause: error },
    );
  }
  return program;
}

async function checkOwner(path: string): Promise<{ mode: number }> {
  const { uid, mode } = await stat(path);
  if (uid !== ROOT && uid !== userInfo().uid) {
    throw new AcmeProblem(
      `${path} belongs to somebody else: it must be root’s, or of the user whom the server runs as.`,
    );
  }
  // In a folder like /tmp others may add files, and not change those of somebody else.
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) {
    throw new AcmeProblem(`${path} can be changed by others (chmod go-w).`);
  }
  return { mode };
}

/**
 * Runs the script with what it is to do, the name of the record and its value; no shell is in between. Throws AcmeProblem when it
 * fails, says too much or does not end; what it has started is ended with it then.
 */
export async function runHook(
  scripts: string,
  given: string,
  action: HookAction,
  name: string,
  value: string,
  { timeout = TIMEOUT_MS, signal }: { timeout?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const program = await checkHook(scripts, given);
  const path = pathOf(scripts, given);
  const called = `${action} ${name}`;
  let ended: Ended;
  try {
    ended = await runProgram(program, [action, name, value], {
      env: ENVIRONMENT,
      timeout,
      mostOutput: MOST_OUTPUT,
      ...(signal !== undefined && { signal }),
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw failureOf(notStarted(path, code), called, '', cause);
  }
  if (ended.how !== 'itself' || ended.code !== 0) throw failureOf(why(path, ended), called, ended.output);
}

function notStarted(path: string, code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOEXEC')
    return `The script ${path} could not be started: whatever runs this server may forbid it.`;
  return `The script ${path} failed (${code ?? 'killed'}).`;
}

function why(path: string, { how, code }: Ended): string {
  if (how === 'loud') return `The script ${path} said more than 16 kB and was ended.`;
  if (how === 'aborted') return `The script ${path} was ended, as all took too long or the server stops.`;
  if (how === 'late') return `The script ${path} took too long and was ended.`;
  return `The script ${path} failed (${code ?? 'killed'}).`;
}

function failureOf(what: string, called: string, output: string, cause?: unknown): AcmeProblem {
  const words = quoted(output.trim().split('\n').slice(-3).join(' '));
  const sentences = [what, `It was called with “${called}”.`];
  if (words !== '') sentences.push(`It said: “${words}”`);
  return new AcmeProblem(sentences.join(' '), { cause });
}
