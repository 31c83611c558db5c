import type { OptionValues } from '../../host/option-values.ts';
import type { FileFolder } from '../../storage/file-folder.ts';
import type { Uploads } from '../../storage/stores/uploads.ts';
import { filesStay } from './options.ts';

const EVERY_MS = 10_000;
/** Files in one go, so that nobody else waits long for the store or the disk. */
const SLICE = 100;
const DAY_MS = 86_400_000;

export interface KeeperOptions {
  readonly uploads: Uploads;
  readonly folder: FileFolder;
  readonly options: OptionValues;
  readonly domains: () => readonly string[];
  readonly log: { error(details: object, text: string): void };
}

/** Takes files away whose time is over, or whose row is gone; a slice at a time. */
export class Keeper implements AsyncDisposable {
  readonly #options: KeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;
  #search: Promise<void> | undefined;
  #closed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.round(), EVERY_MS);
    this.#timer.unref();
  }

  /** One round; resolves when nothing more is to be done. Never rejects. Two do not run at once. */
  round(): Promise<void> {
    this.#round ??= this.#all()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'old files could not be taken away'))
      .finally(() => {
        this.#round = undefined;
      });
    return this.#round;
  }

  /** Takes away what has no row: a crash came between the file and its row. To be called once, after the start. */
  orphans(): Promise<void> {
    this.#search ??= this.#orphans();
    return this.#search;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#round;
    await this.#search;
  }

  async #orphans(): Promise<void> {
    const { folder, uploads, log } = this.#options;
    const started = Date.now();
    try {
      for await (const names of folder.names()) {
        for (let at = 0; at < names.length && !this.#closed; at += SLICE) {
          const slice = names.slice(at, at + SLICE);
          const known = await uploads.known(slice);
          for (const name of slice) if (!known.has(name)) await folder.removeOlder(name, started);
        }
      }
    } catch (error) {
      log.error({ err: error }, 'files that nobody needs could not be looked for');
    }
  }

  async #all(): Promise<void> {
    const { uploads, options, domains } = this.#options;
    await this.#whileFull(() => uploads.expire(Date.now(), SLICE));
    for (const domain of domains()) {
      const days = options.get(filesStay, domain);
      if (days > 0) await this.#whileFull(() => uploads.expireOlder(domain, Date.now() - days * DAY_MS, SLICE));
    }
    await this.#whileFull(() => this.#unlink());
  }

  async #unlink(): Promise<number> {
    const { uploads, folder, log } = this.#options;
    const removed: string[] = [];
    for (const file of await uploads.gone(SLICE)) {
      try {
        await folder.remove(file);
        removed.push(file);
      } catch (error) {
        log.error({ err: error, file }, 'an old file could not be taken away'); // the others can
      }
    }
    await uploads.forgetGone(removed);
    return removed.length;
  }

  async #whileFull(slice: () => Promise<number>): Promise<void> {
    while (!this.#closed && (await slice()) === SLICE);
  }
}
