import type { RoomAffiliation, RoomConfig, RoomRole } from '../../storage/stores/rooms.ts';

const RANKS: Readonly<Record<RoomAffiliation, number>> = { outcast: 0, none: 1, member: 2, admin: 3, owner: 4 };

/** Whether an affiliation is as good as another one (XEP-0045 §5.2). */
export function atLeast(affiliation: RoomAffiliation, needed: RoomAffiliation): boolean {
  return RANKS[affiliation] >= RANKS[needed];
}

export function isAffiliation(text: string | undefined): text is RoomAffiliation {
  return text !== undefined && Object.hasOwn(RANKS, text);
}

/** The role that one enters with (§5.1.2). Outcasts do not enter. */
export function firstRole(affiliation: RoomAffiliation, config: RoomConfig): RoomRole {
  if (atLeast(affiliation, 'admin')) return 'moderator';
  return affiliation === 'none' && config.moderated ? 'visitor' : 'participant';
}
