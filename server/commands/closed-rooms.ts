import type { RoomConfig } from '../storage/stores/rooms.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { type Actor, mustProve } from './actor.ts';
import type { House } from './house.ts';

/** Not everybody of the house may come in and read. */
export function isClosed({ membersOnly, password }: RoomConfig): boolean {
  return membersOnly || password !== '';
}

/**
 * Who lets people into closed rooms shows first who they are, by whichever way these come in: they may read there what was said, and
 * whose account it is nobody can tell. A room that there is not yet has nothing to read. Throws CommandError `prove-yourself`.
 */
export async function mustProveToLetIn(
  by: Actor,
  house: House,
  domain: string,
  names: Iterable<string>,
): Promise<void> {
  if (by.proven !== false) return;
  const rooms = house.get(domain)?.rooms;
  for (const name of rooms === undefined ? [] : names) {
    try {
      if (isClosed((await rooms!.find(name)).config)) mustProve(by);
    } catch (error) {
      if (!(error instanceof StanzaError) || error.condition !== 'item-not-found') throw error;
    }
  }
}
