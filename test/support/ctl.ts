import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { run } from '../../server/cli/run.ts';
import type { Commands } from '../../server/commands/index.ts';
import { createSocketDoor } from '../../server/http/door.ts';
import type { Logger } from '../../server/util/log.ts';

/** Keeps what is written as text. */
export class Text extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface CtlOptions {
  /** What comes on standard input. */
  readonly input?: string;
  /** There is a terminal, and somebody types these lines when asked. */
  readonly typed?: readonly string[];
  /** The data folder; left out: that of the house. */
  readonly data?: string;
}

export interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface Ctl {
  /** Where it is called. */
  readonly folder: string;
  /** Calls hallwayctl in this process, with words as they stand or those of a line. */
  call(words: string | readonly string[], options?: CtlOptions): Promise<Outcome>;
  close(): Promise<void>;
}

/** hallwayctl over the commands of a house. */
export async function openCtl({ commands, log }: { commands: Commands; log: Logger }): Promise<Ctl> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-ctl-'));
  const door = await createSocketDoor({ commands, log });
  await door.listenLocal(join(folder, 'hallwayctl.sock'));
  return {
    folder,
    async call(words, { input = '', typed, data = folder } = {}) {
      const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
      const [stdout, stderr] = [new Text(), new Text()];
      if (typed === undefined) stdin.end(input);
      else {
        const lines = [...typed];
        stdin.on('resume', () => lines.length > 0 && stdin.write(`${lines.shift()}\r`)); // somebody begins to read: a question
      }
      const list = typeof words === 'string' ? words.split(' ').filter((word) => word !== '') : words;
      const exit = await run(['--data', data, ...list], { stdin, stdout, stderr, cwd: folder, caller: 'tester' });
      return { exit, out: stdout.text, err: stderr.text };
    },
    async close() {
      await door.close();
      await rm(folder, { recursive: true });
    },
  };
}
