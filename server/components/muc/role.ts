import type { RoomRole } from '../../storage/stores/rooms.ts';

const RANKS: Readonly<Record<RoomRole, number>> = { none: 0, visitor: 1, participant: 2, moderator: 3 };

export function isRole(text: string | undefined): text is RoomRole {
  return text !== undefined && Object.hasOwn(RANKS, text);
}

/** The one of two roles with more rights (XEP-0045 §5.1.1). */
export function higher(one: RoomRole, other: RoomRole): RoomRole {
  return RANKS[one] > RANKS[other] ? one : other;
}

export function lower(one: RoomRole, other: RoomRole): RoomRole {
  return RANKS[one] < RANKS[other] ? one : other;
}
