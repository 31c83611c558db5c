import { numberOf } from '../../archive/ids.ts';
import { child, type Element, el, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { asToday } from './early-moderation.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import { Graves } from './graves.ts';
import { moderate } from './moderate.ts';
import type { Occupant } from './occupant.ts';
import type { Rooms } from './rooms.ts';

/** Moderators retract what others said (XEP-0425). */
export const moderation: RoomFeature = {
  name: 'moderation',
  xep: [425, '0.3.0'],
  start(rooms) {
    const graves = new Graves(rooms.host.house);
    const answer = (request: RoomRequest) => request.room.changing(() => asked(rooms, graves, request));
    return {
      features: () => [NS.moderate, NS.earlyModerate],
      iq: [
        { type: 'set', xmlns: NS.moderate, name: 'moderate', handle: answer },
        {
          type: 'set',
          xmlns: NS.fasten,
          name: 'apply-to',
          handle: (request) => answer({ ...request, payload: asToday(request.payload) }),
        },
      ],
    };
  },
};

/** Who asks, as long as they are a moderator. Throws StanzaError `forbidden` for others (§3.2). */
function moderatorOf({ room, from }: RoomRequest): Occupant {
  const occupant = room.clients.get(from.full);
  if (occupant?.role !== 'moderator')
    throw new StanzaError('forbidden', 'Only moderators who are in the room retract what others said.');
  return occupant;
}

async function asked(rooms: Rooms, graves: Graves, request: RoomRequest): Promise<undefined> {
  const { room, payload, from } = request;
  moderatorOf(request);
  if (child(payload, 'retract', NS.retract) === undefined)
    throw new StanzaError('feature-not-implemented', 'Messages can be retracted, and nothing else.');
  const id = numberOf(payload.attrs.id ?? '');
  const reason = textOf(child(payload, 'reason'));
  const by = (): Element => {
    const { jid, id } = moderatorOf(request); // still
    // §4: in a room where addresses are not seen, it is the occupant's id that says who it was.
    const occupant = el('occupant-id', { xmlns: NS.occupantId, id });
    return el('moderated', { xmlns: NS.moderate, by: jid.full }, occupant);
  };
  const gone = id === undefined ? [] : await moderate(rooms, graves, room, { id, reason, asker: from.bare }, by);
  if (gone.length === 0) throw new StanzaError('item-not-found', 'There is no such message.');
  return undefined;
}
