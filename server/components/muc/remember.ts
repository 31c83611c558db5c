import { timeOf } from '../../storage/archive-id.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { isTold, Remembered } from './history.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Pages of the archive that are read for a history, and how much longer than it they are: not all that is archived is told. */
const MOST_PAGES = 5;
const MORE = 20;

/** Reads the last messages of a room, so that it tells newcomers the same as before it was let go of. */
export async function remember(rooms: Rooms, room: Room): Promise<void> {
  const { house } = rooms.host;
  const { historyLength } = room.config;
  // What was archived until it was switched off is not what was said last.
  if (!rooms.keeps(room)) return;
  const newestFirst: Remembered[] = [];
  let before = {};
  for (let page = 0; page < MOST_PAGES && newestFirst.length < historyLength; page++) {
    const limit = historyLength + MORE;
    const { rows, complete, first } = await house.stores.archives.page(room.id, { ...before, limit, fromEnd: true });
    for (const { id, stanza } of rows.toReversed()) {
      const element = house.parse(stanza);
      const from = tryParseJid(element.attrs.from ?? '');
      if (from === undefined) continue;
      const said = new Stanza(element, from, undefined);
      if (isTold(said)) newestFirst.push(new Remembered(id, timeOf(id), said));
    }
    if (complete) break;
    before = { beforeId: first };
  }
  for (const item of newestFirst.slice(0, historyLength).reverse()) room.history.add(item, historyLength);
}
