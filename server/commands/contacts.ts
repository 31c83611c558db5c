import type { Audit } from '../storage/stores/audit.ts';
import type { Settings } from '../storage/stores/settings.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';

/** Whom one can write to (XEP-0157 §3), by the protocol's own words. */
export const CONTACT_FIELDS = [
  'abuse-addresses',
  'admin-addresses',
  'feedback-addresses',
  'sales-addresses',
  'security-addresses',
  'status-addresses',
  'support-addresses',
] as const;

export type ContactField = (typeof CONTACT_FIELDS)[number];
/** Addresses as URIs: `xmpp:`, `mailto:` or `https:`. */
export type Contacts = Readonly<Record<ContactField, string[]>>;

const MOST = 10;
const LONGEST = 300;
const NONE = Object.fromEntries(CONTACT_FIELDS.map((field) => [field, []])) as unknown as Contacts;
const settingOf = (domain: string): string => `contact-addresses:${domain}`;

/** One address as a URI, in the one way to write it. Throws CommandError. */
function checkAddress(input: string, field: ContactField): string {
  const text = input.trim();
  const wrong = new CommandError(
    'invalid',
    `“${text.slice(0, 60)}” is not an address like mailto:help@example.com, xmpp:help@example.com or https://example.com/help.`,
    field,
  );
  // URL would take spaces, quotes and line breaks, and mend them; whoever typed them meant something else.
  const url = /[\s\p{C}<>"\\]/u.test(text) ? null : URL.parse(text);
  if (url === null || !isAddress(url)) throw wrong;
  if (url.href.length > LONGEST) throw new CommandError('invalid', 'One of the addresses is too long.', field);
  return url.href;
}

function isAddress(url: URL): boolean {
  if (url.protocol === 'https:') return url.username === '' && url.password === '';
  if (url.host !== '' || url.hash !== '') return false;
  try {
    const who = decodeURIComponent(url.pathname);
    if (url.protocol === 'xmpp:') return tryParseJid(who) !== undefined; // RFC 5122 §2.2
    return url.protocol === 'mailto:' && /^[^\s@]+@[^\s@]+$/.test(who);
  } catch {
    return false; // a percent sign that encodes nothing
  }
}

/** Whom to write to when something is wrong with a domain; shown to everybody by service discovery (XEP-0157). */
export class ContactCommands {
  readonly #settings: Settings;
  readonly #audit: Audit;
  readonly #house: House;
  /** What is stored, so that it can be had without waiting. */
  readonly #contacts = new Map<string, Contacts>();

  constructor(settings: Settings, audit: Audit, house: House) {
    this.#settings = settings;
    this.#audit = audit;
    this.#house = house;
  }

  /** Reads what is stored for the domains served now. */
  async load(): Promise<void> {
    for (const domain of this.#house.domains()) {
      const stored = await this.#settings.get(settingOf(domain));
      if (stored !== undefined) this.#contacts.set(domain, { ...NONE, ...(stored as Partial<Contacts>) });
    }
  }

  /** Those of a domain; all lists are empty when none were given. */
  of(domain: string): Contacts {
    return this.#contacts.get(domain) ?? NONE;
  }

  /** The same for an administrator. Throws CommandError when the domain is not served. */
  get(input: string): Contacts {
    return this.of(this.#served(input));
  }

  /** Puts these in the place of those there were; a field left out has none. Throws CommandError. */
  async set(
    by: Actor,
    input: string,
    wish: { readonly [Field in ContactField]?: readonly string[] },
  ): Promise<Contacts> {
    const domain = this.#served(input);
    const contacts = { ...NONE };
    for (const field of CONTACT_FIELDS) {
      const addresses = [...new Set((wish[field] ?? []).map((one) => checkAddress(one, field)))];
      if (addresses.length > MOST) throw new CommandError('invalid', `At most ${MOST} addresses, please.`, field);
      contacts[field] = addresses;
    }
    const before = this.of(domain);
    const changed = CONTACT_FIELDS.filter((field) => contacts[field].join(' ') !== before[field].join(' '));
    if (changed.length === 0) return before;
    await this.#settings.set(settingOf(domain), contacts);
    this.#contacts.set(domain, contacts);
    const detail = Object.fromEntries(changed.map((field) => [field, contacts[field].join(' ') || 'none']));
    await record(this.#audit, by, 'domain.contacts', domain, detail);
    return contacts;
  }

  /** Forgets those of a domain that is not served any more: it may come back as somebody else's. */
  async forget(domain: string): Promise<void> {
    this.#contacts.delete(domain);
    await this.#settings.remove(settingOf(domain));
  }

  #served(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }
}
