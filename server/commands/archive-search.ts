import { type ReadableKind, readable } from '../archive/readable.ts';
import { firstIdAt, timeOf } from '../storage/archive-id.ts';
import { LONGEST_TEXT, MOST_WORDS, type Pattern, readPhrases } from '../storage/searchable.ts';
import type { AuditPage } from '../storage/stores/archive-audit.ts';
import { SearchRefused } from '../storage/stores/archive-search.ts';
import type { ArchivedMessage } from '../storage/stores/archives.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Element } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import type { ArchivePlaces } from './archive-places.ts';
import { CommandError } from './command-error.ts';

const PAGE = 50;
const MOST = 200;
const AROUND = 5;
const MOST_PEOPLE = 10;
/** Characters of what the audit log says of one value. */
const TOLD = 300;

/** One message, as an auditor reads it. */
export interface FoundMessage {
  readonly id: number;
  readonly time: number;
  /** Whose archive it stands in: the address of a person or a room. */
  readonly archive: string;
  readonly from: string;
  readonly to: string;
  readonly kind: ReadableKind;
  readonly text: string;
}

export interface SearchWish {
  readonly domain: string;
  /** Why somebody reads what others said. */
  readonly reason: string;
  /** Whose archives: names or addresses; nobody: all of the domain. */
  readonly people?: readonly string[];
  /** With whom they exchanged it: a bare address. */
  readonly with?: string;
  readonly room?: string;
  /** Words, "in quotation marks" those that follow each other. */
  readonly words?: string;
  /** Milliseconds since 1970, both inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** The `next` of the page before. */
  readonly before?: number;
  readonly limit?: number;
}

interface Needs {
  readonly stores: Pick<Stores, 'archiveAudit' | 'archives' | 'accounts' | 'rooms' | 'audit'>;
  readonly places: ArchivePlaces;
  /** Reads one stanza that was serialised by us. */
  readonly parse: (xml: string) => Element;
}

/** What an auditor does with archives: reading, never anything else. Every look is in the audit log before anything is shown. */
export class ArchiveSearchCommands {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The newest first. `next`, if it is not null, is where the next page begins; a page may be short before the end. Throws CommandError. */
  async search(
    by: Actor,
    wish: SearchWish,
  ): Promise<{ messages: FoundMessage[]; next: number | null; lookedBackTo: number | null }> {
    const { stores, places } = this.#needs;
    const domain = places.domain(wish.domain);
    const reason = checkReason(wish.reason);
    const pattern = readWords(wish.words);
    const owners = await this.#owners(domain, wish);
    const peer = wish.with === undefined ? undefined : peerOf(wish.with.trim(), domain);
    if (wish.with !== undefined && peer === undefined)
      throw new CommandError('invalid', `“${wish.with}” is not an address like anna@example.com.`, 'with');
    if (peer !== undefined && owners === undefined)
      throw new CommandError('invalid', 'Say who exchanged something with them.', 'people');
    const { since = 0, until = Number.MAX_SAFE_INTEGER } = wish;
    if (since > until) throw new CommandError('invalid', 'It ends before it begins.', 'until');
    const last = until >= Date.now() ? Number.MAX_SAFE_INTEGER : firstIdAt(until + 1) - 1;
    const range = { from: firstIdAt(since), to: Math.min(last, wish.before ?? last) };
    const limit = Math.min(wish.limit ?? PAGE, MOST);
    const query = { ...range, limit, pattern };
    await record(
      stores.audit,
      by,
      'archive.search',
      wish.room === undefined ? domain : `${wish.room.split('@')[0]}@conference.${domain}`,
      {
        reason: reason.slice(0, TOLD),
        ...(wish.people !== undefined && wish.people.length > 0 && { people: wish.people.join(', ').slice(0, TOLD) }),
        ...(peer !== undefined && { with: peer.slice(0, TOLD) }),
        ...(wish.words !== undefined && { words: wish.words.slice(0, TOLD) }),
        ...(wish.since !== undefined && { since: new Date(wish.since).toISOString() }),
        ...(wish.until !== undefined && { until: new Date(wish.until).toISOString() }),
        ...(wish.before !== undefined && { further: true }),
      },
    );
    const found = new Map<number, FoundMessage>();
    let floor = 0;
    let ended = true;
    const add = ({ rows, next }: AuditPage, archive: (row: ArchivedMessage) => string): void => {
      for (const row of rows) if (!found.has(row.id)) found.set(row.id, this.#view(row, archive(row)));
      if (next === undefined) return;
      ended = false;
      floor = Math.max(floor, next + 1);
    };
    try {
      if (owners === undefined) {
        const domains = [domain, `conference.${domain}`];
        const whose = new Map<number, string>();
        const belongs = async (row: ArchivedMessage): Promise<boolean> => {
          const owner = await this.#ownerOf(domain, row);
          if (owner !== undefined) whose.set(row.id, owner);
          return owner !== undefined;
        };
        const page = await stores.archiveAudit.page('house', { ...query, pattern: { ...pattern, domains } }, belongs);
        add(page, (row) => whose.get(row.id)!);
      } else {
        for (const { id, jid } of owners) {
          const scope = { owner: id, ...(peer !== undefined && { with: peer }) };
          add(await stores.archiveAudit.page(scope, query), () => jid);
        }
      }
    } catch (error) {
      if (!(error instanceof SearchRefused)) throw error;
      throw new CommandError('too-many', `${error.message} Please try again a little later.`);
    }
    // What one archive has further back than another was looked through is for the next page.
    const all = [...found.values()].filter(({ id }) => id >= floor).sort((one, other) => other.id - one.id);
    const messages = all.slice(0, limit);
    const next = all.length > limit ? messages.at(-1)!.id - 1 : ended ? null : floor - 1;
    return { messages, next, lookedBackTo: next === null ? null : timeOf(next) };
  }

  /** What was said before and after one message, in the same conversation. Throws CommandError. */
  async context(
    by: Actor,
    wish: { readonly domain: string; readonly archive: string; readonly id: number; readonly reason: string },
  ): Promise<{ messages: FoundMessage[] }> {
    const { stores, places, parse } = this.#needs;
    const domain = places.domain(wish.domain);
    const reason = checkReason(wish.reason);
    const isRoom = wish.archive.endsWith(`@conference.${domain}`);
    const { id: owner, jid } = await (isRoom ? places.room(domain, wish.archive) : places.person(domain, wish.archive));
    const { rows } = await stores.archives.page(owner, { ids: [wish.id], limit: 1, fromEnd: false });
    const [row] = rows;
    if (row === undefined) throw new CommandError('message-not-found', 'This message is not kept any more.');
    await record(stores.audit, by, 'archive.context', jid, { reason: reason.slice(0, TOLD), message: wish.id });
    const { from = '', to = '' } = parse(row.stanza).attrs;
    const other = tryParseJid(tryParseJid(from)?.bare === jid ? to : from)?.bare;
    const filter = isRoom || other === undefined ? {} : { with: other };
    const [before, after] = await Promise.all([
      stores.archives.page(owner, { ...filter, beforeId: row.id, limit: AROUND, fromEnd: true }),
      stores.archives.page(owner, { ...filter, afterId: row.id, limit: AROUND, fromEnd: false }),
    ]);
    return { messages: [...before.rows, row, ...after.rows].map((one) => this.#view(one, jid)) };
  }

  #view({ id, stanza }: ArchivedMessage, archive: string): FoundMessage {
    const element = this.#needs.parse(stanza);
    const { from = '', to = '' } = element.attrs;
    return { id, time: timeOf(id), archive, from, to: to === '' ? archive : to, ...readable(element) };
  }

  /** Whose archives are meant; undefined: all of the domain. Throws CommandError. */
  async #owners(domain: string, wish: SearchWish): Promise<{ id: number; jid: string }[] | undefined> {
    const { places } = this.#needs;
    const people = [...new Set(wish.people ?? [])];
    if (wish.room !== undefined) {
      if (people.length > 0) throw new CommandError('invalid', 'Either people or a room, please.', 'room');
      return [await places.room(domain, wish.room)];
    }
    if (people.length === 0) return undefined;
    if (people.length > MOST_PEOPLE)
      throw new CommandError('invalid', `At most ${MOST_PEOPLE} people, please.`, 'people');
    return Promise.all(people.map((one) => places.person(domain, one)));
  }

  /** In whose archive of the domain a message stands; it is to or from them, which says nothing yet. */
  async #ownerOf(domain: string, { id, stanza }: ArchivedMessage): Promise<string | undefined> {
    const { archives, accounts, rooms } = this.#needs.stores;
    const { from, to } = this.#needs.parse(stanza).attrs;
    for (const address of [from, to]) {
      const jid = tryParseJid(address ?? '');
      if (jid === undefined) continue;
      if (jid.domain === domain && jid.local !== '') {
        const account = await accounts.at(jid.bare);
        if (account !== undefined && (await archives.has(account.id, id))) return jid.bare;
      } else if (jid.domain === `conference.${domain}`) {
        const room = await rooms.get(jid.domain, jid.local);
        if (room !== undefined && (await archives.has(room.id, id))) return jid.bare;
      }
    }
    return undefined;
  }
}

/** The bare address of the other one: somebody of the domain by their name, anybody by their address. */
function peerOf(input: string, domain: string): string | undefined {
  const isName = !input.includes('@') && input !== domain;
  return tryParseJid(isName ? `${input}@${domain}` : input)?.bare;
}

/** Throws CommandError. */
export function checkReason(input: string): string {
  const reason = input.trim();
  if (reason.length < 5) {
    throw new CommandError('invalid', 'Say in a few words why you read what people said to each other.', 'reason');
  }
  return reason;
}

function readWords(words = ''): Pattern {
  const phrases = readPhrases(words);
  if (phrases === undefined) {
    throw new CommandError('invalid', `At most ${MOST_WORDS} words and ${LONGEST_TEXT} characters, please.`, 'words');
  }
  if (phrases.length === 0 && words.trim() !== '') {
    throw new CommandError('invalid', 'There is no word in it that could be looked for.', 'words');
  }
  return { phrases };
}
