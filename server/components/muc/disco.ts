import type { IqRequest } from '../../host/iq.ts';
import type { Capabilities } from '../../xmpp/caps.ts';
import type { Field } from '../../xmpp/data-form.ts';
import { dataForm } from '../../xmpp/data-form.ts';
import { discoInfo } from '../../xmpp/disco.ts';
import { child, type Element, el } from '../../xmpp/element.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { pageAnswer, readPageRequest } from '../../xmpp/result-set.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import { checkMade, mayKnow, mayLook, roomsFound } from './finding.ts';
import { isBroadcast } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Rooms, and occupants, in one answer. */
const PAGE = 100;

const TRAFFIC = `${NS.muc}#traffic`;

/** What there is to discover in a service and in a room (XEP-0045 §6). */
export const discovery: RoomFeature = {
  name: 'discovery',
  xep: [45, '1.35.3'],
  also: [
    [30, '2.5.0'],
    [59, '1.0'],
    [128, '1.0.1'],
  ],
  options: [roomsFound],
  start: (rooms) => ({
    serviceFeatures: [NS.rsm],
    serviceItems: (request) => list(rooms, request),
    iq: [
      { type: 'get', xmlns: NS.discoInfo, name: 'query', handle: (request) => info(rooms, request) },
      { type: 'get', xmlns: NS.discoItems, name: 'query', handle: (request) => items(rooms, request) },
    ],
  }),
};

/** §6.3: public rooms, a page at a time; a hidden one is found by nobody, not by its members either. */
async function list({ host, domain }: Rooms, { stanza, payload }: IqRequest): Promise<Element[]> {
  if (!mayLook(host, stanza.from)) return [];
  const { max = PAGE, after = '', before } = readPageRequest(payload);
  const limit = Math.min(max, PAGE);
  const { listedRooms: store } = host.house.stores;
  const count = await store.count(domain);
  const plain = { service: domain, words: [], inName: false, inTitle: false, inDescription: false };
  const local = (jid: string): string => jid.split('@', 1)[0]!;
  const edges = before ? { after: '', before: local(before) } : { after: local(after) };
  // XEP-0059 §2.5: without an address the last page is meant. No name has a character above this one.
  const range = before === '' ? { after: '', before: '\u{10ffff}' } : edges;
  const found = limit === 0 ? [] : await store.find({ ...plain, ...range, limit });
  if (before !== undefined) found.reverse();
  const rows = found.map(({ name, config: { title } }) =>
    el('item', { jid: makeJid(name, domain).bare, name: title === undefined || title === '' ? name : title }),
  );
  const asked = child(payload, 'set', NS.rsm) !== undefined;
  if (!asked && rows.length === count) return rows;
  const [first, last] = [rows[0]?.attrs.jid, rows.at(-1)?.attrs.jid];
  return [...rows, pageAnswer({ ...(first !== undefined && { first, last }), count })];
}

async function ofNode(
  rooms: Rooms,
  request: RoomRequest,
  node: string,
  what: 'info' | 'items',
): Promise<readonly Element[]> {
  for (const wiring of rooms.wirings) {
    const found = await wiring.node?.(request, node, what);
    if (found !== undefined) return found;
  }
  // §18.1.1: a room that lets everything through says so like this.
  if (node === TRAFFIC) throw new StanzaError('service-unavailable');
  throw new StanzaError('item-not-found', 'There is no such node.');
}

/** §6.4 */
async function info(rooms: Rooms, request: RoomRequest): Promise<Element> {
  const { room, from, payload } = request;
  checkMade(room, from);
  const node: string | undefined = payload.attrs.node;
  const query = el('query', { xmlns: NS.discoInfo, node });
  if (node !== undefined) query.append(...(await ofNode(rooms, request, node, 'info')));
  else if (mayKnow(rooms.host, room, from)) {
    query.append(...discoInfo(capabilitiesOf(rooms, room)), dataForm(await details(rooms, room)));
  } else {
    // What kind of room it is, and nothing of what it is about: an invited guest can see how to get in.
    const { features } = capabilitiesOf(rooms, room);
    const identities = [{ category: 'conference', type: 'text', name: room.name }];
    query.append(...discoInfo({ identities, features, forms: [] }));
  }
  return query;
}

function capabilitiesOf(rooms: Rooms, room: Room): Capabilities {
  const { config, name } = room;
  const features = [
    NS.discoInfo,
    NS.discoItems,
    NS.muc,
    `${NS.muc}#stable_id`,
    NS.mucRoomInfo,
    config.public ? 'muc_public' : 'muc_hidden',
    config.membersOnly ? 'muc_membersonly' : 'muc_open',
    config.moderated ? 'muc_moderated' : 'muc_unmoderated',
    config.openAddresses ? 'muc_nonanonymous' : 'muc_semianonymous',
    config.password === '' ? 'muc_unsecured' : 'muc_passwordprotected',
    config.persistent ? 'muc_persistent' : 'muc_temporary',
    ...rooms.wirings.flatMap((wiring) => wiring.features?.(room) ?? []),
  ];
  return {
    identities: [{ category: 'conference', type: 'text', name: config.title === '' ? name : config.title }],
    features: [...new Set(features)].sort(),
    forms: [],
  };
}

/** §6.4, §16.5.4: of contacts only those that the owners have named, as everybody may read this. */
async function details(rooms: Rooms, room: Room) {
  const { config, subject, occupants } = room;
  const text = (name: string, label: string, value: string): Field => {
    return { name, type: 'text-single', label, values: [value] };
  };
  const yes = (name: string, label: string, value: boolean): Field => {
    return { name, type: 'boolean', label, values: [value ? '1' : '0'] };
  };
  const fields: Field[] = [
    text('muc#roomconfig_roomname', 'Name', config.title === '' ? room.name : config.title),
    text('muc#roominfo_description', 'Short description of the room', config.description),
    text('muc#roominfo_occupants', 'People in the room now', String(occupants.size)),
    text('muc#roominfo_subject', 'Current subject', subject?.text ?? ''),
    yes('muc#roominfo_subjectmod', 'Participants may change the subject', config.allowSubject),
    yes('muc#roomconfig_changesubject', 'Participants may change the subject', config.allowSubject),
    yes('muc#roomconfig_allowinvites', 'Members may invite others', config.allowInvites),
    text('muc#maxhistoryfetch', 'Most messages of the past that one gets on entering', String(config.historyLength)),
  ];
  if (config.lang !== '') fields.push(text('muc#roominfo_lang', 'Language', config.lang));
  if (config.contacts.length > 0) {
    const label = 'Whom to ask about the room';
    fields.push({ name: 'muc#roominfo_contactjid', type: 'jid-multi', label, values: config.contacts });
  }
  const more = await Promise.all(rooms.wirings.map((wiring) => wiring.info?.(room) ?? []));
  return { type: 'result', formType: NS.mucRoomInfo, fields: [...fields, ...more.flat()] } as const;
}

/** §6.5: who is in a room is told those who are in it (SECURITY 49). */
async function items(rooms: Rooms, request: RoomRequest): Promise<Element> {
  const { room, from, payload, occupant } = request;
  checkMade(room, from);
  const node: string | undefined = payload.attrs.node;
  const query = el('query', { xmlns: NS.discoItems, node });
  if (node !== undefined) query.append(...(await ofNode(rooms, request, node, 'items')));
  else if (occupant !== undefined) query.append(...there(room, payload));
  return query;
}

function there(room: Room, payload: Element): Element[] {
  const { max = PAGE, after = '', before } = readPageRequest(payload);
  if (before !== undefined) throw new StanzaError('feature-not-implemented', 'This list is read forwards only.');
  const nicks = [...room.occupants.values()].filter(({ role }) => isBroadcast(room, role)).map(({ nick }) => nick);
  const rest = nicks.filter((nick) => nick > after).sort();
  const page = rest.slice(0, Math.min(max, PAGE));
  const rows = page.map((nick) => el('item', { jid: makeJid(room.name, room.service, nick).full, name: nick }));
  if (page.length === nicks.length && child(payload, 'set', NS.rsm) === undefined) return rows;
  const [first, last] = [page[0], page.at(-1)];
  return [
    ...rows,
    pageAnswer({ ...(first !== undefined && last !== undefined && { first, last }), count: nicks.length }),
  ];
}
