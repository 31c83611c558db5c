import { TokenBuckets } from '../../util/token-bucket.ts';
import { dataForm, type Field, readForm, type Submitted } from '../../xmpp/data-form.ts';
import { child, type Element, el } from '../../xmpp/element.ts';
import { type Jid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { affiliate } from './affiliate.ts';
import { atLeast } from './affiliations.ts';
import type { RoomFeature, RoomNote, RoomRequest } from './feature.ts';
import { isVisible } from './looks.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** The node at which somebody finds the nickname that is reserved for them (§7.12). */
const NICK_NODE = 'x-roomuser-item';
/** Admins that are asked about one request. */
const ASKED = 50;

/**
 * Becoming a member with a nickname of one's own (XEP-0045 §7.10). Into a room for members only, an admin lets people: else
 * whoever registers would be in (§9.9).
 */
export const registering: RoomFeature = {
  name: 'registering',
  xep: [45, '1.35.3'],
  start(rooms) {
    // Every request may reach every admin, and is written.
    const buckets = new TokenBuckets({ capacity: 5, perSecond: 1 / 60, keys: 10_000 });
    return {
      features: ({ config: { allowRegistration } }) => (allowRegistration ? [NS.register] : []),
      iq: [
        { type: 'get', xmlns: NS.register, name: 'query', handle: describe },
        { type: 'set', xmlns: NS.register, name: 'query', handle: (request) => register(rooms, buckets, request) },
      ],
      note(note) {
        const form = readForm(note.stanza.element);
        return form?.formType === NS.mucRegister ? decide(rooms, note, form) : undefined;
      },
      node({ room, from }, node, what) {
        if (node !== NICK_NODE) return undefined;
        const nick = room.members.get(from.bare)?.nick ?? '';
        if (what === 'items' || nick === '') return [];
        return [el('identity', { category: 'conference', type: 'text', name: nick })];
      },
    };
  },
};

const nickField = (nick: string): Field => ({
  name: 'muc#register_roomnick',
  type: 'text-single',
  label: 'Your name in this room',
  required: true,
  ...(nick !== '' && { values: [nick] }),
});

function describe({ room, from, affiliation, occupant }: RoomRequest): Element {
  if (atLeast(affiliation, 'member')) {
    const nick = room.members.get(from.bare)?.nick ?? '';
    return el('query', { xmlns: NS.register }, el('registered'), nick !== '' && el('username', {}, nick));
  }
  mayRegister(room, from);
  const instructions = room.config.membersOnly
    ? 'An admin of this room will be asked whether you may come in.'
    : 'You become a member of this room, and nobody else can use your name there.';
  const form = dataForm({
    type: 'form',
    formType: NS.mucRegister,
    title: 'Registration with this room',
    instructions,
    fields: [nickField(occupant?.nick ?? '')],
  });
  return el('query', { xmlns: NS.register }, el('instructions', {}, instructions), form);
}

/** Throws StanzaError for whom the room takes no registration from. */
function mayRegister(room: Room, who: Jid): void {
  const affiliation = room.affiliationOf(who);
  if (affiliation === 'outcast') throw new StanzaError('not-allowed', 'You are banned from this room.');
  if (!room.config.allowRegistration) throw new StanzaError('not-allowed', 'People cannot register with this room.');
}

async function register(rooms: Rooms, buckets: TokenBuckets, request: RoomRequest): Promise<undefined> {
  const { room, from, payload, answer } = request;
  if (buckets.take(from.bare) > 0) throw new StanzaError('resource-constraint', 'Not so often, please.');
  if (child(payload, 'remove') !== undefined) return leave(rooms, request);
  const form = readForm(payload);
  if (form?.type === 'cancel') return undefined;
  if (form?.type !== 'submit' || form.formType !== NS.mucRegister) {
    throw new StanzaError('bad-request', 'Please fill in the form.');
  }
  const nick = nickOf(room, form);
  await room.changing(async () => {
    if (room.destroyed) throw new StanzaError('item-not-found', 'There is no such room.');
    mayRegister(room, from);
    const affiliation = room.affiliationOf(from);
    if (affiliation === 'none' && room.config.membersOnly) {
      checkNick(room, nick, from.bare);
      askAdmins(room, from, nick);
      return;
    }
    const wanted = affiliation === 'none' ? 'member' : affiliation;
    const reason = room.members.get(from.bare)?.reason ?? '';
    await affiliate(rooms, room, [{ jid: from.bare, affiliation: wanted, nick, reason }], { isSelf: true, answer });
  });
  return undefined;
}

/** XEP-0077 §3.2: a member goes; admins and owners have only their nickname to give back. */
async function leave(rooms: Rooms, { room, from, answer }: RoomRequest): Promise<undefined> {
  await room.changing(async () => {
    const affiliation = room.affiliationOf(from);
    if (!atLeast(affiliation, 'member')) throw new StanzaError('registration-required', 'You are not registered here.');
    const left = affiliation === 'member' ? 'none' : affiliation;
    const reason = room.members.get(from.bare)?.reason ?? '';
    await affiliate(rooms, room, [{ jid: from.bare, affiliation: left, nick: '', reason }], { isSelf: true, answer });
  });
  return undefined;
}

function nickOf(room: Room, { values }: Submitted): string {
  const given = values.get('muc#register_roomnick')?.[0] ?? '';
  const nick = given === '' ? undefined : tryParseJid(`${room.jid.bare}/${given}`)?.resource;
  if (nick === undefined || !isVisible(nick))
    throw new StanzaError('not-acceptable', 'Please choose a name for the room.');
  return nick;
}

function checkNick(room: Room, nick: string, bare: string): void {
  const owner = room.members.ownerOf(nick);
  if (owner !== undefined && owner !== bare)
    throw new StanzaError('conflict', 'Somebody else has this name in the room.');
}

/** §9.9: those who are in, or else all of them. */
function askAdmins(room: Room, from: Jid, nick: string): void {
  const staff = [...room.members.values()].filter(({ affiliation }) => atLeast(affiliation, 'admin'));
  const bares = new Set(staff.map(({ jid }) => jid));
  const form = dataForm({
    type: 'form',
    formType: NS.mucRegister,
    title: 'Registration request',
    instructions: `${from.bare} would like to become a member of ${room.jid.bare}.`,
    fields: [
      { name: JID_FIELD, type: 'jid-single', label: 'Address', values: [from.bare] },
      { ...nickField(nick), label: 'Wanted name' },
      { name: 'muc#register_allow', type: 'boolean', label: 'Make this person a member?', values: ['false'] },
    ],
  });
  const request = new Stanza(el('message', {}, form), room.jid, undefined);
  const here = [...room.occupants.values()].filter(({ bare }) => bares.has(bare));
  for (const occupant of here) room.tell(occupant, request);
  if (here.length > 0) return;
  for (const bare of [...bares].slice(0, ASKED)) room.send(request.for(tryParseJid(bare)!));
}

/** The form of §9.9 has no field that says who it is. */
const JID_FIELD = 'x-jid';

/** §9.9: what the admin sends back is an admin's wish like others: it makes a member of nobody who could not become one. */
async function decide(rooms: Rooms, { room, from }: RoomNote, { type, values }: Submitted): Promise<true> {
  if (type === 'cancel') return true;
  const allow = values.get('muc#register_allow')?.[0] ?? '';
  await room.changing(async () => {
    if (!atLeast(room.affiliationOf(from), 'admin'))
      throw new StanzaError('forbidden', 'Only admins of this room do that.');
    if (allow !== 'true' && allow !== '1') return;
    const who = tryParseJid(values.get(JID_FIELD)?.[0] ?? '');
    if (who === undefined || who.local === '') throw new StanzaError('bad-request', 'Whom shall the room let in?');
    const affiliation = room.affiliationOf(who);
    if (affiliation === 'outcast') throw new StanzaError('not-allowed', `${who.bare} was banned meanwhile.`);
    if (affiliation !== 'none') return; // another admin was faster
    const nick = nickOf(room, { type, values, formType: NS.mucRegister });
    const actor = room.clients.get(from.full)?.nick;
    await affiliate(
      rooms,
      room,
      [{ jid: who.bare, affiliation: 'member', nick }],
      actor === undefined ? {} : { actor },
    );
  });
  return true;
}
