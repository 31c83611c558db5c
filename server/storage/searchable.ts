import { words } from '../util/words.ts';
import { escapeAttribute } from '../xmpp/element.ts';

/** Words that follow each other. */
export interface Phrase {
  readonly words: readonly string[];
  /** The last word may go on: "meet" finds "meeting". */
  readonly open: boolean;
}

/** What a stored stanza is looked at for; all of it must be there. */
export interface Pattern {
  readonly phrases: readonly Phrase[];
  /** It is to or from exactly this address. */
  readonly address?: string;
  /** It is to or from an address of one of these domains. */
  readonly domains?: readonly string[];
  /** This stands somewhere in its XML. */
  readonly xml?: string;
}

/** Words of one query. */
export const MOST_WORDS = 16;
/** Characters of one query. */
export const LONGEST_TEXT = 1_000;

/** A word of so many letters finds those as well that begin with it; a shorter one would find half the language. */
const OPEN_FROM = 4;
const SHORT_KEY = 4;
const LONG_KEY = 8;

/** Payloads that say: the text beside them is for those who cannot read the real one (XEP-0380, 0384, 0373, 0027). */
const ENCRYPTED: ReadonlySet<string> = new Set([
  'urn:xmpp:eme:0',
  'eu.siacs.conversations.axolotl',
  'urn:xmpp:omemo:1',
  'urn:xmpp:omemo:2',
  'urn:xmpp:openpgp:0',
  'jabber:x:encrypted',
  'urn:xmpp:message-retract:1', // likewise: nobody looks for the text that stands in for a retraction (XEP-0424)
]);
/** Whether a payload says that the text beside it is not what was meant to be read. A retraction is not encrypted. */
export function isStandIn(xmlns: string | undefined): boolean {
  return xmlns !== undefined && xmlns !== 'urn:xmpp:message-retract:1' && ENCRYPTED.has(xmlns);
}

const XMLNS = / xmlns='([^']*)'/;

/**
 * The text that somebody wrote in a message, out of its XML as `serialize` makes it, so that no tree is built: the content
 * of the bodies that are its own children. '' when there is none, or when it only stands in for something else.
 */
export function writtenIn(xml: string): string {
  let text = '';
  let depth = 0;
  // No attribute has a `<` or `>` in it, as those are escaped there.
  let at = xml.indexOf('>') + 1;
  for (;;) {
    const start = xml.indexOf('<', at);
    if (start < 0) return text;
    const end = xml.indexOf('>', start);
    if (xml[start + 1] === '/') {
      if (--depth < 0) return text;
      at = end + 1;
      continue;
    }
    at = end + 1;
    const empty = xml[end - 1] === '/';
    if (depth === 0) {
      const tag = xml.slice(start, end);
      const xmlns = XMLNS.exec(tag)?.[1];
      if (xmlns !== undefined && ENCRYPTED.has(xmlns)) return '';
      if (xmlns === undefined && !empty && (tag === '<body' || tag.startsWith('<body '))) {
        const close = xml.indexOf('</body>', at);
        text += `${text === '' ? '' : '\n'}${plain(xml.slice(at, close))}`;
        at = close + '</body>'.length;
        continue;
      }
    }
    if (!empty) depth++;
  }
}

/** Only words matter of it, and no escaped character is part of one. */
function plain(content: string): string {
  return /[&<]/.test(content) ? content.replace(/<[^>]*>|&(?:amp|lt|gt|quot|apos|#9|#10|#13);/g, ' ') : content;
}

/** One or two letters are in so many messages that an index of them would help nobody; what other scripts say in them is more. */
const SMALL = /^[a-z]{1,2}$/;

/** Under which keys a word is looked up in an index. They are its beginnings, so that they also find what it begins. */
function keyOf(word: string): string {
  return word.length >= LONG_KEY ? `+${word.slice(0, LONG_KEY)}` : word.slice(0, SHORT_KEY);
}

/** All keys of a stored stanza, each with a space before it; '' when there is no text in it. */
export function keysIn(xml: string): string {
  let keys = '';
  for (const word of words(writtenIn(xml))) {
    if (word.length <= 2 && SMALL.test(word)) continue;
    keys += ` ${word.slice(0, SHORT_KEY)}`;
    if (word.length >= LONG_KEY) keys += ` ${keyOf(word)}`;
  }
  return keys;
}

/** The keys that must be in `keysIn` of whatever these phrases are in. None: only reading the messages tells. */
export function keysOf(phrases: readonly Phrase[]): string[] {
  const all = phrases.flatMap((phrase) => phrase.words.filter((word) => !SMALL.test(word)).map(keyOf));
  return [...new Set(all)];
}

/**
 * What somebody wants to find, as written: words, all of which must be there, in any order; "in quotation marks" words that
 * follow each other and end where they end. Nothing else is special. Undefined when it is too long.
 */
export function readPhrases(text: string): Phrase[] | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const phrases: Phrase[] = [];
  // A quotation mark without its partner is like any other sign between words.
  for (const [part, quoted] of text.matchAll(/["“”„«»]([^"“”„«»]*)["“”„«»]|[^\s"“”„«»]+/g)) {
    const found = words(quoted ?? part);
    // What belongs together without being a word, like 10:30 or an address, is a phrase.
    if (found.length > 0)
      phrases.push({ words: found, open: quoted === undefined && found.at(-1)!.length >= OPEN_FROM });
  }
  const count = phrases.reduce((sum, phrase) => sum + phrase.words.length, 0);
  return count > MOST_WORDS ? undefined : phrases;
}

/** Whether a stored stanza has all that is looked for. */
export function matches(xml: string, pattern: Pattern): boolean {
  if (pattern.xml !== undefined && !xml.includes(pattern.xml)) return false;
  if (pattern.address !== undefined && !concerns(xml, pattern.address)) return false;
  if (pattern.domains !== undefined && !isOf(xml, pattern.domains)) return false;
  if (pattern.phrases.length === 0) return true;
  const text = words(writtenIn(xml));
  return pattern.phrases.every((phrase) => stands(phrase, text));
}

function concerns(xml: string, address: string): boolean {
  const tag = xml.slice(0, xml.indexOf('>'));
  const value = `'${escapeAttribute(address)}'`;
  return tag.includes(` to=${value}`) || tag.includes(` from=${value}`);
}

const ADDRESS = / (?:to|from)='(?:[^'@/]*@)?([^'/]*)/g;

function isOf(xml: string, domains: readonly string[]): boolean {
  for (const [, domain] of xml.slice(0, xml.indexOf('>')).matchAll(ADDRESS)) if (domains.includes(domain!)) return true;
  return false;
}

function stands(phrase: Phrase, text: readonly string[]): boolean {
  const last = phrase.words.length - 1;
  const final = phrase.words[last]!;
  for (let end = last; end < text.length; end++) {
    const word = text[end]!;
    if (word !== final && !(phrase.open && word.startsWith(final))) continue;
    let n = last;
    while (n > 0 && text[end - last + n - 1] === phrase.words[n - 1]) n--;
    if (n === 0) return true;
  }
  return false;
}
