// XEP-0227 1.1
import { createReadStream } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { PieReader } from '../stream/portable.ts';
import { type Level, PieError, type PieEvent } from '../stream/portable-words.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { type Files, included } from './files.ts';

export { PieError };

/** What is told of the files, in order; each is waited for. */
export interface Visitor {
  /** Whether its people are to be read; of those that are not, `passed` is told for each. */
  host(jid: string): boolean;
  passed(): void;
  user(attrs: Readonly<Record<string, string>>): Promise<void> | void;
  part(event: Extract<PieEvent, { kind: 'part' }>): Promise<void> | void;
  left(what: string, inUser: boolean): void;
  userEnd(): Promise<void> | void;
  /** Bytes that were read. */
  read(bytes: number): void;
}

/** Bytes that are read before others have their turn: a few milliseconds. */
const PIECE = 64 * 1024;

const ROOTS = ['server-data', 'host', 'user'] as const;
type Root = (typeof ROOTS)[number] | 'other';

/** The walk was ended from outside. */
export class Halted extends Error {}

/**
 * Reads all files, those that may include others before those that may be included, each once. Throws PieError, which names the file, and
 * Halted.
 */
export async function walk(files: Files, visitor: Visitor, signal: AbortSignal): Promise<void> {
  const done = new Set<string>();
  const read = (name: string): Promise<void> => new Walk(files, visitor, signal, done).file(name, 'file');
  const roots = new Map<string, Root>();
  for (const name of [...files.keys()].sort()) roots.set(name, await rootOf(files.get(name)!));
  const of = (root: Root): string[] => [...roots].filter(([, one]) => one === root).map(([name]) => name);
  for (const name of [...of('server-data'), ...of('host')]) if (!done.has(name)) await read(name);
  // One person of whom nobody says the domain. And what is of no server, if there is nothing else: that is told by its reader.
  const lost = [...of('user'), ...(done.size === 0 ? of('other') : [])].find((name) => !done.has(name));
  if (lost !== undefined) await read(lost);
  for (const name of of('other')) if (!done.has(name)) visitor.left(`the file ${name}, which is none of these`, false);
}

/** What a file begins with, as far as its order among others is concerned. */
async function rootOf(path: string): Promise<Root> {
  const stream = createReadStream(path, { end: PIECE - 1 });
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  const name = /<([^\s!?/>]+)/.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? '';
  const local = name.slice(name.indexOf(':') + 1);
  return ROOTS.find((root) => root === local) ?? 'other';
}

class Walk {
  readonly #files: Files;
  readonly #visitor: Visitor;
  readonly #signal: AbortSignal;
  readonly #done: Set<string>;
  /** The people of the domain at hand are read. */
  #wanted = true;

  constructor(files: Files, visitor: Visitor, signal: AbortSignal, done: Set<string>) {
    this.#files = files;
    this.#visitor = visitor;
    this.#signal = signal;
    this.#done = done;
  }

  async file(name: string, level: Level): Promise<void> {
    // XInclude: what includes itself has no end, and what is included again and again has none that anybody lives to see.
    if (this.#done.has(name)) throw new PieError('It is included twice.', name);
    this.#done.add(name);
    const events: PieEvent[] = [];
    const reader = new PieReader(level, (event) => events.push(event));
    let at = 0;
    try {
      const stream = createReadStream(this.#files.get(name)!, { highWaterMark: PIECE, signal: this.#signal });
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        reader.write(chunk);
        at += chunk.length;
        await this.#tell(events, name);
        this.#visitor.read(chunk.length);
        await turn();
      }
      reader.end();
      await this.#tell(events, name);
    } catch (error) {
      if (this.#signal.aborted) throw new Halted();
      if (error instanceof StreamError) throw new PieError(`${wordsOf(error)} (near byte ${at})`, name);
      if (error instanceof PieError && error.file === '') throw new PieError(error.message, name);
      throw error;
    }
  }

  async #tell(events: PieEvent[], name: string): Promise<void> {
    const visitor = this.#visitor;
    for (const event of events.splice(0)) {
      if (this.#signal.aborted) throw new Halted();
      if (event.kind === 'host') this.#wanted = visitor.host(event.jid);
      else if (event.kind === 'include') await this.file(included(this.#files, name, event.attrs), event.level);
      else if (!this.#wanted) {
        if (event.kind === 'user') visitor.passed();
      } else if (event.kind === 'left') visitor.left(event.what, event.inUser);
      else if (event.kind === 'user') await visitor.user(event.attrs);
      else if (event.kind === 'part') await visitor.part(event);
      else await visitor.userEnd();
    }
  }
}

function wordsOf(error: StreamError): string {
  if (error.condition === 'restricted-xml')
    return 'It has comments, a document type or entities of its own, which is not allowed here.';
  return error.message === '' ? 'It is no well-formed XML.' : error.message;
}
