import { domainToASCII, domainToUnicode } from 'node:url';
import { LRUCache } from 'lru-cache';

/** An address (RFC 7622), prepared and immutable: two equal addresses have equal strings. */
export interface Jid {
  /** The localpart, '' when there is none. */
  readonly local: string;
  readonly domain: string;
  /** The resourcepart, '' when there is none. */
  readonly resource: string;
  /** `local@domain`, or `domain`. */
  readonly bare: string;
  /** `bare/resource`, or the bare address when there is no resource. */
  readonly full: string;
}

/** The string is not an address that RFC 7622 allows. */
export class JidError extends Error {}

const MAX_PART_BYTES = 1023; // RFC 7622 §3.2, §3.3, §3.4
const ASCII_LOCAL = /^[a-z0-9._~!#$%*+=?^`{|}()[\]\\;,-]+$/;
const ASCII_DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const ASCII_RESOURCE = /^[\x20-\x7e]+$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/;

/** RFC 7622 §3.3.1: what the localpart excludes beside the IdentifierClass. */
const LOCAL_EXCLUDED = /["&'/:<>@]/;
/**
 * RFC 8264 §4.2 IdentifierClass: letters, digits, marks and printable ASCII; no spaces, symbols, controls, unassigned
 * or private-use code points; nothing with a compatibility decomposition (checked apart, by NFKC).
 */
const IDENTIFIER = /^[\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Nd}\p{Mn}\p{Mc}\x21-\x7e]+$/u;
/** RFC 5892: what a label may hold, roughly; URLs, whose rules turn names into ASCII here, also take symbols and emoji. */
const UNICODE_DOMAIN = /^[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}\u00b7.-]+$/u;
/** RFC 8264 §4.3 FreeformClass, which OpaqueString (RFC 8265 §4.2) stands on. */
const FREEFORM = /^[\p{L}\p{N}\p{M}\p{P}\p{S}\p{Zs}]+$/u;
/** Default ignorables and joiners are disallowed in both classes (RFC 8264 §9.6, §9.13); ZWJ/ZWNJ need context rules. */
const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\u{1100}-\u{11ff}\u{a960}-\u{a97c}\u{d7b0}-\u{d7fb}]/u;
const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

function tooLong(part: string): boolean {
  return part.length > MAX_PART_BYTES || (part.length * 3 > MAX_PART_BYTES && Buffer.byteLength(part) > MAX_PART_BYTES);
}

/** Prepares a localpart by UsernameCaseMapped (RFC 8265 §3.3). Throws JidError. */
export function prepareLocal(input: string): string {
  if (ASCII_LOCAL.test(input) && input.length <= MAX_PART_BYTES) return input;
  const wide = input.replace(/[\uff01-\uff5e]/g, (c) => c.normalize('NFKC')); // width mapping
  const mapped = wide.toLowerCase().normalize('NFC');
  if (mapped === '' || tooLong(mapped)) throw new JidError('the localpart is empty or too long');
  if (
    LOCAL_EXCLUDED.test(mapped) ||
    !IDENTIFIER.test(mapped) ||
    IGNORABLE.test(mapped) ||
    mapped !== mapped.normalize('NFKC')
  ) {
    throw new JidError('the localpart has characters that an address cannot have');
  }
  // RFC 5893: a right-to-left name begins with a letter of its script and holds no left-to-right letter.
  if (
    RTL.test(mapped) &&
    (/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u.test(mapped) || /^\p{Nd}/u.test(mapped))
  ) {
    throw new JidError('the localpart mixes writing directions');
  }
  return mapped;
}

/** Prepares a domainpart (RFC 7622 §3.2): a name whose labels IDNA allows, an IPv4 address or a bracketed IPv6 one. Throws JidError. */
export function prepareDomain(input: string): string {
  if (ASCII_DOMAIN.test(input) && !input.includes('xn--') && !/(^|\.)[0-9]+$/.test(input)) return input;
  const trimmed = input.endsWith('.') ? input.slice(0, -1) : input; // RFC 7622 §3.2: a final dot is removed first
  if (IPV4.test(trimmed)) {
    if (trimmed.split('.').every((n) => Number(n) <= 255 && String(Number(n)) === n)) return trimmed;
    throw new JidError('the domainpart is no IPv4 address');
  }
  const lower = trimmed.toLowerCase();
  if (IPV6.test(lower)) {
    if (URL.canParse(`http://${lower}/`)) return new URL(`http://${lower}/`).hostname;
    throw new JidError('the domainpart is no IPv6 address');
  }
  const ascii = /[\s/@:?#[\]\\%<>^|]/.test(trimmed) ? '' : domainToASCII(trimmed);
  if (!ASCII_DOMAIN.test(ascii) || IPV4.test(ascii)) throw new JidError('the domainpart is no host name');
  const unicode = domainToUnicode(ascii);
  // RFC 5891 §4.4: a label that begins like one of another script, and is none, stays as it was.
  if (/(?:^|\.)xn--/.test(unicode)) throw new JidError('the domainpart is no host name');
  if (!UNICODE_DOMAIN.test(unicode) || tooLong(unicode)) throw new JidError('the domainpart is no host name');
  return unicode;
}

/** Prepares a resourcepart by OpaqueString (RFC 8265 §4.2). Throws JidError. */
export function prepareResource(input: string): string {
  if (ASCII_RESOURCE.test(input) && input.length <= MAX_PART_BYTES) return input;
  const mapped = input.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  if (mapped === '' || tooLong(mapped)) throw new JidError('the resourcepart is empty or too long');
  if (!FREEFORM.test(mapped) || IGNORABLE.test(mapped.replace(/[\u200d\ufe0f]/g, ''))) {
    throw new JidError('the resourcepart has characters that an address cannot have');
  }
  return mapped;
}

function make(local: string, domain: string, resource: string): Jid {
  const bare = local === '' ? domain : `${local}@${domain}`;
  return { local, domain, resource, bare, full: resource === '' ? bare : `${bare}/${resource}` };
}

const parsed = new LRUCache<string, Jid>({ max: 20_000 });

/** Reads an address. Every stanza passes here, so what was read before is remembered (bounded). Throws JidError. */
export function parseJid(text: string): Jid {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (text.length > 3 * MAX_PART_BYTES + 2) throw new JidError('the address is too long');
  const slash = text.indexOf('/'); // RFC 7622 §3.2: the first slash begins the resource
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf('@');
  const jid = make(
    at < 0 ? '' : prepareLocal(bare.slice(0, at)),
    prepareDomain(bare.slice(at + 1)),
    slash < 0 ? '' : prepareResource(text.slice(slash + 1)),
  );
  parsed.set(text, jid);
  return jid;
}

/** The same, but `undefined` for what is no address. */
export function tryParseJid(text: string): Jid | undefined {
  try {
    return parseJid(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/** An address from its parts, each prepared. Throws JidError. */
export function makeJid(local: string, domain: string, resource = ''): Jid {
  return make(
    local === '' ? '' : prepareLocal(local),
    prepareDomain(domain),
    resource === '' ? '' : prepareResource(resource),
  );
}
