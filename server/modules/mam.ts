import { worthKeeping } from '../host/hints.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Ledger } from '../host/ledger.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { timeOf } from '../storage/archive-id.ts';
import type { ArchiveFilter, ArchivePreferences, ArchiveQuery } from '../storage/stores/archives.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { dataForm, readForm } from '../xmpp/data-form.ts';
import { delayXml, parseDateTime } from '../xmpp/delay.ts';
import {
  child,
  type Element,
  el,
  elements,
  escapeAttribute,
  insertLast,
  textOf,
  withNamespace,
} from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { pageAnswer, readPageRequest } from '../xmpp/result-set.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const PAGE = 50;
const LARGEST_PAGE = 250;
const PREFERENCES_LIMIT = 1_000;

/** Message archive management (XEP-0313), preferences (XEP-0441), pages (XEP-0059), hints (XEP-0334). */
export const mam: Module = {
  name: 'mam',
  xep: [313, '1.1.0'],
  start: (host) => ({
    features: [NS.mam],
    accountFeatures: [NS.mam, NS.hints, NS.rsm],
    iq: [
      { type: 'get', scope: 'own', xmlns: NS.mam, name: 'query', handle: formFields },
      { type: 'set', scope: 'own', xmlns: NS.mam, name: 'query', handle: (request) => query(host, request) },
      { type: 'get', scope: 'own', xmlns: NS.mam, name: 'prefs', handle: (request) => preferences(host, request) },
      { type: 'set', scope: 'own', xmlns: NS.mam, name: 'prefs', handle: (request) => setPreferences(host, request) },
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
  }),
};

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

/** §4.1.5: which fields a query may have. */
function formFields(): Element {
  return el(
    'query',
    { xmlns: NS.mam },
    dataForm({
      type: 'form',
      formType: NS.mam,
      fields: [
        { name: 'with', type: 'jid-single' },
        { name: 'start', type: 'text-single' },
        { name: 'end', type: 'text-single' },
      ],
    }),
  );
}

function toId(text: string): number {
  const id = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(id))
    throw new StanzaError('item-not-found', 'There is no such message.');
  return id;
}

function moment(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseDateTime(text);
  if (time === undefined) throw new StanzaError('bad-request', 'This is not a date and time.');
  return time;
}

/** What is asked for: the set of messages, and one page of it. */
interface Asked {
  readonly set: ArchiveFilter;
  readonly page: ArchiveQuery;
  /** The ids at which the page begins or ends. */
  readonly edges: readonly number[];
}

/** Reads what is asked for (§4.1). Throws StanzaError. */
function readQuery(payload: Element): Asked {
  const form = readForm(payload);
  const values = form?.values ?? new Map<string, readonly string[]>();
  if (form !== undefined && form.formType !== NS.mam)
    throw new StanzaError('bad-request', 'The form is of another type.');
  for (const name of values.keys()) {
    if (!['FORM_TYPE', 'with', 'start', 'end'].includes(name)) {
      throw new StanzaError('feature-not-implemented', `The archive cannot be asked for ${name}.`); // §4.1.5
    }
  }
  const peer = values.get('with')?.[0];
  const jid = peer === undefined ? undefined : tryParseJid(peer);
  if (peer !== undefined && jid === undefined) throw new StanzaError('bad-request', 'This is not an address.');
  const start = moment(values.get('start')?.[0]);
  const end = moment(values.get('end')?.[0]);
  const { max, after, before } = readPageRequest(payload);
  const afterId = after === undefined ? undefined : toId(after);
  const beforeId = before === undefined || before === '' ? undefined : toId(before);
  const set: ArchiveFilter = {
    ...(jid !== undefined && { with: jid.bare }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
  const page: ArchiveQuery = {
    ...set,
    ...(afterId !== undefined && { afterId }),
    ...(beforeId !== undefined && { beforeId }),
    limit: Math.min(max ?? PAGE, LARGEST_PAGE),
    fromEnd: before !== undefined,
  };
  return { set, page, edges: [afterId, beforeId].filter((id) => id !== undefined) };
}

async function query(host: Host, { account, session, payload }: IqRequest): Promise<Element> {
  if (session === undefined) throw new StanzaError('not-allowed');
  const { archives } = host.house.stores;
  const asked = readQuery(payload);
  for (const edge of asked.edges) {
    if (!(await archives.has(account!.id, edge))) throw new StanzaError('item-not-found', 'There is no such message.'); // §4.3.1
  }
  const [count, page] = await Promise.all([
    archives.count(account!.id, asked.set), // XEP-0059 §2.6: of the whole set, whatever the page
    archives.page(account!.id, asked.page),
  ]);
  const queryId: string | undefined = payload.attrs.queryid;
  for (const row of page.rows) sendResult(host, session, queryId, row.id, row.stanza);
  const { first, last, complete } = page;
  const answer = pageAnswer({
    ...(first !== undefined && { first: String(first) }),
    ...(last !== undefined && { last: String(last) }),
    count,
  });
  return el('fin', { xmlns: NS.mam, complete: complete ? 'true' : undefined }, answer);
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

function preferencesElement(wish: ArchivePreferences): Element {
  const list = (name: string, jids: readonly string[]): Element =>
    el(name, {}, ...jids.map((jid) => el('jid', {}, jid)));
  return el('prefs', { xmlns: NS.mam, default: wish.default }, list('always', wish.always), list('never', wish.never));
}

async function preferences(host: Host, { account }: IqRequest): Promise<Element> {
  return preferencesElement(await host.house.stores.archives.preferences(account!.id));
}

async function setPreferences(host: Host, { account, payload }: IqRequest): Promise<Element> {
  const standard: string = payload.attrs.default ?? '';
  if (standard !== 'always' && standard !== 'never' && standard !== 'roster') {
    throw new StanzaError('bad-request', 'By default, one archives always, never, or what is exchanged with contacts.');
  }
  const wish = { default: standard, always: jidsOf(payload, 'always'), never: jidsOf(payload, 'never') } as const;
  await host.house.stores.archives.setPreferences(account!.id, wish);
  return preferencesElement(wish);
}

function jidsOf(payload: Element, name: 'always' | 'never'): string[] {
  const list = child(payload, name);
  if (list === undefined) return [];
  const jids = elements(list).map((node) => tryParseJid(textOf(node))?.full);
  if (jids.length > PREFERENCES_LIMIT || jids.includes(undefined)) {
    throw new StanzaError('bad-request', 'The list is too long or has something in it that is no address.');
  }
  return jids as string[];
}
