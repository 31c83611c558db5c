import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { sync } from '../../storage/file-folder.ts';
import { BEGINNING, madeByCamera } from './photo.ts';
import { Refusal } from './refusal.ts';

/** Where the program is; looked for when it is needed, as most houses do not switch this on. */
const exiftool = (): string => createRequire(import.meta.url).resolve('exiftool-vendored.pl/bin/exiftool');
/** Of one file: kB of memory, seconds of processor, ms in all. */
const MEMORY_KB = 384 * 1024;
const CPU_S = 30;
const WHOLE_MS = 45_000;
/** Programs at once. */
const AT_ONCE = 2;
const UNCLEAN = 'Where this photo was made could not be taken out of it: ';
/** Characters that are kept of what the program says. */
const WORDS = 2_000;

/** No settings of somebody's own are read; no questions; what is odd but harmless is passed over. */
const QUIETLY = ['-config', '', '-q', '-q', '-m'];
/** All goes but what is needed to show a picture as it was: location hides in more places than a list could name. */
const ALL_BUT_LOOKS = ['-all=', '--icc_profile:all', '-tagsfromfile', '@', '-colorspacetags', '-orientation'];

/** Takes what cameras write about where, when and with what out of photos and films, by ExifTool in a process of its own. */
export class Stripper {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  readonly #limits: { readonly memory: number; readonly ms: number };

  constructor(limits = { memory: MEMORY_KB, ms: WHOLE_MS }) {
    this.#limits = limits;
  }

  /**
   * Cleans a file in its place; what no camera made stays as it is. Resolves when the clean one is on disk. Rejects with Refusal
   * for a photo that is not understood or takes too much, and with another error when the program did not do its work.
   */
  async clean(path: string): Promise<void> {
    const kind = await kindOf(path);
    if (kind === undefined) return;
    await this.#turn();
    try {
      await this.#cleanNow(path, kind);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next(); // in this one's place
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < AT_ONCE) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #cleanNow(path: string, kind: 'photo' | 'film'): Promise<void> {
    const cleaned = `${path}.clean`;
    try {
      const { code, said } = await this.#run([...QUIETLY, ...ALL_BUT_LOOKS, '-o', cleaned, path]);
      if (code === 0) {
        await sync(cleaned);
        await rename(cleaned, path);
        return;
      }
      if (code === null || /^Out of memory/m.test(said)) throw new Refusal(422, `${UNCLEAN}it is too much work.`);
      if (code !== 1 || !/^Error: /m.test(said)) throw new Error(`the cleaning of a file failed (${code}): ${said}`);
      if (kind === 'photo') throw new Refusal(422, `${UNCLEAN}it is damaged.`);
    } finally {
      await rm(cleaned, { force: true });
    }
  }

  async #run(words: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    const { memory, ms } = this.#limits;
    const limits = `ulimit -c 0; ulimit -t ${CPU_S}; ulimit -v ${memory}; exec nice -n 10 perl "$@"`;
    const child = spawn('/bin/sh', ['-c', limits, 'sh', exiftool(), ...words], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: ms,
      killSignal: 'SIGKILL',
    });
    const said = listen(child);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said: said() };
  }
}

function listen({ stderr }: ChildProcess): () => string {
  let said = '';
  stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, WORDS);
  });
  return () => said.trim();
}

async function kindOf(path: string): Promise<'photo' | 'film' | undefined> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
  return madeByCamera(buffer.subarray(0, bytesRead));
}
