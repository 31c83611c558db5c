// XEP-0227 1.1

import { Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import {
  type Level,
  naming,
  OLD_PIE,
  PIE,
  PIE_MAM,
  PieError,
  type PieEvent,
  type Shell,
  XINCLUDE,
} from './portable-words.ts';
import { namespaceOf, OUTERMOST, type Scope, scopeOf } from './scope.ts';
import { readCdata, readEndTag, readTag, readText, type Tag } from './tag.ts';
import { Tokenizer, type TokenSink } from './tokenizer.ts';
import { Utf8Reader } from './utf8.ts';

export interface ReaderLimits {
  /** Characters of one part of a person, texts and attributes together; what is more is passed over, and named. */
  readonly part: number;
  /** Elements of one part. */
  readonly elements: number;
  /** Levels of elements in all; beyond, the file is refused. */
  readonly depth: number;
  /** Bytes without the end of a tag or of a text; beyond, the file is refused. */
  readonly token: number;
}

export const LIMITS: ReaderLimits = { part: 4_000_000, elements: 20_000, depth: 200, token: 16_000_000 };

/** What may hold too much to be looked at in one piece: its children are the parts. */
const OPENED: Readonly<Record<string, readonly string[]>> = {
  [PIE]: ['offline-messages'],
  [PIE_MAM]: ['archive'],
  [NS.roster]: ['query'],
  [NS.private]: ['query'],
  [NS.pubsub]: ['pubsub'],
};

/** What is open and no part: the file's own elements, and what is in OPENED. */
interface Open extends Shell {
  readonly is: 'server' | 'host' | 'user' | 'within' | 'include';
}

const WHITE = /^[ \t\r\n]*$/;

/**
 * Reads a file of XEP-0227 as it comes and tells what is in it, a part at a time, so that the size of the file does not matter.
 * As strict as the reader of streams: no document types, so no entities of one's own, and UTF-8 only. Throws PieError and StreamError.
 */
export class PieReader implements TokenSink {
  readonly #tell: (event: PieEvent) => void;
  readonly #limits: ReaderLimits;
  readonly #level: Level;
  readonly #utf8 = new Utf8Reader();
  readonly #tokenizer = new Tokenizer(this);
  readonly #names: string[] = [];
  readonly #namespaces: string[] = [];
  readonly #scopes: Scope[] = [OUTERMOST];
  readonly #opened: Open[] = [];
  #part: Element | undefined;
  #characters = 0;
  #elements = 0;
  /** At how many open elements what is passed over began; 0: nothing is. */
  #passing = 0;
  #ended = false;
  #begun = false;
  /** Bytes since something was whole. */
  #waiting = 0;

  constructor(level: Level, tell: (event: PieEvent) => void, limits: ReaderLimits = LIMITS) {
    this.#level = level;
    this.#tell = tell;
    this.#limits = limits;
  }

  write(bytes: Buffer): void {
    this.#waiting += bytes.length;
    let chunk = this.#utf8.read(bytes);
    if (!this.#begun && chunk !== '') {
      this.#begun = true;
      if (chunk.startsWith('\ufeff')) chunk = chunk.slice(1);
    }
    this.#tokenizer.write(chunk);
    if (this.#waiting > this.#limits.token) throw new PieError('One piece of it is too long to be what it says it is.');
  }

  /** Throws PieError when the file is not whole. */
  end(): void {
    if (!this.#ended || !this.#tokenizer.blank || this.#utf8.pending)
      throw new PieError('It ends before its end: it is not whole.');
  }

  declaration(raw: string): void {
    const encoding = /encoding[ \t\r\n]*=[ \t\r\n]*["']([^"']*)["']/.exec(raw)?.[1] ?? 'UTF-8';
    if (encoding.toUpperCase() !== 'UTF-8')
      throw new PieError(`It is written in ${encoding.slice(0, 20)}, not in UTF-8.`);
  }

  text(raw: string): void {
    this.#waiting = 0;
    const text = readText(raw);
    if (this.#part !== undefined) this.#append(text);
    else if (this.#passing === 0 && !WHITE.test(text)) this.#stray();
  }

  cdata(raw: string): void {
    this.#waiting = 0;
    const text = readCdata(raw);
    if (this.#part !== undefined) this.#append(text);
    else if (this.#passing === 0) this.#stray();
  }

  tag(raw: string): void {
    this.#waiting = 0;
    if (this.#ended) throw new PieError('Something stands behind its end.');
    if (raw.startsWith('/')) {
      if (this.#names.length === 0 || readEndTag(raw) !== this.#names.at(-1)) {
        throw new PieError('An element is closed that is not open.');
      }
      this.#close();
      return;
    }
    const tag = readTag(raw);
    const scope = scopeOf(tag, this.#scopes.at(-1)!);
    if (this.#names.length >= this.#limits.depth) throw new PieError('Its elements are too deep in each other.');
    const colon = tag.name.indexOf(':');
    const written = namespaceOf(scope, tag.name, colon, scope.get('') ?? '');
    const xmlns = written === OLD_PIE ? PIE : written;
    const name = tag.name.slice(colon + 1);
    this.#names.push(tag.name);
    this.#scopes.push(scope);
    if (this.#passing === 0) {
      if (this.#part !== undefined) this.#child(tag, scope, name, xmlns);
      else this.#outside(tag, scope, name, xmlns);
    }
    this.#namespaces.push(xmlns);
    if (tag.empty) this.#close();
  }

  /** An element that is in no part: it is one of the file's own, or begins one. */
  #outside(tag: Tag, scope: Scope, name: string, xmlns: string): void {
    const around = this.#opened.at(-1)?.is ?? (this.#level === 'file' ? undefined : this.#level);
    if (this.#opened.length === 0) this.#checkRoot(name, xmlns);
    if (around === 'include') {
      this.#pass();
      return;
    }
    // XEP-0227 §4: those that are not children of <user/> or above are what people have written.
    if (xmlns === XINCLUDE && name === 'include' && around !== undefined && around !== 'within') {
      const attrs = attributesOf(tag, scope);
      this.#opened.push({ name, xmlns, attrs, is: 'include' });
      this.#tell({ kind: 'include', attrs, level: around });
      return;
    }
    if (around === undefined && name === 'server-data' && xmlns === PIE) {
      this.#opened.push({ name, xmlns, attrs: {}, is: 'server' });
      return;
    }
    if ((around === 'server' || around === undefined) && name === 'host' && xmlns === PIE) {
      const attrs = attributesOf(tag, scope);
      this.#opened.push({ name, xmlns, attrs, is: 'host' });
      this.#tell({ kind: 'host', jid: attrs.jid ?? '' });
      return;
    }
    if (around === 'host' && name === 'user' && xmlns === PIE) {
      const attrs = attributesOf(tag, scope);
      this.#opened.push({ name, xmlns, attrs, is: 'user' });
      this.#tell({ kind: 'user', attrs });
      return;
    }
    if (around !== 'user' && around !== 'within') {
      this.#left(name, xmlns, false);
      return;
    }
    const list = Object.hasOwn(OPENED, xmlns) ? OPENED[xmlns]! : [];
    const items = around === 'within' && xmlns === NS.pubsub && name === 'items';
    if (items || (around === 'user' && list.includes(name))) {
      this.#opened.push({ name, xmlns, attrs: attributesOf(tag, scope), is: 'within' });
      return;
    }
    this.#characters = 0;
    this.#elements = 0;
    this.#part = new Element(name, undefined);
    this.#part.attrs.xmlns = xmlns;
    this.#attributes(tag, scope, this.#part);
    this.#check();
  }

  #checkRoot(name: string, xmlns: string): void {
    const wanted = { file: ['server-data', 'host'], server: ['host'], host: ['user'], user: undefined }[this.#level];
    if (wanted === undefined || (xmlns === PIE && wanted.includes(name))) return;
    if (xmlns === PIE && name === 'user')
      throw new PieError('It is of one person, and says nothing of the domain: take the file that includes it.');
    throw new PieError(
      `It is not what servers write about their people (XEP-0227): it begins with ${naming(name, xmlns)}.`,
    );
  }

  #child(tag: Tag, scope: Scope, name: string, xmlns: string): void {
    const parent = this.#part!;
    const element = new Element(name, undefined);
    if (xmlns !== this.#namespaces.at(-1)) element.attrs.xmlns = xmlns;
    this.#attributes(tag, scope, element);
    element.parent = parent;
    parent.children.push(element);
    this.#part = element;
    this.#check();
  }

  /** Puts a tag's attributes on an element, in canonical form. */
  #attributes(tag: Tag, scope: Scope, element: Element): void {
    for (const [name, value] of Object.entries(attributesOf(tag, scope))) {
      element.attrs[name] = value;
      this.#characters += name.length + value.length;
    }
  }

  #append(text: string): void {
    const { children } = this.#part!;
    const last = children.length - 1;
    if (typeof children[last] === 'string') children[last] += text;
    else if (text !== '') children.push(text);
    this.#characters += text.length;
    this.#check();
  }

  /** Lets go of a part that is too large; the rest of it is passed over. */
  #check(): void {
    this.#elements++;
    if (this.#characters <= this.#limits.part && this.#elements <= this.#limits.elements) return;
    let top = this.#part!;
    let depth = this.#names.length;
    for (; top.parent !== null; top = top.parent as Element) depth--;
    this.#part = undefined;
    this.#passing = depth;
    this.#tell({ kind: 'left', what: `${naming(top.name, String(top.attrs.xmlns))}, too large`, inUser: true });
  }

  #left(name: string, xmlns: string, inUser: boolean): void {
    this.#pass();
    this.#tell({ kind: 'left', what: naming(name, xmlns), inUser });
  }

  #pass(): void {
    this.#passing = this.#names.length;
  }

  #stray(): void {
    const around = this.#opened.at(-1)?.is;
    if (around === undefined) throw new PieError('It is no XML.');
    this.#tell({ kind: 'left', what: 'text', inUser: around === 'user' || around === 'within' });
  }

  #close(): void {
    const depth = this.#names.length;
    this.#names.pop();
    this.#scopes.pop();
    this.#namespaces.pop();
    if (depth === 1) this.#ended = true;
    if (this.#passing > 0) {
      if (this.#passing === depth) this.#passing = 0;
      return;
    }
    const part = this.#part;
    if (part === undefined) {
      if (this.#opened.pop()?.is === 'user') this.#tell({ kind: 'user-end' });
      return;
    }
    const parent = part.parent as Element | null;
    this.#part = parent ?? undefined;
    if (parent !== null) return;
    const within = this.#opened.filter(({ is }) => is === 'within');
    this.#tell({ kind: 'part', within, element: part });
  }
}

/** Attributes by name; those with a prefix keep it, and what it means beside them. */
function attributesOf({ attributes }: Tag, scope: Scope): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i < attributes.length; i += 2) {
    const name = attributes[i]!;
    if (name === '__proto__') throw new PieError('An attribute has a name that it cannot have here.');
    const colon = name.indexOf(':');
    if (name === 'xmlns' || (colon === 5 && name.startsWith('xmlns'))) continue;
    const uri = colon < 0 ? '' : namespaceOf(scope, name, colon, '');
    if (Object.hasOwn(found, name)) throw new PieError('An attribute stands twice.');
    found[name] = attributes[i + 1]!;
    if (uri !== '' && uri !== NS.xml) found[`xmlns:${name.slice(0, colon)}`] = uri;
  }
  return found;
}
