import { archiveMetadata, resultXml } from '../../archive/answer.ts';
import { type Meant, readArchive } from '../../archive/read.ts';
import { archiveForm } from '../../xmpp/archive-query.ts';
import { type Element, el } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import { withAuthors } from './authors.ts';
import { checkCompany } from './company.ts';
import { notify } from './configure.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import { CODE, isStaff } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

const FEATURES = [NS.mam, `${NS.mam}#extended`, NS.fulltext, NS.rsm];

/** The archive of a room (XEP-0313), with search (XEP-0431): who may read it, and how. What goes in says groupchat.ts. */
export const archive: RoomFeature = {
  name: 'archive',
  xep: [313, '1.1.3'],
  also: [[431, '0.2.0']],
  start(rooms) {
    const { host } = rooms;
    /** Rooms whose people were told that what they say is kept, or is not. */
    const told = new WeakMap<Room, boolean>();
    const unwatch = host.house.stores.archiveRules.watch((domain) => {
      if (domain !== host.domain) return;
      for (const room of rooms.inUse.all()) {
        const keeps = rooms.keeps(room);
        if (room.config.archived && (told.get(room) ?? keeps) !== keeps)
          notify(room, keeps ? CODE.logged : CODE.notLogged);
        told.set(room, keeps);
      }
    });
    return {
      stop: unwatch,
      join: { announce: ({ room }) => void told.set(room, rooms.keeps(room)) },
      features: (room) => (rooms.keeps(room) ? FEATURES : []), // §7: only where there is one
      iq: [
        { type: 'get', xmlns: NS.mam, name: 'query', handle: (request) => form(rooms, request) },
        { type: 'set', xmlns: NS.mam, name: 'query', handle: (request) => query(rooms, request) },
        { type: 'get', xmlns: NS.mam, name: 'metadata', handle: (request) => metadata(rooms, request) },
      ],
    };
  },
};

/**
 * XEP-0313 §6.1.2: who may enter now may read, in the room or not; throws StanzaError for others. So a phone that was away
 * reads what it missed before it is in again. Two must be in, unless they belong to the room: who needs a password, since
 * only entering shows that they know it, and people of other servers, who are to be seen when they read what is said here.
 */
function checkReader(rooms: Rooms, { room, from, affiliation }: RoomRequest): void {
  if (!room.stored) throw new StanzaError('item-not-found', 'This room is being made.');
  const { host } = rooms;
  if (affiliation === 'outcast') throw new StanzaError('forbidden', 'You are banned from this room.');
  checkCompany(rooms, room, from);
  if (!atLeast(affiliation, 'member')) {
    if (room.config.membersOnly) throw new StanzaError('forbidden', 'The archive of this room is for its members.');
    const { password } = room.config;
    if ((password !== '' || from.domain !== host.domain) && !isIn(room, from))
      throw new StanzaError('forbidden', 'Please enter this room first.');
  }
  if (!rooms.keeps(room)) throw new StanzaError('service-unavailable', 'This room keeps no archive.');
}

/** Whether somebody is in the room, with this device or with another one. */
function isIn(room: Room, { full, bare }: Jid): boolean {
  if (room.clients.has(full)) return true;
  for (const occupant of room.occupants.values()) if (occupant.bare === bare) return true;
  return false;
}

function form(rooms: Rooms, request: RoomRequest): Element {
  checkReader(rooms, request);
  return el('query', { xmlns: NS.mam }, archiveForm('room'));
}

async function query(rooms: Rooms, request: RoomRequest): Promise<Element> {
  checkReader(rooms, request);
  const { room, from, payload } = request;
  const { host } = rooms;
  const there = (): boolean => from.domain !== host.domain || host.sessions.get(from) !== undefined;
  const means = (address: Jid): Meant => meant(request, address);
  const { rows, fin, queryId } = await readArchive(host.house, payload, {
    owner: room.id,
    means,
    asker: from.bare,
    there,
  });
  const shown = mayKnowAuthors(request) ? withAuthors(host.house, room, rows) : rows;
  for (const row of shown)
    room.send(Stanza.written(el('message'), room.jid, from, resultXml(room.jid.bare, queryId, row)));
  return fin;
}

/** Who sees addresses in a room where everybody does: who is in it or belongs to it, not who only could enter. */
function mayKnowAuthors({ room, from, affiliation }: RoomRequest): boolean {
  return room.config.openAddresses && (atLeast(affiliation, 'member') || isIn(room, from));
}

/** §4.1.1: the messages of an occupant's name; those of a person only for who may know whose messages they are. */
function meant(request: RoomRequest, address: Jid): Meant {
  const { room, from } = request;
  if (address.bare === room.jid.bare) return address.resource === '' ? {} : { with: address.full };
  if (address.bare !== from.bare && !mayKnowAuthors(request) && !isStaff(room, from))
    throw new StanzaError('forbidden', 'You may not know who somebody in this room is.');
  // The archive has no addresses of people in it, but it tells their messages from others' (XEP-0421).
  return { xml: `<occupant-id xmlns='${NS.occupantId}' id='${room.occupantId(address.bare)}'/>` };
}

function metadata(rooms: Rooms, request: RoomRequest): Promise<Element> {
  checkReader(rooms, request);
  return archiveMetadata(rooms.host.house.stores.archives, request.room.id);
}
