import type { IqRequest } from '../../host/iq.ts';
import { searchable } from '../../storage/stores/profiles.ts';
import type { RoomConfig } from '../../storage/stores/rooms.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { dataForm, readForm } from '../../xmpp/data-form.ts';
import { type Element, el } from '../../xmpp/element.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { pageAnswer, readPageRequest } from '../../xmpp/result-set.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { complete } from './config.ts';
import type { RoomFeature } from './feature.ts';
import { mayLook } from './finding.ts';
import type { Rooms } from './rooms.ts';
import { type Asked, BY_ADDRESS, BY_PEOPLE, PARAMS, readSearch, SEARCH } from './search-form.ts';

/** Searches of one person, at once and a second: each reads the list of rooms. */
const RATE = { capacity: 20, perSecond: 1, keys: 10_000 };
/** Rooms in one answer. */
const PAGE = 50;
const PAGE_LIMIT = 100;

/** Looking for rooms by words and by how many people are in them (XEP-0433). */
export const channelSearch: RoomFeature = {
  name: 'channel-search',
  xep: [433, '0.1.0'],
  start(rooms) {
    const rate = new TokenBuckets(RATE);
    return {
      serviceFeatures: [SEARCH],
      serviceIq: [{ type: 'get', xmlns: SEARCH, name: 'search', handle: (request) => answer(rooms, rate, request) }],
    };
  },
};

function answer(rooms: Rooms, rate: TokenBuckets, { stanza, payload }: IqRequest): Element | Promise<Element> {
  if (!mayLook(rooms.host, stanza.from)) throw new StanzaError('forbidden', 'You may not look for rooms here.');
  const form = readForm(payload);
  if (form === undefined) return el('search', { xmlns: SEARCH }, template());
  const asked = readSearch(form);
  const { max = PAGE, after, before } = readPageRequest(payload);
  if (before !== undefined) throw new StanzaError('feature-not-implemented', 'This list is read forwards only.');
  const wait = rate.take(stanza.from.bare);
  if (wait > 0) {
    const detail = el('rate-limit', { xmlns: `${NS.channelSearch}:error`, 'retry-after': Math.ceil(wait / 1_000) });
    throw new StanzaError('resource-constraint', 'Not so many at once, please.', { type: 'wait', detail });
  }
  return results(rooms, asked, after ?? '', Math.min(max, PAGE_LIMIT));
}

/** §4.2.1 */
function template(): Element {
  return dataForm({
    type: 'form',
    formType: PARAMS,
    title: 'Rooms',
    fields: [
      { name: 'q', type: 'text-single', label: 'Search for' },
      { name: 'all', type: 'boolean', label: 'All rooms, whatever they are called' },
      { name: 'sinname', type: 'boolean', label: 'Search in names', values: ['1'] },
      { name: 'sindescription', type: 'boolean', label: 'Search in descriptions', values: ['1'] },
      { name: 'sinaddress', type: 'boolean', label: 'Search in addresses', values: ['1'] },
      { name: 'min_users', type: 'text-single', label: 'People in it at least', values: ['0'] },
      {
        name: 'types',
        type: 'list-multi',
        label: 'Kinds of rooms',
        values: ['xep-0045'],
        options: [{ label: 'Rooms of this kind of server', value: 'xep-0045' }],
      },
      {
        name: 'key',
        type: 'list-single',
        label: 'In the order of',
        values: [BY_PEOPLE],
        options: [
          { label: 'How many people are in', value: BY_PEOPLE },
          { label: 'Address', value: BY_ADDRESS },
        ],
      },
    ],
  });
}

interface Found {
  readonly name: string;
  readonly config: RoomConfig;
  readonly people: number;
}

/** §4.2.2.1. The edge of a page is the last room's place in the order: its name, after how many people were in it. */
async function results(rooms: Rooms, asked: Asked, after: string, limit: number): Promise<Element> {
  const found =
    asked.possible && limit > 0 ? await (asked.byPeople ? byPeople : byAddress)(rooms, asked, after, limit) : [];
  const edge = ({ name, people }: Found): string => (asked.byPeople ? `${people} ${name}` : name);
  const [first, last] = [found[0], found.at(-1)];
  const bounds = first === undefined || last === undefined ? {} : { first: edge(first), last: edge(last) };
  return el('result', { xmlns: SEARCH }, ...found.map((one) => item(rooms, one)), pageAnswer(bounds));
}

async function byAddress(rooms: Rooms, asked: Asked, after: string, limit: number): Promise<Found[]> {
  if (asked.people === 0) return stored(rooms, asked, after, limit);
  const some = peopled(rooms, asked).filter(({ name }) => name > after);
  return some.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, limit);
}

/** Those with people in them are all at hand; those without are in the store. */
async function byPeople(rooms: Rooms, asked: Asked, after: string, limit: number): Promise<Found[]> {
  const [, count = '', name = ''] = /^(\d{1,9}) (.+)$/.exec(after) ?? [];
  const edge = count === '' ? undefined : { people: Number(count), name };
  const comes = (one: Found): boolean =>
    edge === undefined || one.people < edge.people || (one.people === edge.people && one.name > edge.name);
  const some = peopled(rooms, asked).filter(comes);
  some.sort((one, other) => other.people - one.people || (one.name < other.name ? -1 : 1));
  const page = some.slice(0, limit);
  let last = edge?.people === 0 ? edge.name : '';
  while (page.length < limit && asked.people === 0) {
    const more = await stored(rooms, asked, last, limit);
    page.push(...more.filter(({ people }) => people === 0).slice(0, limit - page.length));
    if (more.length < limit) break;
    last = more.at(-1)!.name;
  }
  return page;
}

/** Rooms with as many people as are asked for, and with one at least. */
function peopled(rooms: Rooms, { words, inName, inTitle, inDescription, people }: Asked): Found[] {
  const found: Found[] = [];
  for (const { name, config, stored: made, destroyed, occupants } of rooms.inUse.all()) {
    if (!made || destroyed || !config.public || occupants.size < Math.max(people, 1)) continue;
    const places = [
      inName && name,
      inTitle && searchable(config.title),
      inDescription && searchable(config.description),
    ];
    const text = places.filter((place) => place !== false).join(' ');
    if (words.every((word) => text.includes(word))) found.push({ name, config, people: occupants.size });
  }
  return found;
}

async function stored(rooms: Rooms, asked: Asked, after: string, limit: number): Promise<Found[]> {
  const { words, inName, inTitle, inDescription } = asked;
  const query = { service: rooms.domain, words, inName, inTitle, inDescription, after, limit };
  const found = await rooms.host.house.stores.listedRooms.find(query);
  return found.map(({ name, config }) => {
    return { name, config: complete(config), people: rooms.inUse.current(name)?.occupants.size ?? 0 };
  });
}

/** §6.2 */
function item({ domain }: Rooms, { name, config, people }: Found): Element {
  const { title, description, lang, membersOnly, password, openAddresses } = config;
  return el(
    'item',
    { address: makeJid(name, domain).bare },
    el('name', {}, title === '' ? name : title),
    description !== '' && el('description', {}, description),
    lang !== '' && el('language', {}, lang),
    el('nusers', {}, String(people)),
    el('service-type', {}, 'xep-0045'),
    !membersOnly && password === '' && el('is-open', {}, 'true'),
    el('anonymity-mode', {}, openAddresses ? `{${NS.channelSearch}:anonymity}none` : 'muc_semianonymous'),
  );
}
