import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';
import { HashedFile } from './hashed-file.ts';
import { type ExportedMessage, escapeHtml, messageRow, PAGE_END, pageHead, safeName } from './words.ts';

/** Messages on one page: more would be hard to open and to print. */
const PER_FILE = 5_000;

/** What is said of the whole in the manifest. */
export interface ExportFacts {
  readonly domain: string;
  readonly subject: string;
  readonly since: string | null;
  readonly until: string | null;
  readonly by: string;
  readonly reason: string;
  readonly made: string;
}

interface Part {
  readonly archive: string;
  readonly file: string;
  readonly messages: number;
  readonly bytes: number;
  readonly sha256: string;
}

const VERIFY = `What is in here can be checked with what every Unix has:

    sha256sum -c SHA256SUMS

Each line must end with OK. The SHA-256 of the whole file (the .tar) is in the list of exports of the server that made it, and
in its audit log.
`;

/** Writes one export into a folder of its own, an archive at a time, and packs it in the end. Waits for the disk: for a thread of its own. */
export class ExportWriter {
  readonly #folder: string;
  readonly #root: string;
  readonly #name: string;
  readonly #facts: ExportFacts;
  readonly #parts: Part[] = [];
  #archive = '';
  #owners = 0;
  #number = 0;
  #count = 0;
  #json: HashedFile | undefined;
  #html: HashedFile | undefined;
  #base = '';
  messages = 0;

  /** `name` is that of the folder in the packed file. */
  constructor(folder: string, name: string, facts: ExportFacts) {
    this.#folder = folder;
    this.#name = name;
    this.#root = join(folder, name);
    this.#facts = facts;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(this.#root, 'archives'), { recursive: true, mode: 0o700 });
  }

  /** What comes next is of this person or room. */
  begin(archive: string): void {
    this.#close();
    this.#archive = archive;
    this.#number = 0;
    this.#owners++;
  }

  add(message: ExportedMessage): void {
    if (this.#count >= PER_FILE) this.#close();
    if (this.#json === undefined) this.#open();
    this.#json!.write(`${this.#count === 0 ? '' : ',\n'}${JSON.stringify(message)}`);
    this.#html!.write(messageRow(message));
    this.#count++;
    this.messages++;
  }

  /** Packs it; gives the length and the SHA-256 of the file at `target`, which is there whole or not at all. */
  async end(target: string): Promise<{ bytes: number; sha256: string }> {
    this.#close();
    this.#index();
    const manifest = { ...this.#facts, messages: this.messages, files: this.#parts };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const sums = [
      ...this.#parts.map(({ sha256, file }) => `${sha256}  ${file}`),
      this.#plain('manifest.json', text),
      this.#plain('VERIFY.txt', VERIFY),
    ];
    writeFileSync(join(this.#root, 'SHA256SUMS'), `${sums.join('\n')}\n`, { mode: 0o600 });
    const unfinished = join(this.#folder, 'packed.tar');
    await create({ file: unfinished, cwd: this.#folder, portable: true, mode: 0o600 }, [this.#name]);
    await using file = await open(unfinished, 'r+');
    await file.sync();
    const hash = createHash('sha256');
    for await (const piece of createReadStream(unfinished)) hash.update(piece);
    const { size } = await stat(unfinished);
    renameSync(unfinished, target);
    rmSync(this.#folder, { recursive: true, force: true });
    return { bytes: size, sha256: hash.digest('hex') };
  }

  #open(): void {
    this.#number++;
    const base = safeName(this.#owners, this.#archive.split('@', 1)[0]!);
    this.#base = `archives/${base}${this.#number === 1 ? '' : `-part${this.#number}`}`;
    this.#json = new HashedFile(join(this.#root, `${this.#base}.json`));
    this.#html = new HashedFile(join(this.#root, `${this.#base}.html`));
    this.#json.write(`{"archive":${JSON.stringify(this.#archive)},"messages":[\n`);
    this.#html.write(pageHead(this.#archive, 'The oldest message is the first one.'));
  }

  #close(): void {
    if (this.#json === undefined || this.#html === undefined) return;
    this.#json.write('\n]}\n');
    this.#html.write(PAGE_END);
    for (const [file, ending] of [
      [this.#json, 'json'],
      [this.#html, 'html'],
    ] as const) {
      const sha256 = file.end();
      const name = `${this.#base}.${ending}`;
      this.#parts.push({ archive: this.#archive, file: name, messages: this.#count, bytes: file.bytes, sha256 });
    }
    this.#json = undefined;
    this.#html = undefined;
    this.#count = 0;
  }

  /** The page to begin with. */
  #index(): void {
    const file = new HashedFile(join(this.#root, 'index.html'));
    const { domain, subject, by, reason, made } = this.#facts;
    file.write(pageHead(`What was said: ${subject}`, `${domain}, exported ${made} by ${by}. Reason: ${reason}`));
    for (const { archive, file: name, messages } of this.#parts.filter((part) => part.file.endsWith('.html'))) {
      file.write(
        `<tr><td><a href="${name}"><bdi>${escapeHtml(archive)}</bdi></a></td><td>${messages} messages</td></tr>\n`,
      );
    }
    file.write(PAGE_END);
    const sha256 = file.end();
    this.#parts.push({ archive: '', file: 'index.html', messages: this.messages, bytes: file.bytes, sha256 });
  }

  /** Writes a small file; gives its line in the list of sums. */
  #plain(name: string, text: string): string {
    writeFileSync(join(this.#root, name), text, { mode: 0o600 });
    return `${createHash('sha256').update(text).digest('hex')}  ${name}`;
  }
}
