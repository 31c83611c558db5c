import { payloadOf } from '../../host/iq.ts';
import { type Element, el, removeChildren } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { resultFor, type Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { bounced } from './bounce.ts';
import { isPassable, unmoderated } from './masking.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** What is for one occupant: private messages (XEP-0045 §7.5), and requests to their client (§17.3.1 of them). */
export function toOccupant(rooms: Rooms, room: Room, stanza: Stanza): void | Promise<void> {
  const sender = room.clients.get(stanza.from.full);
  if (!stanza.mayBeAnswered) {
    if (stanza.kind === 'iq') rooms.relay.answered(room, stanza);
    else bounced(rooms, room, sender, stanza);
    return;
  }
  if (sender === undefined) {
    if (stanza.kind === 'iq' && isDisco(payloadOf(stanza))) throw new StanzaError('bad-request'); // §6.6
    throw new StanzaError('not-acceptable', 'You are not in this room.'); // §7.5
  }
  const nick = stanza.to!.resource;
  const target = room.occupants.get(nick);
  if (target === undefined) throw new StanzaError('item-not-found', 'Nobody of this name is in the room.');
  if (stanza.kind === 'iq') return ask(rooms, room, sender, target, stanza);
  privately(rooms, room, sender, target, stanza);
}

function isDisco({ attrs }: Element): boolean {
  return attrs.xmlns === NS.discoInfo || attrs.xmlns === NS.discoItems;
}

/** What the room knows itself it answers in the occupant's name; all else the client is asked. */
function ask(rooms: Rooms, room: Room, sender: Occupant, target: Occupant, stanza: Stanza): void | Promise<void> {
  const payload = payloadOf(stanza);
  const handle = rooms.occupantHandlerOf(stanza.type, payload.name, payload.attrs.xmlns ?? '');
  const reply = (answer: Element | undefined | 'relay' | 'asked'): void => {
    if (answer === 'relay') rooms.relay.ask(room, sender, target, stanza);
    else if (answer !== 'asked') room.send(resultFor(stanza, stanza.to!, answer));
  };
  const answer = handle === undefined ? 'relay' : handle({ room, stanza, payload, sender, target });
  return answer instanceof Promise ? answer.then(reply) : reply(answer);
}

function privately(rooms: Rooms, room: Room, sender: Occupant, target: Occupant, stanza: Stanza): void {
  if (stanza.type === 'groupchat') throw new StanzaError('bad-request', 'What is for all goes to the room.');
  mayWrite(room, sender);
  rooms.pace.says(room, sender);
  const { element } = stanza;
  removeChildren(element, (node) => !isPassable(node, stanza));
  unmoderated(element);
  const mark = el('x', { xmlns: NS.mucUser }); // §7.5: so that carbons and archives know what it is
  const id = el('occupant-id', { xmlns: NS.occupantId, id: sender.id });
  for (const one of [id, mark]) one.parent = element;
  element.children.push(id, mark);
  rooms.whispers.send(room, sender, target, element);
}

function mayWrite({ config: { privateMessages } }: Room, { role }: Occupant): void {
  const may =
    role === 'moderator' ||
    privateMessages === 'anyone' ||
    (privateMessages === 'participants' && role === 'participant');
  if (!may || privateMessages === 'none')
    throw new StanzaError('forbidden', 'Private messages are not wanted in this room.');
}
