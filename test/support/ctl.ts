import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { run } from '../../server/cli/run.ts';
import { createSocketDoor } from '../../server/http/door.ts';
import type { Scene } from './scene.ts';

class Text extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface Ctl {
  /** Where it is called. */
  readonly folder: string;
  /** Calls hallwayctl in this process; with `typed` there is a terminal, at which somebody answers so. */
  call(args: readonly string[], typed?: string): Promise<{ exit: number; out: string; err: string }>;
  close(): Promise<void>;
}

/** hallwayctl over a scene's commands. */
export async function openCtl(scene: Scene): Promise<Ctl> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-ctl-'));
  const door = await createSocketDoor({ commands: scene.commands, log: scene.house.log });
  await door.listenLocal(join(folder, 'hallwayctl.sock'));
  return {
    folder,
    call: async (args, typed) => {
      const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
      const [stdout, stderr] = [new Text(), new Text()];
      if (typed === undefined) stdin.end();
      else stdin.write(`${typed}\r`);
      const exit = await run(['--data', folder, ...args], { stdin, stdout, stderr, cwd: folder, caller: 'tester' });
      return { exit, out: stdout.text, err: stderr.text };
    },
    close: async () => {
      await door.close();
      await rm(folder, { recursive: true });
    },
  };
}
