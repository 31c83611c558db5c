import { StreamError } from '../xmpp/stream-error.ts';

/** A start or empty-element tag as written. */
export interface Tag {
  readonly name: string;
  /** Names and values in turn, in order of appearance: [name, value, name, value, …]. */
  readonly attributes: readonly string[];
  readonly empty: boolean;
}

/**
 * Names without the colon, which namespaces have taken: those that both the fourth edition of XML 1.0 (appendix B) and the
 * fifth (§2.3) allow, in common scripts. Many clients read by the fourth edition; a name that only the fifth knows would end
 * the stream of everybody whom we pass it on to.
 */
const START =
  'A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u0131\\u0134-\\u013e\\u0141-\\u0148\\u014a-\\u017e\\u0386\\u0388-\\u038a\\u038c' +
  '\\u038e-\\u03a1\\u03a3-\\u03ce\\u0401-\\u040c\\u040e-\\u044f\\u0451-\\u045c\\u045e-\\u0481\\u05d0-\\u05ea\\u0621-\\u063a' +
  '\\u0641-\\u064a\\u3041-\\u3094\\u30a1-\\u30fa\\u4e00-\\u9fa5\\uac00-\\ud7a3';
const NAME = new RegExp(`^[${START}][-.0-9\\u00b7${START}]*$`);
/** XML 1.0 §2.2: not a character. Lone surrogates cannot come out of valid UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NOT_A_CHARACTER = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function malformed(text = 'This is not well-formed XML.'): never {
  throw new StreamError('not-well-formed', text);
}

function isWhite(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d;
}

/** Names come again and again: those that were checked are remembered, a bounded number of them. */
const checked = new Set<string>();

/** Throws when it is not an NCName, or two with a colon between (Namespaces in XML §4). */
function checkName(name: string): void {
  if (checked.has(name)) return;
  const colon = name.indexOf(':');
  const parts = colon < 0 ? [name] : [name.slice(0, colon), name.slice(colon + 1)];
  for (const part of parts) if (!NAME.test(part)) malformed('This is no name of an element or attribute.');
  if (checked.size < 2_000 && name.length < 64) checked.add(name);
}

/** Resolves references (XML §4.1, §4.6): the five of XML and characters by number, no others exist here. */
function resolve(raw: string): string {
  if (!raw.includes('&')) return raw;
  return raw.replace(/&([^;]*)(;?)/g, (_, name: string, end: string) => {
    if (end === '') malformed('A reference has no end.');
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const number = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}))$/.exec(name);
    if (number === null) {
      if (NAME.test(name)) throw new StreamError('restricted-xml', 'Only the five entities of XML exist in XMPP.');
      malformed('A reference is malformed.');
    }
    const code = number[1] === undefined ? Number.parseInt(number[2]!, 10) : Number.parseInt(number[1], 16);
    const allowed = (code >= 0x20 && code <= 0xd7ff) || code === 9 || code === 10 || code === 13;
    if (!allowed && !((code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff))) {
      malformed('A reference is to no character.');
    }
    return String.fromCodePoint(code);
  });
}

/** Character data as meant. Throws StreamError on what may not stand there (XML §2.4). */
export function readText(raw: string): string {
  if (raw.includes(']]>')) malformed();
  return resolve(readCdata(raw));
}

/** A CDATA section's text: as it is, but for line ends (XML §2.11). */
export function readCdata(raw: string): string {
  if (NOT_A_CHARACTER.test(raw)) malformed('A character is used that XML does not have.');
  return raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
}

function readValue(raw: string): string {
  if (raw.includes('<')) malformed('An attribute holds a <.');
  if (NOT_A_CHARACTER.test(raw)) malformed('A character is used that XML does not have.');
  return resolve(/[\t\n\r]/.test(raw) ? raw.replace(/\r\n|[\t\n\r]/g, ' ') : raw); // XML §3.3.3
}

/** The name in an end tag, which stands behind its `/`. */
export function readEndTag(raw: string): string {
  let end = raw.length;
  while (end > 1 && isWhite(raw.charCodeAt(end - 1))) end--;
  return raw.slice(1, end);
}

/** Reads a start or empty-element tag (XML §3.1). Throws StreamError. */
export function readTag(raw: string): Tag {
  let end = raw.length;
  const empty = raw.charCodeAt(end - 1) === 0x2f;
  if (empty) end--;
  let at = 0;
  while (at < end && !isWhite(raw.charCodeAt(at))) at++;
  const name = raw.slice(0, at);
  checkName(name);
  const attributes: string[] = [];
  for (;;) {
    const gap = at;
    while (at < end && isWhite(raw.charCodeAt(at))) at++;
    if (at >= end) return { name, attributes, empty };
    if (at === gap) malformed('There is no space between two attributes.');
    const start = at;
    while (at < end && raw.charCodeAt(at) !== 0x3d && !isWhite(raw.charCodeAt(at))) at++;
    const attribute = raw.slice(start, at);
    checkName(attribute);
    while (at < end && isWhite(raw.charCodeAt(at))) at++;
    if (raw.charCodeAt(at) !== 0x3d) malformed('An attribute has no value.');
    at++;
    while (at < end && isWhite(raw.charCodeAt(at))) at++;
    const quote = raw.charAt(at);
    if (at >= end || (quote !== '"' && quote !== "'")) malformed('A value has no quotes.');
    const close = raw.indexOf(quote, at + 1);
    if (close < 0 || close >= end) malformed('A value has no end.');
    attributes.push(attribute, readValue(raw.slice(at + 1, close)));
    at = close + 1;
  }
}
