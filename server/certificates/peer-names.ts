import { domainToASCII, domainToUnicode } from 'node:url';
import { bytesOf, type Der, decode, encode, extensionsOf, isOid, partsOf, subjectOf, tagOf, textOf } from './der.ts';

const ALTERNATIVE_NAME = '2.5.29.17';
const COMMON_NAME = '2.5.4.3';
const DNS_SRV = '1.3.6.1.5.5.7.8.7'; // RFC 4985 §2
const XMPP_ADDR = '1.3.6.1.5.5.7.8.5'; // RFC 6120 §13.7.1.4
const OTHER_NAME = 0; // the tags of GeneralName, RFC 5280 §4.2.1.6
const DNS_NAME = 2;
/** Public authorities write a hundred at most; who has more wants us to be busy. */
const MAX_NAMES = 100;
const MAX_NAME = 255;

/** The names that a certificate gives to whoever has its key, each as it is written there, without broken ones. */
export interface PeerNames {
  readonly dns: readonly string[];
  readonly srv: readonly string[];
  readonly xmpp: readonly string[];
  /** These never count (RFC 9525 §2). They are here to be able to say that a name stands nowhere else. */
  readonly commonNames: readonly string[];
}

/** Nothing that could end a name early for one reader and not for another: NUL, line ends, spaces. */
function usable(name: string | undefined): name is string {
  return name !== undefined && name !== '' && name.length <= MAX_NAME && !/[\p{C}\p{Z}]/u.test(name);
}

function kindOf(name: Der): 'dns' | 'srv' | 'xmpp' | undefined {
  if (tagOf(name) === DNS_NAME) return 'dns';
  if (tagOf(name) !== OTHER_NAME) return undefined;
  const [type] = partsOf(name);
  if (isOid(type, DNS_SRV)) return 'srv';
  return isOid(type, XMPP_ADDR) ? 'xmpp' : undefined;
}

/** RFC 5280 §4.2.1.6: dNSName is an IA5String, otherName an identifier and a value with a tag around it. */
function textIn(name: Der, kind: 'dns' | 'srv' | 'xmpp'): string | undefined {
  if (kind === 'dns') return bytesOf(name).some((byte) => byte > 0x7f) ? undefined : bytesOf(name).toString('latin1');
  const [, wrapped, more] = partsOf(name);
  if (more !== undefined || tagOf(wrapped) !== 0 || partsOf(wrapped).length !== 1) return undefined;
  return textOf(partsOf(wrapped)[0], kind === 'srv' ? 'ia5' : 'utf8');
}

function commonNamesOf(der: Uint8Array): string[] {
  const attributes = partsOf(subjectOf(der)).flatMap((relative) => partsOf(relative));
  return attributes
    .filter((attribute) => isOid(partsOf(attribute)[0], COMMON_NAME))
    .slice(0, MAX_NAMES)
    .map((attribute) => bytesOf(partsOf(attribute)[1]).toString('utf8'))
    .filter(usable);
}

/**
 * The names in a certificate (DER), by its structure. Throws Error with a plain sentence where there are more than 100 of a
 * kind, where they are given in two places, or cannot be read in one way only.
 */
export function namesOf(der: Uint8Array): PeerNames {
  const found = { dns: [] as string[], srv: [] as string[], xmpp: [] as string[] };
  const seen = { dns: 0, srv: 0, xmpp: 0 };
  let lists: Buffer[];
  let names: readonly Der[] = [];
  let commonNames: string[];
  try {
    lists = extensionsOf(der, ALTERNATIVE_NAME);
    commonNames = commonNamesOf(der);
    const list = lists[0] === undefined ? undefined : decode(lists[0]);
    // What is not the one encoding of its content (X.690 §10) could be read in another way by whoever checked the chain.
    if (list !== undefined && !encode(list).equals(lists[0]!)) throw new Error('not DER');
    names = partsOf(list);
  } catch {
    throw new Error('its names cannot be read');
  }
  if (lists.length > 1) throw new Error('it gives its names in two places');
  for (const name of names) {
    const kind = kindOf(name);
    if (kind === undefined) continue;
    seen[kind] += 1;
    if (seen[kind] > MAX_NAMES) throw new Error(`it has more than ${MAX_NAMES} names of one kind`);
    const text = textIn(name, kind);
    if (usable(text)) found[kind].push(text);
  }
  return { ...found, commonNames };
}

const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!$)|$))+$/;

/** A name of the DNS in lower-case ASCII, without the dot at the end, and no address of four numbers. */
function isHostName(name: string): boolean {
  return HOST_NAME.test(name) && !/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(name);
}

/**
 * A domain in the form that the DNS has for it; undefined for what is not one in its only spelling (RFC 5890 §2.3.2.1): a wide
 * or compatible letter must not become one that somebody else was checked for.
 */
function aLabels(name: string): string | undefined {
  const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (name.length > MAX_NAME) return undefined;
  if (/^[!-~]*$/.test(lower)) return isHostName(lower) ? lower : undefined;
  const ascii = domainToASCII(lower);
  return isHostName(ascii) && domainToUnicode(ascii) === lower ? ascii : undefined;
}

/** RFC 9525 §6.3: a `*` is the whole left-most label, or nothing; it stands for one label. */
function matches(presented: string, reference: string): boolean {
  const name = presented.toLowerCase();
  if (!name.startsWith('*.')) return isHostName(name) && name === reference;
  const parent = name.slice(2);
  // Nobody is the one who runs all of `*.com`.
  if (!parent.includes('.') || !isHostName(parent)) return false;
  return reference.slice(reference.indexOf('.') + 1) === parent;
}

/**
 * Whether names of a certificate say that its holder is the XMPP server of a domain (RFC 9525 §6, RFC 6120 §13.7.1.2 and
 * §13.7.2): a DNS-ID, an SRV-ID of servers, or an XmppAddr. The common name is no name. `domain` may be Unicode.
 */
export function isFor(names: PeerNames, domain: string): boolean {
  const reference = aLabels(domain);
  if (reference === undefined) return false;
  return (
    names.dns.some((name) => matches(name, reference)) ||
    names.srv.some((name) => {
      const host = /^_xmpps?-server\.(.+)$/i.exec(name)?.[1];
      return host !== undefined && matches(host, reference);
    }) ||
    names.xmpp.some((name) => aLabels(name) === reference)
  );
}

/** Whether a domain is among the common names: then somebody only has to be told that they do not count any more. */
export function inCommonName({ commonNames }: PeerNames, domain: string): boolean {
  const reference = aLabels(domain);
  return reference !== undefined && commonNames.some((name) => matches(name, reference));
}
