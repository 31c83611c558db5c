import { el, removeChildren } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { bounced } from './bounce.ts';
import { isPassable } from './masking.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** What is for one occupant: private messages (XEP-0045 §7.5), and requests to their client (§17.3.1 of them). */
export function toOccupant(rooms: Rooms, room: Room, stanza: Stanza): void {
  const sender = room.clients.get(stanza.from.full);
  if (!stanza.mayBeAnswered) {
    if (stanza.kind === 'iq') rooms.relay.answered(room, stanza);
    else bounced(rooms, room, sender, stanza);
    return;
  }
  if (sender === undefined) {
    throw new StanzaError('not-acceptable', 'You are not in this room.'); // §7.5
  }
  const nick = stanza.to!.resource;
  const target = room.occupants.get(nick);
  if (target === undefined) throw new StanzaError('item-not-found', 'Nobody of this name is in the room.');
  if (stanza.kind === 'iq') rooms.relay.ask(room, sender, target, stanza);
  else privately(room, sender, target, stanza);
}

function privately(room: Room, sender: Occupant, target: Occupant, stanza: Stanza): void {
  if (stanza.type === 'groupchat') throw new StanzaError('bad-request', 'What is for all goes to the room.');
  mayWrite(room, sender);
  const { element } = stanza;
  removeChildren(element, (node) => !isPassable(node, stanza));
  const mark = el('x', { xmlns: NS.mucUser }); // §7.5: so that carbons and archives know what it is
  const id = el('occupant-id', { xmlns: NS.occupantId, id: sender.id });
  for (const one of [id, mark]) one.parent = element;
  element.children.push(id, mark);
  room.tell(target, new Stanza(element, sender.jid, undefined));
}

function mayWrite({ config: { privateMessages } }: Room, { role }: Occupant): void {
  const may =
    role === 'moderator' ||
    privateMessages === 'anyone' ||
    (privateMessages === 'participants' && role === 'participant');
  if (!may || privateMessages === 'none')
    throw new StanzaError('forbidden', 'Private messages are not wanted in this room.');
}
