import { type ChildProcess, spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly timeout: number;
  /** Characters that it may say. */
  readonly mostOutput: number;
  readonly signal?: AbortSignal;
}

/** How a program ended. `code`: null where a signal ended it; `output`: what it said, errors first. */
export interface Ended {
  /** Of `itself`; or ended as it took too long (`late`) or said too much (`loud`). */
  readonly how: 'itself' | 'late' | 'loud' | 'aborted';
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs a program with these words and no shell in between, in a group of its own: where it is ended, so is all that it has started
 * and that is in its group still. Rejects when it cannot be started.
 */
export function runProgram(
  program: string,
  words: readonly string[],
  { env, timeout, mostOutput, signal }: ProgramOptions,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      resolve({ how: 'aborted', code: null, output: '' });
      return;
    }
    const child = spawn(program, words, { env, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let how: Ended['how'] = 'itself';
    const end = (why: Ended['how']): void => {
      if (how !== 'itself') return;
      how = why;
      endGroup(child);
      // Who has left the group may hold these for ever.
      child.stdout!.destroy();
      child.stderr!.destroy();
    };
    let length = 0;
    const said = { out: '', err: '' };
    for (const [name, stream] of [
      ['out', child.stdout!],
      ['err', child.stderr!],
    ] as const) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        length += text.length;
        if (length > mostOutput) end('loud');
        else said[name] += text;
      });
    }
    const timer = setTimeout(() => end('late'), timeout);
    const abort = (): void => end('aborted');
    signal?.addEventListener('abort', abort, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    // Not before everybody who says something has stopped: a program may leave the work to one that it has started.
    child.once('close', (code) => {
      done();
      resolve({ how, code, output: `${said.err}\n${said.out}` });
    });
  });
}

/** The number of a group is nobody else's while anybody is in it. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
