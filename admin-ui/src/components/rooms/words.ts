import type { Room, RoomMember, RoomOccupant } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';
import { plainLetters } from '../../plain-letters.ts';

export type Affiliation = RoomMember['affiliation'];

/** What a room is called: its title, or its name. */
export const nameOf = (room: Room): string => room.title || room.name;

export const affiliations: Record<Affiliation, string> = {
  owner: t('Owner'),
  admin: t('Administrator'),
  member: t('Member'),
  none: t('Guest'),
  outcast: t('Banned'),
};

/** What somebody else typed, in the middle of a sentence of ours: not longer than that, and its direction stays inside. */
export function brief(text: string): string {
  const letters = [...text];
  return `\u2068${letters.length > 60 ? `${letters.slice(0, 60).join('')}…` : text}\u2069`;
}

/** What somebody in a room may do, when it is not what everybody there may. */
export function roleWords({ role }: RoomOccupant): string {
  return role === 'moderator' ? t('moderates') : role === 'visitor' ? t('may only listen') : '';
}

/** An address for what was typed as a title: letters, digits and dashes. */
export function slug(text: string): string {
  const words = plainLetters(text).match(/[\p{L}\p{N}]+/gu);
  return words?.join('-') ?? '';
}
