const FILE = 'file/';
/** A secret as it is made: 18 bytes in base64url. */
const SECRET = /^[A-Za-z0-9_-]{24}(?=\/|$)/;

/** The links by which files are put and had (XEP-0363): made and read in one place. */
export class FileLinks {
  readonly #base: () => string;

  /** `base` is where this server is reached by HTTPS now: `https://host:port/`. */
  constructor(base: () => string) {
    this.#base = base;
  }

  /** What a page must be let do with to upload files and show them. */
  get origin(): string {
    return new URL(this.#base()).origin;
  }

  toPut(secret: string, name: string): string {
    return `${this.#base()}upload/${secret}/${encodeURIComponent(name)}`;
  }

  toGet(secret: string, name: string): string {
    return `${this.#base()}${FILE}${secret}/${encodeURIComponent(name)}`;
  }

  /** The secret in a link of ours to a file; undefined for any other text. */
  secretOf(text: string): string | undefined {
    if (!text.startsWith('https://')) return undefined; // what nearly every message ends with here
    const start = this.#base() + FILE;
    return text.startsWith(start) ? SECRET.exec(text.slice(start.length, start.length + 25))?.[0] : undefined;
  }
}
