import { worthKeeping } from '../host/hints.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Ledger } from '../host/ledger.ts';
import type { Module, Wiring } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { timeOf } from '../storage/archive-id.ts';
import { LONGEST_TEXT, MOST_WORDS, type Pattern, readPhrases } from '../storage/searchable.ts';
import { type ArchiveSearchQuery, SearchRefused } from '../storage/stores/archive-search.ts';
import type {
  ArchiveFilter,
  ArchivePage,
  ArchivePreferences,
  ArchiveQuery,
  Archives,
} from '../storage/stores/archives.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { type AskedOfArchive, archiveForm, readArchiveQuery } from '../xmpp/archive-query.ts';
import { dateTime, delayXml } from '../xmpp/delay.ts';
import { type Element, el, escapeAttribute, insertLast, withNamespace } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { pageAnswer } from '../xmpp/result-set.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const PAGE = 50;
const LARGEST_PAGE = 250;
/** Of one account: searches at once after a quiet time, and a second. Each costs the store some milliseconds. */
const SEARCHES = { capacity: 60, perSecond: 2, keys: 10_000 };
/** §7: all fields of the form, flipped pages and metadata; messages of rooms are asked for there, not here. */
const FEATURES = [NS.mam, `${NS.mam}#extended`, `${NS.mam}#groupchat-field`];

/** Message archive management (XEP-0313), by pages (XEP-0059), with hints (XEP-0334). */
export const mam: Module = {
  name: 'mam',
  xep: [313, '1.1.3'],
  start: (host) => wiring(host, new TokenBuckets(SEARCHES)),
};

function wiring(host: Host, searches: TokenBuckets): Wiring {
  return {
    features: FEATURES,
    accountFeatures: [...FEATURES, NS.hints, NS.rsm],
    iq: [
      {
        type: 'get',
        scope: 'own',
        xmlns: NS.mam,
        name: 'query',
        handle: () => el('query', { xmlns: NS.mam }, archiveForm()),
      },
      { type: 'set', scope: 'own', xmlns: NS.mam, name: 'query', handle: (request) => query(host, searches, request) },
      { type: 'get', scope: 'own', xmlns: NS.mam, name: 'metadata', handle: (request) => metadata(host, request) },
    ],
    outbound: {
      archive: ({ stanza, session, ledger }) =>
        worthKeeping(stanza) ? keep(host, session.account.id, stanza.to!, ledger) : undefined,
    },
    inbound: {
      archive(arrival) {
        const { stanza, account, bare, ledger } = arrival;
        if (!worthKeeping(stanza)) return undefined;
        const show = (): void => {
          if (ledger.entries.some((entry) => entry.owner === account.id)) {
            arrival.extra += `<stanza-id xmlns='${NS.sid}' by='${escapeAttribute(bare)}' id='${ledger.archiveId}'/>`;
          }
        };
        const kept = keep(host, account.id, stanza.from, ledger);
        if (kept !== undefined) return kept.then(show);
        return show();
      },
    },
  };
}

/** Puts a message in an account's archive, unless its preferences say no (XEP-0441 §3). */
function keep(host: Host, account: number, peer: Jid, ledger: Ledger): undefined | Promise<undefined> {
  const { archives, rosters } = host.house.stores;
  const wish = archives.preferences(account);
  if (wish instanceof Promise) return wish.then((loaded) => decide(loaded));
  return decide(wish);

  function decide(wish: ArchivePreferences): undefined | Promise<undefined> {
    const listed = (list: readonly string[]): boolean => list.includes(peer.bare) || list.includes(peer.full);
    if (listed(wish.never)) return undefined;
    if (wish.default === 'always' || listed(wish.always)) return enter();
    if (wish.default === 'never') return undefined;
    // Who only asked to be let in has an item as well, one that is not in the list.
    const known = (item: RosterItem | undefined): undefined => (item?.listed === true ? enter() : undefined);
    const item = rosters.get(account, peer.bare);
    return item instanceof Promise ? item.then(known) : known(item);
  }

  function enter(): undefined {
    if (ledger.archiveId === 0) ledger.archiveId = host.house.archiveIds.next();
    // A message to oneself stands in one's archive once.
    if (!ledger.entries.some((entry) => entry.owner === account))
      ledger.entries.push({ owner: account, peer: peer.bare });
  }
}

/** An id of ours. Throws StanzaError `item-not-found` for what cannot be one. */
function toId(text: string): number {
  const id = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(id)) throw notThere();
  return id;
}

const notThere = (): StanzaError => new StanzaError('item-not-found', 'There is no such message.');

/** §4.1.3, §4.3.2: whoever names a message of the archive names one that is there. */
async function checkIds(archives: Archives, account: number, edges: readonly number[], ids: readonly number[] = []) {
  for (const edge of edges) if (!(await archives.has(account, edge))) throw notThere();
  if (ids.length > 0 && (await archives.count(account, { ids })) !== ids.length) throw notThere();
}

/** What is asked for, in the archive's own terms. */
function translated(asked: AskedOfArchive): ArchiveQuery {
  const after = asked.after.map(toId);
  const before = asked.before.map(toId);
  const ids = asked.ids && [...new Set(asked.ids.map(toId))];
  if (ids !== undefined && ids.length > LARGEST_PAGE)
    throw new StanzaError('policy-violation', `Please ask for ${LARGEST_PAGE} messages at most.`);
  return {
    ...(asked.with !== undefined && { with: asked.with.bare }),
    ...(asked.start !== undefined && { start: asked.start }),
    ...(asked.end !== undefined && { end: asked.end }),
    ...(after.length > 0 && { afterId: Math.max(...after) }),
    ...(before.length > 0 && { beforeId: Math.min(...before) }),
    ...(ids !== undefined && { ids }),
    limit: Math.min(asked.max ?? PAGE, LARGEST_PAGE),
    fromEnd: asked.fromEnd,
  };
}

async function query(host: Host, searches: TokenBuckets, { account, session, payload }: IqRequest): Promise<Element> {
  if (session === undefined) throw new StanzaError('not-allowed');
  const { archives } = host.house.stores;
  const asked = readArchiveQuery(payload);
  const wanted = translated(asked);
  await checkIds(archives, account!.id, [...asked.after, ...asked.before].map(toId), wanted.ids);
  const pattern = patternOf(asked);
  const [count, page] = await (pattern === undefined
    ? Promise.all([
        // XEP-0059 §2.6: of the whole set, whatever the page
        archives.count(account!.id, wholeSet(wanted, asked)),
        archives.page(account!.id, wanted),
      ])
    : Promise.all([undefined, search(host, searches, session, { ...wanted, pattern })]));
  const rows = asked.flipped ? page.rows.toReversed() : page.rows; // §4.3.4: the page itself is the same
  for (const row of rows) sendResult(host, session, asked.queryId, row.id, row.stanza);
  const { first, last, complete } = page;
  const answer = pageAnswer({
    ...(first !== undefined && { first: String(first) }),
    ...(last !== undefined && { last: String(last) }),
    count,
  });
  return el('fin', { xmlns: NS.mam, complete: complete ? 'true' : undefined }, answer);
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
function patternOf({ with: peer, text }: AskedOfArchive): Pattern | undefined {
  const device = peer !== undefined && peer.resource !== ''; // §4.1.1: a full address means that one only
  if (!device && text === undefined) return undefined;
  const phrases = text === undefined ? [] : readPhrases(text);
  if (phrases === undefined) {
    const most = `Please search for ${MOST_WORDS} words and ${LONGEST_TEXT} characters at most.`;
    throw new StanzaError('policy-violation', most);
  }
  return device ? { phrases, address: peer.full } : { phrases };
}

async function search(
  host: Host,
  searches: TokenBuckets,
  session: Session,
  wanted: ArchiveSearchQuery,
): Promise<ArchivePage> {
  const { phrases, address } = wanted.pattern;
  if (phrases.length === 0 && address === undefined) return { rows: [], complete: true }; // no word in the text
  if (searches.take(session.jid.bare) > 0)
    throw new StanzaError('resource-constraint', 'You are searching very often. Please wait a little.');
  try {
    const there = () => host.sessions.get(session.jid) === session;
    return await host.house.stores.archiveSearch.page(session.account.id, wanted, there);
  } catch (error) {
    if (!(error instanceof SearchRefused)) throw error;
    throw new StanzaError('resource-constraint', `${error.message} Please search a shorter time, or again later.`);
  }
}

/** §5: the ends of the archive. */
async function metadata(host: Host, { account }: IqRequest): Promise<Element> {
  const { first, last } = await host.house.stores.archives.metadata(account!.id);
  const end = (name: string, id: number | undefined) =>
    id !== undefined && el(name, { id: String(id), timestamp: dateTime(timeOf(id)) });
  return el('metadata', { xmlns: NS.mam }, end('start', first), end('end', last));
}

/** §4.2: one message, forwarded by the archive. The stored text goes out as it is. */
function sendResult(host: Host, session: Session, queryId: string | undefined, id: number, text: string): void {
  const owner = host.bareOf(session);
  const envelope = new Stanza(el('message'), owner, session.jid);
  const query = queryId === undefined ? '' : ` queryid='${escapeAttribute(queryId)}'`;
  session.deliver(
    envelope,
    insertLast(
      envelope.text,
      `<result xmlns='${NS.mam}'${query} id='${id}'><forwarded xmlns='${NS.forward}'>` +
        `${delayXml(host.domain, timeOf(id))}${withNamespace(text, NS.client)}</forwarded></result>`,
    ),
  );
}
