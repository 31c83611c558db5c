import type { Host } from '../../host/host.ts';
import { choiceOption } from '../../host/options.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { Room } from './room.ts';

export const roomsFound = choiceOption({
  key: 'rooms.found',
  scope: 'domain',
  group: 'Rooms',
  title: 'Who can look for rooms',
  help: 'Rooms that are public are shown in a list, with their names, what they are about and how many people are in them. Rooms that are hidden are never shown.',
  default: 'colleagues',
  choices: {
    colleagues: 'Everybody with an account in this domain',
    everyone: 'Everybody, people of other servers included',
    nobody: 'Nobody: people must know the address of a room',
  },
  needsProof: (_from, to) => to === 'everyone',
});

/** Whether somebody may look for public rooms at all (SECURITY 49: what an office talks about is its own business). */
export function mayLook(host: Host, who: Jid): boolean {
  const choice = host.option(roomsFound);
  return choice === 'everyone' || (choice === 'colleagues' && who.domain === host.domain && who.local !== '');
}

/** Whether somebody may come in, as far as that does not depend on who else is in. */
export function mayComeIn(room: Room, who: Jid): boolean {
  const affiliation = room.affiliationOf(who);
  if (affiliation === 'outcast') return false;
  if (atLeast(affiliation, 'member')) return true;
  const { membersOnly, password } = room.config;
  return room.stored && !membersOnly && password === '';
}

/** Whether somebody may know what a room is about: whoever could go in and see, or find it in the list. */
export function mayKnow(host: Host, room: Room, who: Jid): boolean {
  if (room.affiliationOf(who) === 'outcast') return false;
  return mayComeIn(room, who) || room.clients.has(who.full) || (room.config.public && mayLook(host, who));
}

/** §10.1.3: a room that is still being made is there for its owner alone. */
export function checkMade(room: Room, who: Jid): void {
  if (!room.stored && room.affiliationOf(who) !== 'owner' && !room.clients.has(who.full)) {
    throw new StanzaError('item-not-found', 'There is no such room.');
  }
}
