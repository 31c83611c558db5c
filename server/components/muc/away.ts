import type { RoomAffiliation, RoomMember } from '../../storage/stores/rooms.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { el } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import type { Doer } from './affiliate.ts';
import { atLeast } from './affiliations.ts';
import { CODE } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Notes to people elsewhere, from one room: who may make rooms must not be able to write to everybody in the world. */
const notes = new TokenBuckets({ capacity: 50, perSecond: 1 / 60, keys: 5_000 });

/**
 * Tells of a new affiliation of somebody who is not in the room: the occupants who may know addresses (XEP-0045 §10.3, §10.6,
 * §10.7), and the person, with code 101 or an invitation (§9.5). Who is banned is not told.
 */
export function tellAway(
  rooms: Rooms,
  room: Room,
  { jid, affiliation, reason }: RoomMember,
  before: RoomAffiliation,
  { actor, isInviting }: Doer,
): void {
  if (affiliation === before) return;
  const item = () => el('item', { affiliation, jid, role: 'none' }, reason !== '' && el('reason', {}, reason));
  const forOccupants = el('message', {}, el('x', { xmlns: NS.mucUser }, item()), el('no-store', { xmlns: NS.hints }));
  room.tellAll(new Stanza(forOccupants, room.jid, undefined), (occupant) => room.seesAddresses(occupant));
  const person = tryParseJid(jid);
  if (
    person === undefined ||
    person.local === '' ||
    isInviting === true ||
    affiliation === 'outcast' ||
    before === 'outcast'
  )
    return;
  if (person.domain !== rooms.host.domain && notes.take(`${room.id}`) > 0) return;
  const invited = room.config.membersOnly && before === 'none' && atLeast(affiliation, 'member');
  const what = invited ? invitation(room, actor, reason) : [item(), el('status', { code: CODE.affiliationUnseen })];
  room.send(new Stanza(el('message', {}, el('x', { xmlns: NS.mucUser }, ...what)), room.jid, person));
}

/** §9.5: who has become a member of a room for members only may come. In the name of a nickname, which shows no address. */
function invitation(room: Room, actor: string | undefined, reason: string) {
  const from = actor === undefined ? room.jid.bare : `${room.jid.bare}/${actor}`;
  const { password } = room.config;
  return [
    el('invite', { from }, reason !== '' && el('reason', {}, reason)),
    password !== '' && el('password', {}, password),
  ];
}
