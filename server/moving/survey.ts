import { createHash } from 'node:crypto';
import type { Credential } from '../storage/stores/credentials.ts';
import { PieError } from '../stream/portable-words.ts';
import { child, textOf } from '../xmpp/element.ts';
import { JidError, makeJid, prepareDomain, prepareLocal } from '../xmpp/jid.ts';
import type { Files } from './files.ts';
import { type Domains, Person } from './person.ts';
import { type Kind, type Report, Tally } from './tally.ts';
import { type Piece, understand } from './understand.ts';
import { walk } from './walk.ts';

/** People that one move may have. */
export const MOST_PEOPLE = 20_000;

/** Somebody who stands in the files. */
export interface Found {
  /** The how manyth it is; the same each time the same files are read. */
  readonly position: number;
  /** Prepared, or as it is written when it can be no address. */
  readonly local: string;
  readonly domain: string;
  /** Whether it can be an address. */
  readonly sound: boolean;
  /** What their card calls them, '' when it does not. */
  readonly name: string;
  readonly keys: readonly Credential[];
  /** '' when there is none in the clear. */
  readonly password: string;
  readonly report: Report;
}

/** What is in the files. */
export interface Survey {
  readonly people: readonly Found[];
  /** The domains in them, what they are to be here, and how many people of each there are. */
  readonly hosts: Host[];
  readonly total: Report;
}

export interface Host {
  readonly name: string;
  readonly domain: string;
  readonly served: boolean;
  readonly people: number;
}

export interface SurveyOptions {
  readonly files: Files;
  readonly domains: Domains;
  readonly served: (domain: string) => boolean;
  readonly signal: AbortSignal;
  readonly now: number;
  readonly read: (bytes: number) => void;
}

/** What a person's name attribute says; prepared where it can be an address. */
export function localOf(attrs: Readonly<Record<string, string>>): { local: string; sound: boolean } {
  const written = attrs.name ?? '';
  try {
    if (written !== '') return { local: prepareLocal(written), sound: true };
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
  }
  return { local: written.slice(0, 200), sound: false };
}

/** The domain that a `<host/>` means, as it is called here. */
export function domainOf(jid: string, domains: Domains): string {
  try {
    const domain = prepareDomain(jid);
    return domains.get(domain) ?? domain;
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    return jid.slice(0, 200);
  }
}

/** Which kind of thing a piece is, where it is one that is counted. */
export function kindOf(piece: Piece): Kind | undefined {
  switch (piece.is) {
    case 'contact':
      return 'contacts';
    case 'request':
      return 'requests';
    case 'card':
      return 'cards';
    case 'private':
      return 'notes';
    case 'item':
      return 'items';
    case 'blocked':
      return 'blocked';
    case 'archived':
      return piece.said && 'messages';
    case 'waiting':
      return piece.said && 'waiting';
    default:
      return undefined;
  }
}

/** Reads all files and says what is in them; changes nothing. Throws PieError and Halted. */
export async function survey({ files, domains, served, signal, now, read }: SurveyOptions): Promise<Survey> {
  const people: Found[] = [];
  const hosts = new Map<string, { domain: string; served: boolean; people: number }>();
  const total = new Tally();
  let host = { domain: '', served: false, people: 0 };
  let one = { attrs: {} as Readonly<Record<string, string>>, name: '', keys: [] as Credential[], tally: total };
  let person: Person | undefined;
  await walk(
    files,
    {
      read,
      host(jid) {
        const domain = domainOf(jid, domains);
        host = hosts.get(jid) ?? { domain, served: served(domain), people: 0 };
        hosts.set(jid, host);
        if (hosts.size > 1_000) throw new PieError('There are too many domains in it.');
        return host.served;
      },
      passed() {
        host.people++;
      },
      user(attrs) {
        host.people++;
        one = { attrs, name: '', keys: [], tally: new Tally() };
        const { local, sound } = localOf(attrs);
        person = new Person(sound ? makeJid(local, host.domain) : makeJid('', host.domain), domains);
        if (people.length >= MOST_PEOPLE) throw new PieError(`There are more than ${MOST_PEOPLE} people in it.`);
      },
      part({ within, element }) {
        for (const piece of understand(person!, within, element, now)) {
          const kind = kindOf(piece);
          if (kind !== undefined) one.tally.take(kind);
          if (piece.is === 'left') one.tally.leave(piece.what);
          else if ((piece.is === 'archived' || piece.is === 'waiting') && piece.said === undefined)
            one.tally.leave(piece.why);
          else if (piece.is === 'keys') one.keys.push(piece.keys);
          else if (piece.is === 'card') one.name = textOf(child(piece.card, 'FN')).trim().slice(0, 200);
        }
      },
      left(what, inUser) {
        (inUser ? one.tally : total).leave(what);
      },
      userEnd() {
        const { attrs, name, keys, tally } = one;
        const { report } = tally;
        total.add(report);
        const unique = keys.filter(({ mechanism }, at) => keys.findIndex((key) => key.mechanism === mechanism) === at);
        const rest = { name, keys: unique, password: attrs.password ?? '', report };
        people.push({ position: people.length + 1, domain: host.domain, ...localOf(attrs), ...rest });
      },
    },
    signal,
  );
  return { people, hosts: [...hosts].map(([name, facts]) => ({ name, ...facts })), total: total.report };
}

/** The same for the same people with the same data, in the same order. */
export function fingerprint({ people }: Survey): string {
  const hash = createHash('sha256');
  for (const { local, domain, keys, password, report } of people) {
    hash.update(
      JSON.stringify([
        local,
        domain,
        keys.map(({ storedKey }) => Buffer.from(storedKey).toString('hex')),
        password,
        report,
      ]),
    );
  }
  return hash.digest('base64url');
}
