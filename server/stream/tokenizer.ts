import { StreamError } from '../xmpp/stream-error.ts';

/** What the tokenizer finds, in order; each whole, however the text was cut. */
export interface TokenSink {
  /** Raw character data: references are not resolved yet. */
  text(raw: string): void;
  /** What stands between `<` and `>` of a start, end or empty-element tag. */
  tag(raw: string): void;
  /** What stands in a CDATA section. */
  cdata(raw: string): void;
  /** What stands between `<?xml` and `?>` at the very beginning. */
  declaration(raw: string): void;
}

const LT = 0x3c;
const GT = 0x3e;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const CDATA = '![CDATA[';
const WHITE = /^[ \t\r\n]*$/;

type Markup = 'tag' | 'cdata' | 'declaration' | undefined;

/**
 * Cuts text into tags and what is between them. Every character is looked at once: the beginning of an unfinished token is
 * kept as it is and only joined when its end comes, so tiny chunks cost no more than large ones (CVE-2023-52425).
 */
export class Tokenizer {
  readonly #sink: TokenSink;
  /** The unfinished token's beginning: many small strings in one, not to be looked into before its end has come. */
  #held = '';
  /** Its last two characters. */
  #tail = '';
  /** Inside markup, behind its `<`. */
  #inMarkup = false;
  #markup: Markup;
  /** Inside a tag: the quote that ends the attribute value, 0 outside. */
  #quote = 0;
  /** Nothing has come yet: an XML declaration may. */
  #virgin = true;
  /** How far the chunk at hand is read. */
  position = 0;

  constructor(sink: TokenSink) {
    this.#sink = sink;
  }

  /** The last character seen was of character data, not of markup. */
  get outsideMarkup(): boolean {
    return !this.#inMarkup;
  }

  /** Between tags, with nothing but white space since the last one. */
  get blank(): boolean {
    return !this.#inMarkup && WHITE.test(this.#held);
  }

  /** Throws StreamError on what XMPP excludes (RFC 6120 §11.1) as soon as it shows. */
  write(chunk: string): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inMarkup) {
        const lt = chunk.indexOf('<', at);
        if (lt < 0) {
          this.#held += at === 0 ? chunk : chunk.slice(at);
          this.position = chunk.length;
          return;
        }
        if (lt > at || this.#held !== '') {
          const text = this.#held + chunk.slice(at, lt);
          this.#held = '';
          this.#virgin = false;
          this.position = lt;
          this.#sink.text(text);
        }
        this.#inMarkup = true;
        at = lt + 1;
        continue;
      }
      const end = this.#endOfMarkup(chunk, at);
      if (end < 0) {
        const part = at === 0 ? chunk : chunk.slice(at);
        this.#held += part;
        this.#tail = (this.#tail + part.slice(-2)).slice(-2);
        this.position = chunk.length;
        if (this.#markup === undefined) this.#markup = this.#classify(this.#held);
        return;
      }
      const raw = this.#held === '' ? chunk.slice(at, end) : this.#held + chunk.slice(at, end);
      const markup = this.#markup ?? this.#classify(raw);
      this.#held = '';
      this.#tail = '';
      this.#inMarkup = false;
      this.#markup = undefined;
      this.#virgin = false;
      at = end + 1;
      this.position = at;
      if (markup === 'tag') this.#sink.tag(raw);
      else if (markup === 'cdata') this.#sink.cdata(raw.slice(CDATA.length, -2));
      else this.#sink.declaration(raw.slice(4, -1));
    }
    this.position = chunk.length;
  }

  /** The index of the `>` that ends the markup, or -1. */
  #endOfMarkup(chunk: string, from: number): number {
    let at = from;
    if (this.#markup === undefined) {
      this.#markup = this.#classify(this.#held + chunk.slice(at, at + CDATA.length));
      if (this.#markup === undefined) return -1; // the chunk ends before it is clear, and before any `>` that counts
    }
    if (this.#markup !== 'tag') {
      const tail = this.#markup === 'cdata' ? ']]' : '?';
      for (;;) {
        const gt = chunk.indexOf('>', at);
        if (gt < 0) return -1;
        const before =
          gt >= tail.length ? chunk.slice(gt - tail.length, gt) : (this.#tail + chunk.slice(0, gt)).slice(-tail.length);
        if (before === tail && this.#held.length + gt - from >= (this.#markup === 'cdata' ? CDATA.length + 2 : 5))
          return gt;
        if (this.#markup === 'declaration')
          throw new StreamError('not-well-formed', 'The XML declaration is malformed.');
        at = gt + 1;
      }
    }
    while (at < chunk.length) {
      if (this.#quote !== 0) {
        const close = chunk.indexOf(this.#quote === QUOTE ? '"' : "'", at);
        if (close < 0) return -1;
        this.#quote = 0;
        at = close + 1;
        continue;
      }
      const c = chunk.charCodeAt(at);
      if (c === GT) return at;
      if (c === QUOTE || c === APOSTROPHE) this.#quote = c;
      else if (c === LT) throw new StreamError('not-well-formed', 'A tag begins inside a tag.');
      at++;
    }
    return -1;
  }

  /** What markup begins with these characters; undefined while that is open. */
  #classify(start: string): Markup {
    const c = start.charCodeAt(0);
    if (c === 0x21 /* ! */) {
      if (start.startsWith(CDATA)) return 'cdata';
      if (CDATA.startsWith(start)) return undefined;
      throw new StreamError('restricted-xml', 'Comments and document types are not allowed in XMPP.');
    }
    if (c === 0x3f /* ? */) {
      if (this.#virgin && /^\?xml[ \t\r\n]/.test(start)) return 'declaration';
      if (this.#virgin && '?xml'.startsWith(start)) return undefined;
      throw new StreamError('restricted-xml', 'Processing instructions are not allowed in XMPP.');
    }
    return start === '' ? undefined : 'tag';
  }
}
