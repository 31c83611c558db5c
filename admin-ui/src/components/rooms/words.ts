import type { Room, RoomMember, RoomOccupant } from '../../../../server/http/contract/index.ts';

export type Affiliation = RoomMember['affiliation'];

/** What a room is called: its title, or its name. */
export const nameOf = (room: Room): string => room.title || room.name;

export const affiliations: Record<Affiliation, string> = {
  owner: 'Owner',
  admin: 'Administrator',
  member: 'Member',
  none: 'Guest',
  outcast: 'Banned',
};

/** What somebody in a room may do, when it is not what everybody there may. */
export function roleWords({ role }: RoomOccupant): string {
  return role === 'moderator' ? 'moderates' : role === 'visitor' ? 'may only listen' : '';
}

/** An address for what was typed as a title: letters, digits and dashes. */
export function slug(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return words?.join('-') ?? '';
}
