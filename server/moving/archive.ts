import { setImmediate as turn } from 'node:timers/promises';
import { EPOCH, firstIdAt } from '../storage/archive-id.ts';
import type { Statement } from '../storage/database.ts';
import type { Said } from './messages.ts';
import type { MovingNeeds } from './needs.ts';

/** Messages, and characters of them, that are written at once. */
const BATCH = 100;
const BATCH_CHARACTERS = 500_000;

/** Puts what was said before into somebody's archive, at the times at which it was said. */
export class ArchiveFiller {
  readonly #needs: Pick<MovingNeeds, 'db' | 'stores' | 'archiveIds'>;
  readonly #account: number;
  /** What is said of how far it is, in the same write. */
  readonly #mark: (entries: number) => Statement;
  readonly #now: () => number;
  /** Entries of the file that are dealt with, those of an earlier run included. */
  #entries = 0;
  readonly #done: number;
  #characters = 0;
  readonly #batch: Said[] = [];

  /** `done`: entries that an earlier run has dealt with. */
  constructor(
    needs: Pick<MovingNeeds, 'db' | 'stores' | 'archiveIds'>,
    account: number,
    done: number,
    mark: (entries: number) => Statement,
    now: () => number,
  ) {
    this.#needs = needs;
    this.#account = account;
    this.#done = done;
    this.#mark = mark;
    this.#now = now;
  }

  /** One entry; gives why it is not taken, '' when it is. `keptFrom`: what is older (ms since 1970) would go at once. */
  async add(said: Said, keptFrom: number): Promise<string> {
    this.#entries++;
    if (said.time < EPOCH) return 'a message from before 2020, for which the archive has no place';
    if (said.time < keptFrom) return 'a message that is older than messages are kept here';
    // What an earlier run has written.
    if (this.#entries <= this.#done) return '';
    this.#batch.push(said);
    this.#characters += said.stanza.length;
    if (this.#batch.length >= BATCH || this.#characters >= BATCH_CHARACTERS) await this.flush();
    return '';
  }

  /** Resolves when all of it is on disk. Throws StorageError. */
  async flush(): Promise<void> {
    const said = this.#batch.splice(0);
    this.#characters = 0;
    if (said.length === 0) return;
    const { db, stores } = this.#needs;
    const ids = await this.#idsFor(said);
    const owner = this.#account;
    await db.batch([
      ...said.flatMap(({ stanza, peer }, at) => stores.archives.appendStatements(ids[at]!, stanza, [{ owner, peer }])),
      this.#mark(this.#entries),
    ]);
    await turn();
  }

  /** Numbers that nobody has, of these times; of the same millisecond in this order. */
  async #idsFor(said: readonly Said[]): Promise<number[]> {
    const { stores, archiveIds } = this.#needs;
    const now = this.#now();
    // What is of the future here came now.
    const firsts = said.map(({ time }) => (time >= now ? archiveIds.next() : firstIdAt(time)));
    const starts = new Map<number, number>();
    for (;;) {
      const next = new Map(starts);
      const used = new Set<number>();
      const ids = firsts.map((first) => {
        let id = next.get(first) ?? first;
        while (used.has(id)) id++;
        used.add(id);
        next.set(first, id + 1);
        return id;
      });
      const taken = await stores.archives.taken(ids);
      if (taken.size === 0) return ids;
      for (const [at, id] of ids.entries()) {
        const first = firsts[at]!;
        if (taken.has(id)) starts.set(first, Math.max(starts.get(first) ?? 0, await stores.archives.freeAfter(id)));
      }
    }
  }
}
