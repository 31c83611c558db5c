import type { Room } from '../../server/components/muc/room.ts';
import type { Rooms } from '../../server/components/muc/rooms.ts';
import { RoomService } from '../../server/components/muc/service.ts';
import type { RoomConfig } from '../../server/storage/stores/rooms.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import type { Actor } from './actor.ts';
import type { Scene } from './scene.ts';

export const MUC = 'http://jabber.org/protocol/muc';
/** The room of most scenes. */
export const ROOM = 'garden@conference.example.test';

/** The presence with which one enters, `inner` inside of its `<x/>`. */
export function enter(nick: string, inner = '', room = ROOM): string {
  return `<presence to='${room}/${nick}'><x xmlns='${MUC}'>${inner}</x></presence>`;
}

export function leave(nick: string, room = ROOM): string {
  return `<presence to='${room}/${nick}' type='unavailable'/>`;
}

/** What somebody says to all. */
export function say(text: string, room = ROOM): string {
  return `<message to='${room}' type='groupchat' id='${text}'><body>${text}</body></message>`;
}

/** The owner's form with these fields (their names without the common beginning); with none it asks for a room as it comes. */
export function configure(fields: Record<string, string | readonly string[]> = {}, room = ROOM): string {
  const all = Object.entries(fields).map(([name, value]) => {
    const values = (typeof value === 'string' ? [value] : value).map((one) => `<value>${one}</value>`);
    return `<field var='muc#roomconfig_${name}'>${values.join('')}</field>`;
  });
  const type = `<field var='FORM_TYPE'><value>${MUC}#roomconfig</value></field>`;
  const form = `<x xmlns='jabber:x:data' type='submit'>${all.length > 0 ? type : ''}${all.join('')}</x>`;
  return `<iq type='set' to='${room}'><query xmlns='${MUC}#owner'>${form}</query></iq>`;
}

/** Makes a room and stays in it; what that brought has been read. */
export async function makes(
  owner: Actor,
  nick: string,
  fields: Record<string, string> = {},
  room = ROOM,
): Promise<void> {
  await owner.sends(enter(nick, '', room));
  await owner.gets(configure(fields, room));
  await owner.all();
}

/** Enters; what that brought has been read. */
export async function enters(actor: Actor, nick: string, inner = '', room = ROOM): Promise<void> {
  await actor.sends(enter(nick, inner, room));
  await actor.all();
}

/** One request of moderators, admins or owners; each item as its attributes, and inside of it the reason. */
export function admin(items: readonly (string | readonly [attributes: string, reason: string])[], room = ROOM): string {
  const all = items.map((item) => {
    if (typeof item === 'string') return `<item ${item}/>`;
    return `<item ${item[0]}><reason>${item[1]}</reason></item>`;
  });
  return `<iq type='set' to='${room}'><query xmlns='${MUC}#admin'>${all.join('')}</query></iq>`;
}

/** Asks for those who have an affiliation or a role. */
export function askFor(attributes: string, room = ROOM): string {
  return `<iq type='get' to='${room}'><query xmlns='${MUC}#admin'><item ${attributes}/></query></iq>`;
}

/** The rooms of the service that has this one; it must be in use. */
export function roomsOf(scene: Scene, room = ROOM): Rooms {
  const { local, domain } = parseJid(room);
  for (const { components } of scene.hosts) {
    const service = components.get(domain);
    if (service instanceof RoomService && service.rooms.inUse.current(local) !== undefined) return service.rooms;
  }
  throw new Error(`${room} is not in use`);
}

/** The room as the service has it; it must be in use. */
export function roomOf(scene: Scene, room = ROOM): Room {
  return roomsOf(scene, room).inUse.current(parseJid(room).local)!;
}

/** A room like this from now on, without anybody being told. */
export function shape(scene: Scene, config: Partial<RoomConfig>, room = ROOM): void {
  const found = roomOf(scene, room);
  found.config = { ...found.config, ...config };
}
