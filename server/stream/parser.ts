import { Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { StanzaLimits } from './limits.ts';
import { namespaceOf, OUTERMOST, Scope, scopeOf } from './scope.ts';
import { malformed, readCdata, readEndTag, readTag, readText, type Tag } from './tag.ts';
import { Tokenizer, type TokenSink } from './tokenizer.ts';
import { Utf8Reader } from './utf8.ts';

/** What the peer's `<stream:stream>` says (RFC 6120 §4.7). */
export class StreamHeader {
  readonly to: string;
  readonly from: string;
  readonly version: string;
  /** Of the stream (RFC 6120 §4.7.3); only who was called gives one. */
  readonly id: string;
  readonly lang: string;

  constructor(attributes: { to?: string; from?: string; id?: string; version?: string; 'xml:lang'?: string }) {
    this.to = attributes.to ?? '';
    this.from = attributes.from ?? '';
    this.version = attributes.version ?? '';
    this.id = attributes.id ?? '';
    this.lang = attributes['xml:lang'] ?? '';
  }
}

/** What a stream gives: its header, then whole first-level elements, then 'close' for `</stream:stream>`. */
export type StreamItem = StreamHeader | Element | 'close';

/**
 * What stands around the elements: the `<stream:stream>` of TCP, the `<body>` of BOSH (XEP-0124 §5), which is given as an
 * element of its own, or nothing, where each message is a document (RFC 7395 §3.3).
 */
export type Root = 'stream' | 'body' | 'none';

/** Stands for the element around all where there is none: no end tag can be read as this. */
const NAMELESS = ' ';
const WHITE = /^[ \t\r\n]*$/;

/**
 * The only reader of raw XML: bytes in, elements in canonical form out (see xmpp/element.ts). Strict: no comments,
 * processing instructions, DOCTYPE or entities of one's own (RFC 6120 §11.1), well-formed and namespace-well-formed, UTF-8
 * only, each stanza within limits. Its cost is linear in the bytes however they are cut. Why it is our own: see
 * docs/decisions/0003-own-xml-reader.md.
 */
export class StreamParser implements TokenSink {
  limits: StanzaLimits;
  readonly #contentNamespace: string;
  readonly #emit: (item: StreamItem) => void;
  readonly #root: Root;
  readonly #utf8 = new Utf8Reader();
  readonly #tokenizer = new Tokenizer(this);
  /** The element that is open, inside the stanza; undefined between stanzas. */
  #open: Element | undefined;
  /** Of each open element: its name as written, its namespace, and the scope inside it. The first is the stream. */
  readonly #names: string[] = [];
  readonly #namespaces: string[] = [];
  readonly #scopes: Scope[] = [OUTERMOST];
  #ended = false;
  #declared = 0;
  #elements = 0;
  #bytes = 0;
  #chunk = '';
  #chunkIsAscii = true;
  /** Up to where the chunk's characters are counted in #bytes. */
  #counted = 0;
  /** Nothing but white space has come since the last stanza. */
  #between = false;

  /** `contentNamespace` is that of the stanzas (jabber:client, for one); `emit` is called in order. */
  constructor(contentNamespace: string, limits: StanzaLimits, emit: (item: StreamItem) => void, root: Root = 'stream') {
    this.#contentNamespace = contentNamespace;
    this.limits = limits;
    this.#emit = emit;
    this.#root = root;
    if (root !== 'none') return;
    this.#names.push(NAMELESS);
    this.#namespaces.push(contentNamespace);
    this.#scopes.push(new Scope('', contentNamespace, OUTERMOST));
  }

  /** Nothing that has begun is unfinished. */
  get whole(): boolean {
    return this.#open === undefined && this.#tokenizer.blank && !this.#utf8.pending;
  }

  /** Reads a chunk of bytes, cut anywhere. Throws StreamError; after that the parser must not be used again. */
  write(bytes: Buffer): void {
    const whole = !this.#utf8.pending;
    const chunk = this.#utf8.read(bytes);
    // White space between stanzas is keep-alive (RFC 6120 §4.6.1); it must not pile up in the tokenizer.
    if (this.#between && WHITE.test(chunk)) return;
    this.#chunk = chunk;
    this.#chunkIsAscii = whole && chunk.length === bytes.length;
    this.#counted = 0;
    this.#between = false;
    this.#tokenizer.write(chunk);
    if (this.#open === undefined && this.#tokenizer.outsideMarkup) {
      if (!this.#tokenizer.blank) this.#junk(); // at once, not when a tag comes at last
      this.#between = this.#names.length === 1 && this.#bytes === 0;
    }
    if (!this.#between) this.#count(chunk.length);
    this.#chunk = '';
  }

  declaration(raw: string): void {
    const parts =
      /^[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(["'])([^"']*)\1(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(["'])([A-Za-z][-A-Za-z0-9._]*)\3)?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*$/.exec(
        raw,
      );
    if (parts === null || parts[2] !== '1.0') malformed('XML 1.0 is spoken here.');
    if (parts[4] !== undefined && parts[4].toUpperCase() !== 'UTF-8') {
      throw new StreamError('unsupported-encoding', 'Only UTF-8 is spoken here.'); // RFC 6120 §11.6
    }
  }

  text(raw: string): void {
    const open = this.#open;
    if (open !== undefined) this.#append(open, readText(raw));
    else if (!WHITE.test(raw)) this.#junk();
  }

  /** Text that is in no stanza. */
  #junk(): never {
    if (this.#names.length === 0) malformed();
    throw new StreamError('bad-format', 'Text must be inside a stanza.');
  }

  cdata(raw: string): void {
    if (this.#open === undefined) throw new StreamError('bad-format', 'Text must be inside a stanza.');
    this.#append(this.#open, readCdata(raw));
  }

  tag(raw: string): void {
    if (this.#ended) malformed('Nothing can follow the end of a stream.');
    if (raw.charCodeAt(0) === 0x2f) {
      if (this.#names.length === 0 || readEndTag(raw) !== this.#names[this.#names.length - 1]) {
        malformed('An element is closed that is not open.');
      }
      this.#close();
      return;
    }
    const tag = readTag(raw);
    const scope = scopeOf(tag, this.#scopes[this.#scopes.length - 1]!);
    if (this.#names.length === 0) this.#header(tag, scope);
    else this.#element(tag, scope);
    this.#names.push(tag.name);
    this.#scopes.push(scope);
    if (tag.empty) this.#close();
  }

  #header(tag: Tag, scope: Scope): void {
    const colon = tag.name.indexOf(':');
    const uri = namespaceOf(scope, tag.name, colon, scope.get('') ?? '');
    if (this.#root === 'body') {
      this.#body(tag, scope, uri, tag.name.slice(colon + 1));
      return;
    }
    if (uri !== NS.stream) throw new StreamError('invalid-namespace', 'This is not a stream of XMPP.'); // RFC 6120 §4.8.1
    if (tag.name.slice(colon + 1) !== 'stream') throw new StreamError('bad-format', 'A stream begins with <stream>.');
    if (colon >= 0 && scope.get('') !== this.#contentNamespace) {
      throw new StreamError('invalid-namespace', `The content of this stream is ${this.#contentNamespace}.`); // §4.8.2
    }
    const attributes = new Element('stream', undefined);
    this.#attributes(tag, scope, attributes);
    this.#namespaces.push(this.#contentNamespace);
    this.#boundary();
    this.#emit(new StreamHeader(attributes.attrs));
  }

  #body(tag: Tag, scope: Scope, uri: string, name: string): void {
    if (uri !== NS.bosh || name !== 'body') throw new StreamError('bad-format', 'A request of BOSH is a <body>.');
    const body = new Element('body', undefined);
    this.#attributes(tag, scope, body);
    this.#namespaces.push(this.#contentNamespace);
    this.#boundary();
    this.#emit(body);
  }

  #element(tag: Tag, scope: Scope): void {
    const { limits } = this;
    if (++this.#elements > limits.children) {
      throw new StreamError('policy-violation', `A stanza may have ${limits.children} elements.`);
    }
    if (this.#names.length > limits.depth) {
      throw new StreamError('policy-violation', `A stanza may have ${limits.depth} levels of elements.`);
    }
    const colon = tag.name.indexOf(':');
    const uri = namespaceOf(scope, tag.name, colon, scope.get('') ?? '');
    if (uri === NS.stream && this.#open === undefined && tag.name.slice(colon + 1) === 'stream') {
      throw new StreamError('bad-format', 'A stream cannot begin inside a stream.');
    }
    // Legal, but of no use, and nobody could read it again: no declaration may name this namespace (Namespaces in XML §3).
    if (uri === NS.xml) throw new StreamError('restricted-xml', 'No element is of the namespace of XML itself.');
    const element = new Element(colon < 0 ? tag.name : tag.name.slice(colon + 1), undefined);
    if (uri !== this.#namespaces[this.#namespaces.length - 1]) element.attrs.xmlns = uri;
    this.#attributes(tag, scope, element);
    this.#namespaces.push(uri);
    if (this.#open !== undefined) {
      element.parent = this.#open;
      this.#open.children.push(element);
    }
    this.#open = element;
  }

  /** Puts a tag's attributes on an element: declarations are left out, prefixes keep one of their own beside them. */
  #attributes(tag: Tag, scope: Scope, element: Element): void {
    const { attributes } = tag;
    const { limits } = this;
    if (attributes.length > 2 * limits.attributes) {
      throw new StreamError('policy-violation', `An element may have ${limits.attributes} attributes.`);
    }
    const expanded = attributes.length > 2 ? new Set<string>() : undefined;
    for (let i = 0; i < attributes.length; i += 2) {
      const name = attributes[i]!;
      // Attributes are properties of an object, where this name means something else.
      if (name === '__proto__') throw new StreamError('restricted-xml', 'No attribute can have this name here.');
      const colon = name.indexOf(':');
      const declares = name === 'xmlns' || (colon === 5 && name.startsWith('xmlns'));
      const uri = declares || colon < 0 ? '' : namespaceOf(scope, name, colon, '');
      if (expanded !== undefined) {
        const key = uri === '' ? name : `${uri} ${name.slice(colon + 1)}`;
        if (expanded.has(key)) malformed('An attribute stands twice.');
        expanded.add(key);
      }
      if (declares) {
        if (++this.#declared > limits.namespaces) {
          throw new StreamError('policy-violation', `A stanza may declare ${limits.namespaces} namespaces.`);
        }
      } else {
        element.attrs[name] = attributes[i + 1]!;
        if (uri !== '' && uri !== NS.xml) element.attrs[`xmlns:${name.slice(0, colon)}`] = uri;
      }
    }
  }

  #close(): void {
    this.#names.pop();
    this.#scopes.pop();
    this.#namespaces.pop();
    const element = this.#open;
    if (element === undefined) {
      this.#ended = true;
      this.#boundary();
      this.#emit('close');
      return;
    }
    const parent = element.parent as Element | null;
    this.#open = parent ?? undefined;
    if (parent !== null) return;
    this.#boundary();
    this.#emit(element);
  }

  /** Text and CDATA that follow each other are one text. */
  #append(element: Element, text: string): void {
    if (text === '') return; // an empty CDATA section
    const { children } = element;
    const last = children.length - 1;
    if (typeof children[last] === 'string') children[last] += text;
    else children.push(text);
  }

  /** A stanza (or the header) ends here. */
  #boundary(): void {
    this.#count(this.#tokenizer.position);
    this.#bytes = 0;
    this.#elements = 0;
    this.#declared = 0;
  }

  /** Adds what was read of the chunk, up to a position in it, to the bytes of the stanza. */
  #count(upTo: number): void {
    const part = upTo - this.#counted;
    if (part <= 0) return;
    this.#bytes += this.#chunkIsAscii ? part : Buffer.byteLength(this.#chunk.slice(this.#counted, upTo));
    this.#counted = upTo;
    if (this.#bytes > this.limits.bytes) {
      throw new StreamError('policy-violation', `A stanza may have ${this.limits.bytes} bytes.`); // RFC 6120 §13.12
    }
  }
}

const STORED_LIMITS: StanzaLimits = {
  bytes: Number.MAX_SAFE_INTEGER,
  depth: Number.MAX_SAFE_INTEGER,
  attributes: Number.MAX_SAFE_INTEGER,
  children: Number.MAX_SAFE_INTEGER,
  namespaces: Number.MAX_SAFE_INTEGER,
};
const STORED_HEADER = Buffer.from(`<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'>`);

/** Reads one stanza that we serialised ourselves, from the store. Throws StreamError when it is damaged. */
export function parseStanza(xml: string): Element {
  let found: Element | undefined;
  const parser = new StreamParser(NS.client, STORED_LIMITS, (item) => {
    if (item instanceof Element) found = item;
  });
  parser.write(STORED_HEADER);
  parser.write(Buffer.from(xml));
  if (found === undefined) throw new StreamError('not-well-formed', 'A stored stanza is damaged.');
  return found;
}
