import { TokenBuckets } from '../../util/token-bucket.ts';
import { dataForm, readForm, type Submitted } from '../../xmpp/data-form.ts';
import { el } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { giveRole } from './admin.ts';
import type { RoomFeature, RoomNote } from './feature.ts';
import { checkRole, standingOf } from './permits.ts';

/** Asking for voice in a moderated room (XEP-0045 §7.13), and giving it (§8.6). */
export const voice: RoomFeature = {
  name: 'voice',
  xep: [45, '1.35.3'],
  start() {
    // Every request reaches every moderator.
    const buckets = new TokenBuckets({ capacity: 3, perSecond: 1 / 60, keys: 10_000 });
    return {
      features: ({ config: { allowVoiceRequests } }) => (allowVoiceRequests ? [NS.mucRequest] : []),
      note(note) {
        const form = readForm(note.stanza.element);
        if (form?.formType !== NS.mucRequest) return undefined;
        if (form.type === 'cancel') return true;
        if (form.values.has('muc#request_allow')) return decide(note, form);
        ask(note, form, buckets);
        return true;
      },
    };
  },
};

/** Throws StanzaError. */
function ask({ room, from, occupant }: RoomNote, { values }: Submitted, buckets: TokenBuckets): void {
  if (occupant === undefined) throw new StanzaError('not-acceptable', 'You are not in this room.');
  if (values.get('muc#role')?.[0] !== 'participant')
    throw new StanzaError('bad-request', 'You can ask for voice only.');
  if (occupant.role !== 'visitor') throw new StanzaError('not-allowed', 'You have voice already.');
  if (!room.config.allowVoiceRequests) throw new StanzaError('forbidden', 'This room takes no requests for voice.');
  const moderators = [...room.occupants.values()].filter(({ role }) => role === 'moderator');
  if (moderators.length === 0) throw new StanzaError('recipient-unavailable', 'No moderator is here now.');
  if (buckets.take(`${room.id} ${from.bare}`) > 0) {
    throw new StanzaError('resource-constraint', 'You have asked a few times. Please wait for a while.');
  }
  const form = dataForm({
    type: 'form',
    formType: NS.mucRequest,
    title: 'Voice request',
    instructions: `${occupant.nick} would like to speak in this room.`,
    fields: [
      { name: 'muc#role', type: 'list-single', label: 'Requested role', values: ['participant'] },
      { name: 'muc#jid', type: 'jid-single', label: 'Address', values: [from.full] },
      { name: 'muc#roomnick', type: 'text-single', label: 'Name in the room', values: [occupant.nick] },
      { name: 'muc#request_allow', type: 'boolean', label: 'Give voice to this person?', values: ['false'] },
    ],
  });
  const request = new Stanza(el('message', {}, form, el('no-store', { xmlns: NS.hints })), room.jid, undefined);
  for (const moderator of moderators) room.tell(moderator, request);
}

/** §8.6: whoever has the name now must be who asked. */
async function decide({ room, from }: RoomNote, { values }: Submitted): Promise<true> {
  const said = (name: string): string => values.get(name)?.[0] ?? '';
  const allow = said('muc#request_allow');
  await room.changing(async () => {
    const actor = standingOf(room, from);
    if (actor.role !== 'moderator') throw new StanzaError('forbidden', 'Only moderators give voice.');
    if (allow !== 'true' && allow !== '1') return;
    const occupant = room.clients.get(tryParseJid(said('muc#jid'))?.full ?? '');
    if (occupant === undefined || occupant.nick !== said('muc#roomnick')) {
      throw new StanzaError('item-not-found', 'Who asked for voice is not here any more.');
    }
    if (occupant.role !== 'visitor') return; // another moderator was faster
    checkRole(
      actor,
      { affiliation: room.affiliationOf(occupant.front.jid), role: occupant.role },
      'participant',
      false,
    );
    const nick = room.clients.get(from.full)?.nick;
    giveRole(room, occupant, 'participant', nick === undefined ? {} : { actor: nick });
  });
  return true;
}
