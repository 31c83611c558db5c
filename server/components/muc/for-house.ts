import { accountNodes } from '../../pubsub/account-nodes.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import type { RoomConfig } from '../../storage/stores/rooms.ts';
import { nativeBookmark } from '../../xmpp/bookmarks.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { affiliate } from './affiliate.ts';
import { tellOfArrivals } from './owners-told.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/**
 * The house makes a room, with no owner but the administrators; not when one of this name was destroyed. To be called by whoever has
 * found that there is none.
 */
export async function makeForHouse(
  rooms: Rooms,
  name: string,
  config: Partial<RoomConfig> = {},
): Promise<Room | undefined> {
  if ((await rooms.host.house.stores.retiredRooms.get(rooms.domain, name)) !== undefined) return undefined;
  const other = rooms.inUse.current(name);
  if (other !== undefined) return other; // somebody was faster, and is not done perhaps: the next login sees it
  const room = rooms.make(name, '', { title: name, ...config, persistent: true });
  await rooms.inUse.using(room, () => room.changing(() => rooms.store(room)));
  return room;
}

/** As a member one is reached while one is away. Tells whether they are one because of this, were in already, or are banned. */
export async function admit(rooms: Rooms, account: Account, room: Room): Promise<'made' | 'was' | 'banned'> {
  const who = makeJid(account.local, account.domain);
  const how = await room.changing(async () => {
    const affiliation = room.affiliationOf(who);
    if (affiliation !== 'none') return affiliation === 'outcast' ? 'banned' : 'was';
    try {
      await affiliate(rooms, room, [{ jid: who.bare, affiliation: 'member' }], { isInviting: true });
      return 'made';
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error; // a room has so many members and no more: they find it still
      return 'was';
    }
  });
  if (how === 'made') await tellOfArrivals(rooms, room);
  return how;
}

/** Puts a room into somebody's list of rooms (XEP-0402), unless it is there. */
export async function bookmark(rooms: Rooms, account: Account, room: Room): Promise<void> {
  const nodes = accountNodes(rooms.host);
  const { bare: jid } = room.jid;
  if ((await nodes.item(account, NS.bookmarks, jid)) !== undefined) return;
  const { title, password } = room.config;
  const name = title === '' ? room.name : title;
  const payload = nativeBookmark({ jid, name, autojoin: true, nick: undefined, password: password || undefined });
  try {
    await nodes.publish(account, { node: NS.bookmarks, id: jid, payload, origin: 'default-rooms' });
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error; // their own limits are reached
  }
}
