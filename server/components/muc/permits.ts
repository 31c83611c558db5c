import type { RoomAffiliation, RoomRole } from '../../storage/stores/rooms.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { Room } from './room.ts';

/** What somebody is in a room, on which depends what they may do there. */
export interface Standing {
  readonly affiliation: RoomAffiliation;
  readonly role: RoomRole;
}

/** What an address is now. It is the person that moderates, not the device that is in the room (XEP-0045 §8). */
export function standingOf(room: Room, who: Jid): Standing {
  const affiliation = room.affiliationOf(who);
  const own = room.clients.get(who.full)?.role;
  if (own === 'moderator') return { affiliation, role: own };
  for (const { bare, role } of room.occupants.values()) {
    if (bare === who.bare && role === 'moderator') return { affiliation, role };
  }
  return { affiliation, role: own ?? 'none' };
}

/** Whether `actor` may give somebody who has the affiliation `target` another one (§5.2.2). Throws StanzaError. */
export function checkAffiliating(
  actor: RoomAffiliation,
  target: RoomAffiliation,
  wanted: RoomAffiliation,
  isSelf: boolean,
): void {
  if (!atLeast(actor, 'admin')) throw new StanzaError('forbidden', 'Only admins and owners of this room do that.'); // §9
  if (isSelf && wanted === 'outcast') throw new StanzaError('conflict', 'You cannot ban yourself.'); // §9.1
  if (actor === 'owner') return;
  if (atLeast(target, 'admin')) {
    if (wanted === 'outcast') throw new StanzaError('not-allowed', 'Only owners ban admins and owners.'); // §9.1
    throw new StanzaError('forbidden', 'Only owners change who is admin or owner.'); // §10.5, §10.8
  }
  if (atLeast(wanted, 'admin')) throw new StanzaError('forbidden', 'Only owners make somebody admin or owner.');
}

/** Whether somebody may change roles at all (§8, §9). Throws StanzaError. */
export function checkModerates({ role, affiliation }: Standing): void {
  if (role !== 'moderator' && !atLeast(affiliation, 'admin')) {
    throw new StanzaError('forbidden', 'Only moderators do that.');
  }
}

/** Whether `actor` may give an occupant another role (§5.1.3). Throws StanzaError. */
export function checkRole(actor: Standing, target: Standing, wanted: RoomRole, isSelf: boolean): void {
  const moderates = actor.role === 'moderator';
  const administers = atLeast(actor.affiliation, 'admin');
  checkModerates(actor);
  if (wanted === 'moderator') {
    if (!administers) throw new StanzaError('forbidden', 'Only admins and owners make moderators.'); // §9.6
    return;
  }
  if (wanted !== 'none' && target.role === wanted) return;
  const isProtected = atLeast(target.affiliation, 'admin');
  if (wanted !== 'none' && isProtected) {
    throw new StanzaError('not-allowed', 'Admins and owners are moderators and have voice always.'); // §8.4, §9.7
  }
  if (wanted !== 'none' && target.role === 'moderator') {
    if (!administers) throw new StanzaError('forbidden', 'Only admins and owners unmake moderators.'); // §9.7
    return;
  }
  if (!moderates) throw new StanzaError('forbidden', 'Please enter the room first.'); // §8
  if (wanted === 'none') {
    if (isSelf) throw new StanzaError('conflict', 'You cannot kick yourself.'); // §8.2
    const isHigher = !atLeast(actor.affiliation, target.affiliation);
    if (isHigher || (target.role === 'moderator' && !administers)) {
      throw new StanzaError('not-allowed', 'You cannot kick somebody who has more to say here than you.'); // §8.2, §5.1.3
    }
  } else if (wanted === 'visitor' && atLeast(target.affiliation, actor.affiliation)) {
    throw new StanzaError('not-allowed', 'You take voice only from people with a lower affiliation than yours.'); // §8.4
  }
}
