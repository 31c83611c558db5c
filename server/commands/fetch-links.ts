import { createHash, randomBytes } from 'node:crypto';

const GOOD_MS = 60_000;
const MOST = 16;

/** Links by which a browser gets a file of which somebody has just proved that they may: each good once, for a minute. */
export class FetchLinks<File> {
  readonly #links = new Map<string, { readonly file: File; readonly until: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The secret of a new link; the oldest goes when there are many. */
  make(file: File): string {
    const token = randomBytes(24).toString('base64url');
    const [oldest] = this.#links.keys();
    if (oldest !== undefined && this.#links.size >= MOST) this.#links.delete(oldest);
    this.#links.set(hash(token), { file, until: this.#now() + GOOD_MS });
    return token;
  }

  /** Where it leads; undefined when it was used, is too old, or never was one. */
  take(token: string): File | undefined {
    const found = this.#links.get(hash(token));
    this.#links.delete(hash(token));
    return found !== undefined && found.until > this.#now() ? found.file : undefined;
  }
}

/** Looked up by its hash, so that how long it takes tells nothing. */
function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
