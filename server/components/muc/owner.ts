import { dataForm, type Field, readForm, type Submitted } from '../../xmpp/data-form.ts';
import { child, type Element, el, textOf } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Bounds } from './config-fields.ts';
import { configFields, readConfig } from './config-form.ts';
import { configure } from './configure.ts';
import type { Ending } from './ending.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import {
  historyOption,
  joinRateOption,
  makersOption,
  namesOption,
  newMembersOnlyOption,
  newPublicOption,
  occupantsOption,
  perDomainOption,
  perPersonOption,
  personRateOption,
  reservedOption,
  roomRateOption,
} from './rules.ts';
import { readStaff, staffFields } from './staff.ts';

const LONGEST_REASON = 1_000;
const LONGEST_PASSWORD = 256;

/** What owners do: configure (XEP-0045 §10.1, §10.2) and destroy (§10.9). */
export const owning: RoomFeature = {
  name: 'owning',
  xep: [45, '1.35.3'],
  options: [
    makersOption,
    namesOption,
    reservedOption,
    perPersonOption,
    perDomainOption,
    occupantsOption,
    historyOption,
    newPublicOption,
    newMembersOnlyOption,
    personRateOption,
    roomRateOption,
    joinRateOption,
  ],
  start(rooms) {
    return {
      iq: [
        { type: 'get', xmlns: NS.mucOwner, name: 'query', handle: (request) => form(rooms, request) },
        { type: 'set', xmlns: NS.mucOwner, name: 'query', handle: (request) => change(rooms, request) },
      ],
      info: pubsubInfo,
    };
  },
};

/** §6.4: the node that goes with the room. */
function pubsubInfo({ config: { pubsub } }: Room): Field[] {
  return pubsub === '' ? [] : [{ name: 'muc#roomconfig_pubsub', type: 'text-single', values: [pubsub] }];
}

/** What the service allows the owners of rooms. */
export function boundsOf({ host }: Rooms): Bounds {
  return { history: host.option(historyOption), occupants: host.option(occupantsOption) };
}

/** Throws StanzaError for who is no owner (§10.2, §10.9). */
function mustOwn(room: Room, who: Jid): void {
  if (room.affiliationOf(who) !== 'owner') throw new StanzaError('forbidden', 'Only owners of the room may do this.');
}

/** §10.1.3, §10.2 */
function form(rooms: Rooms, { room, from }: RoomRequest): Element {
  mustOwn(room, from);
  const instructions = room.stored
    ? 'Change what you want to have different.'
    : 'The room is yours alone until you send this form. As it comes, it is like this:';
  const fields = [...configFields(room.config, boundsOf(rooms)), ...staffFields(room.members)];
  const title = `Settings of the room ${room.name}`;
  return el(
    'query',
    { xmlns: NS.mucOwner },
    dataForm({ type: 'form', formType: NS.mucRoomConfig, title, instructions, fields }),
  );
}

async function change(rooms: Rooms, { room, payload, from }: RoomRequest): Promise<undefined> {
  mustOwn(room, from);
  const destroy = child(payload, 'destroy');
  const submitted = readForm(payload);
  if ((destroy === undefined) === (submitted === undefined)) {
    throw new StanzaError('bad-request', 'Either a form or the wish to destroy the room, please.');
  }
  if (destroy !== undefined) await rooms.destroy(room, readEnding(room, destroy, from));
  else await submit(rooms, room, from, submitted!);
}

async function submit(rooms: Rooms, room: Room, from: Jid, { type, formType, values }: Submitted): Promise<void> {
  if (type === 'cancel') {
    // §10.1.3: who does not want the room any more before it is one; §10.2: else all stays as it was.
    if (!room.stored) await rooms.destroy(room);
    return;
  }
  if (type !== 'submit') throw new StanzaError('bad-request', 'A form is submitted or cancelled.');
  // §10.1.2: without any field, the room is wanted as it comes.
  if (values.size > 0 && formType !== NS.mucRoomConfig) {
    throw new StanzaError('bad-request', 'This is not the form of a room.'); // XEP-0068 §3.1
  }
  if (room.stored) rooms.pace.configures(room);
  await configure(rooms, room, () => {
    mustOwn(room, from); // another owner may have been faster
    // §10.1.3: with its maker a room has gone that was not finished.
    if (!room.stored && room.clients.size === 0) throw new StanzaError('item-not-found', 'The room is gone.');
    return { config: readConfig(values, room.config, boundsOf(rooms)), members: readStaff(values, room.members) };
  });
}

/** §10.9 */
function readEnding(room: Room, destroy: Element, by: Jid): Ending {
  const reason = textOf(child(destroy, 'reason')).trim();
  const password = textOf(child(destroy, 'password'));
  if (reason.length > LONGEST_REASON || password.length > LONGEST_PASSWORD) {
    throw new StanzaError('not-acceptable', `A reason has ${LONGEST_REASON} characters at most.`);
  }
  const text: string = destroy.attrs.jid ?? '';
  const alternate = tryParseJid(text);
  if (text !== '' && (alternate === undefined || alternate.local === '')) {
    throw new StanzaError('jid-malformed', 'The room to go to instead has no such address.');
  }
  if (alternate?.bare === room.jid.bare) throw new StanzaError('not-acceptable', 'The other room must be another one.');
  return { reason, password, alternate: alternate?.bare ?? '', by: by.bare };
}
