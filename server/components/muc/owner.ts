import { readForm } from '../../xmpp/data-form.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import type { Rooms } from './rooms.ts';

/** What owners do: configure (XEP-0045 §10.1, §10.2) and destroy (§10.9). */
export const owning: RoomFeature = {
  name: 'owning',
  xep: [45, '1.35.3'],
  start: (rooms) => ({
    iq: [{ type: 'set', xmlns: NS.mucOwner, name: 'query', handle: (request) => change(rooms, request) }],
  }),
};

async function change(rooms: Rooms, { room, payload, affiliation }: RoomRequest): Promise<undefined> {
  if (affiliation !== 'owner') throw new StanzaError('forbidden', 'Only owners configure a room.');
  const form = readForm(payload);
  if (form === undefined) throw new StanzaError('bad-request');
  await room.changing(async () => {
    if (!room.stored) await rooms.store(room);
  });
}
