// XEP-0313 1.1.3, XEP-0059 1.0, XEP-0431 0.2.0
import type { House } from '../host/house.ts';
import { LONGEST_TEXT, MOST_WORDS, type Pattern, readPhrases } from '../storage/searchable.ts';
import { type ArchiveSearchQuery, SearchRefused } from '../storage/stores/archive-search.ts';
import type { ArchivedMessage, ArchiveFilter, ArchivePage, ArchiveQuery } from '../storage/stores/archives.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { type AskedOfArchive, readArchiveQuery } from '../xmpp/archive-query.ts';
import { type Element, el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { pageAnswer } from '../xmpp/result-set.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { checkIds, toId } from './ids.ts';

const PAGE = 50;
const LARGEST_PAGE = 250;
/** Of one person: searches at once after a quiet time, and a second. Each costs the store some milliseconds. */
const SEARCHES = { capacity: 60, perSecond: 2, keys: 10_000 };

/** What the field `with` means in an archive: a conversation, which an index knows, or what only the messages tell. */
export interface Meant extends Pick<Pattern, 'address' | 'xml'> {
  readonly with?: string;
}

/** An archive that is asked, and by whom. */
export interface Reading {
  /** Whose archive it is: the number of an account or a room. */
  readonly owner: number;
  /** What somebody means who asks for the messages with an address. May throw a StanzaError. */
  readonly means: (address: Jid) => Meant;
  /** The bare address of who asks. */
  readonly asker: string;
  /** Whether who asked is still there; without them a search is given up. */
  readonly there: () => boolean;
}

/** What an archive answers: the messages in the order in which they are to be sent, and what follows them. */
export interface Answer {
  readonly rows: readonly ArchivedMessage[];
  readonly fin: Element;
  readonly queryId: string | undefined;
}

/** Answers a query to an archive (XEP-0313 §4). Throws StanzaError for what cannot be asked. */
export async function readArchive(house: House, payload: Element, reading: Reading): Promise<Answer> {
  const { archives } = house.stores;
  const { owner } = reading;
  const asked = readArchiveQuery(payload);
  const meant = asked.with === undefined ? {} : reading.means(asked.with);
  const wanted = translated(asked, meant);
  await checkIds(archives, owner, [...asked.after, ...asked.before].map(toId), wanted.ids);
  const pattern = patternOf(asked, meant);
  const [count, page] = await (pattern === undefined
    ? Promise.all([
        // XEP-0059 §2.6: of the whole set, whatever the page
        archives.count(owner, wholeSet(wanted, asked)),
        archives.page(owner, wanted),
      ])
    : Promise.all([undefined, search(house, reading, { ...wanted, pattern })]));
  const { first, last, complete } = page;
  const set = pageAnswer({
    ...(first !== undefined && { first: String(first) }),
    ...(last !== undefined && { last: String(last) }),
    count,
  });
  return {
    rows: asked.flipped ? page.rows.toReversed() : page.rows, // §4.3.4: the page itself is the same
    fin: el('fin', { xmlns: NS.mam, complete: complete ? 'true' : undefined }, set),
    queryId: asked.queryId,
  };
}

/** What is asked for, in the archive's own terms. */
function translated(asked: AskedOfArchive, { with: peer }: Meant): ArchiveQuery {
  const after = asked.after.map(toId);
  const before = asked.before.map(toId);
  const ids = asked.ids && [...new Set(asked.ids.map(toId))];
  if (ids !== undefined && ids.length > LARGEST_PAGE)
    throw new StanzaError('policy-violation', `Please ask for ${LARGEST_PAGE} messages at most.`);
  return {
    ...(peer !== undefined && { with: peer }),
    ...(asked.start !== undefined && { start: asked.start }),
    ...(asked.end !== undefined && { end: asked.end }),
    ...(after.length > 0 && { afterId: Math.max(...after) }),
    ...(before.length > 0 && { beforeId: Math.min(...before) }),
    ...(ids !== undefined && { ids }),
    limit: Math.min(asked.max ?? PAGE, LARGEST_PAGE),
    fromEnd: asked.fromEnd,
  };
}

/** The set that pages are of: without the edges of this page, but with those of the form, which belong to the set. */
function wholeSet({ afterId: _, beforeId: __, ...rest }: ArchiveQuery, asked: AskedOfArchive): ArchiveFilter {
  const { formAfter, formBefore } = asked;
  return {
    ...rest,
    ...(formAfter !== undefined && { afterId: toId(formAfter) }),
    ...(formBefore !== undefined && { beforeId: toId(formBefore) }),
  };
}

/** What only the messages themselves can tell. */
function patternOf({ text }: AskedOfArchive, { address, xml }: Meant): Pattern | undefined {
  if (address === undefined && xml === undefined && text === undefined) return undefined;
  const phrases = text === undefined ? [] : readPhrases(text);
  if (phrases === undefined) {
    const most = `Please search for ${MOST_WORDS} words and ${LONGEST_TEXT} characters at most.`;
    throw new StanzaError('policy-violation', most);
  }
  return { phrases, ...(address !== undefined && { address }), ...(xml !== undefined && { xml }) };
}

/** One count for all archives of a house: whoever searches in rooms does not search more than others. */
const searches = new WeakMap<House, TokenBuckets>();

function searchesOf(house: House): TokenBuckets {
  let known = searches.get(house);
  if (known === undefined) {
    known = new TokenBuckets(SEARCHES);
    searches.set(house, known);
  }
  return known;
}

async function search(
  house: House,
  { owner, asker, there }: Reading,
  wanted: ArchiveSearchQuery,
): Promise<ArchivePage> {
  const { phrases, address, xml } = wanted.pattern;
  if (phrases.length === 0 && address === undefined && xml === undefined) return { rows: [], complete: true }; // no word in the text
  if (searchesOf(house).take(asker) > 0)
    throw new StanzaError('resource-constraint', 'You are searching very often. Please wait a little.');
  try {
    return await house.stores.archiveSearch.page(owner, wanted, there);
  } catch (error) {
    if (!(error instanceof SearchRefused)) throw error;
    throw new StanzaError('resource-constraint', `${error.message} Please search a shorter time, or again later.`);
  }
}
