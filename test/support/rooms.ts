import type { Actor } from './actor.ts';

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
