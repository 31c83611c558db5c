import { randomBytes } from 'node:crypto';
import type { RoomHats } from '../../storage/stores/room-hats.ts';
import { dataForm, type Field, readForm } from '../../xmpp/data-form.ts';
import { type Element, el } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import type { Pace } from './pace.ts';
import { announce, CODE } from './presence.ts';
import type { Room } from './room.ts';
import { forOccupants } from './slices.ts';

const FORM = 'urn:xmpp:hats:commands';
/** Hats in one room, hats that one person wears, and all that are worn: there is one list of them, which nobody waits for. */
const HATS = 100;
const HATS_EACH = 20;
const WORN = 2_000;
/** Characters. */
const TITLE = 100;
const URI = 500;

type Values = (name: string) => string;

interface Command {
  readonly name: string;
  /** What is asked; undefined for a command that answers at once. */
  readonly fields?: (room: Room) => readonly Field[];
  /** Gives what the answer holds, if anything. Runs inside of `room.changing`. Throws StanzaError. */
  run(room: Room, value: Values, store: RoomHats): Promise<Element | undefined>;
  readonly may: 'occupants' | 'admins';
  /** Everybody who wears the hat is shown anew to everybody. */
  readonly changesHat?: true;
}

const choice = (room: Room): Field => ({
  name: 'hats#uri',
  type: 'list-single',
  label: 'The hat',
  required: true,
  options: [...room.hats.all].map(({ uri, title }) => ({ label: title, value: uri })),
});
const PERSON: Field = { name: 'hats#jid', type: 'jid-single', label: 'Address of the person', required: true };

/** XEP-0317 §§3.2 to 3.7, by the ends of their nodes. */
const COMMANDS: Readonly<Record<string, Command>> = {
  create: {
    name: 'Create or change a hat',
    may: 'admins',
    changesHat: true,
    fields: () => [
      { name: 'hats#title', type: 'text-single', label: 'What it says', required: true },
      { name: 'hats#uri', type: 'text-single', label: 'URI', required: true },
      { name: 'hats#hue', type: 'text-single', label: 'Colour, as an angle from 0 to 360' },
    ],
    async run(room, value, store) {
      const hat = { uri: value('hats#uri').trim(), title: value('hats#title').trim(), hue: value('hats#hue').trim() };
      if (hat.uri.length > URI || !URL.canParse(hat.uri)) throw new StanzaError('not-acceptable', 'A hat needs a URI.');
      if (hat.title === '' || [...hat.title].length > TITLE) {
        throw new StanzaError('not-acceptable', `A hat says something, in ${TITLE} characters at most.`);
      }
      if (hat.hue !== '' && !(/^\d{1,3}(\.\d{1,20})?$/.test(hat.hue) && Number(hat.hue) <= 360)) {
        throw new StanzaError('not-acceptable', 'The colour is an angle from 0 to 360.');
      }
      if (room.hats.size >= HATS && room.hats.get(hat.uri) === undefined) {
        throw new StanzaError('resource-constraint', `A room has ${HATS} hats at most.`);
      }
      await store.put(room.id, hat);
      room.hats.put(hat);
      listChanged(room);
      await show(room, (bare) => room.hats.wornBy(bare).has(hat.uri));
      return undefined;
    },
  },
  destroy: {
    name: 'Destroy a hat',
    may: 'admins',
    changesHat: true,
    fields: (room) => [choice(room)],
    async run(room, value, store) {
      const { uri } = known(room, value);
      const wearers = new Set([...room.hats.worn()].flatMap((one) => (one.uri === uri ? [one.jid] : [])));
      await store.remove(room.id, uri);
      room.hats.remove(uri);
      listChanged(room);
      await show(room, (bare) => wearers.has(bare));
      return undefined;
    },
  },
  list: {
    name: 'List the hats',
    may: 'occupants',
    run: async (room) =>
      table(
        'Hats',
        [...room.hats.all].map(({ title, uri, hue }) => ({ 'hats#title': title, 'hats#uri': uri, 'hats#hue': hue })),
      ),
  },
  assign: {
    name: 'Give somebody a hat',
    may: 'admins',
    fields: (room) => [PERSON, choice(room)],
    async run(room, value, store) {
      const one = { jid: personOf(value), uri: known(room, value).uri };
      const worn = room.hats.wornBy(one.jid);
      if (worn.size >= HATS_EACH)
        throw new StanzaError('resource-constraint', `Nobody wears more than ${HATS_EACH} hats.`);
      if (room.hats.wornInAll >= WORN && !worn.has(one.uri)) {
        throw new StanzaError('resource-constraint', `The people of one room wear ${WORN} hats at most.`);
      }
      await store.assign(room.id, one);
      room.hats.assign(one);
      await show(room, (bare) => bare === one.jid);
      return undefined;
    },
  },
  unassign: {
    name: 'Take a hat from somebody',
    may: 'admins',
    fields: (room) => [PERSON, choice(room)],
    async run(room, value, store) {
      const one = { jid: personOf(value), uri: known(room, value).uri };
      await store.unassign(room.id, one);
      room.hats.unassign(one);
      await show(room, (bare) => bare === one.jid);
      return undefined;
    },
  },
  'list-assigned': {
    name: 'List who wears which hat',
    may: 'admins',
    run: async (room) =>
      table(
        'Who wears which hat',
        [...room.hats.worn()].flatMap(({ jid, uri }) => {
          const hat = room.hats.get(uri);
          return hat === undefined
            ? []
            : [{ 'hats#jid': jid, 'hats#uri': uri, 'hats#title': hat.title, 'hats#hue': hat.hue }];
        }),
      ),
  },
};

/** Hats: what people are in a room beside their affiliation, said by the room alone (XEP-0317). */
export const hats: RoomFeature = {
  name: 'hats',
  xep: [317, '0.3.1'],
  start: (rooms) => ({
    features: () => [NS.hats, NS.commands],
    info: ({ hats: rack }) =>
      rack.size === 0 ? [] : [{ name: 'hats#hash', type: 'text-single', label: 'Hats', values: [rack.hash] }],
    iq: [
      {
        type: 'set',
        xmlns: NS.commands,
        name: 'command',
        handle: (request) => execute(rooms.host.house.stores.roomHats, rooms.pace, request),
      },
    ],
    node(request, node, what) {
      if (node === NS.commands) {
        if (what === 'info') return [el('identity', { category: 'automation', type: 'command-list' })];
        return Object.entries(COMMANDS)
          .filter(([, command]) => may(request, command))
          .map(([end, { name }]) => el('item', { jid: request.room.jid.bare, node: `${FORM}:${end}`, name }));
      }
      const command = commandAt(node);
      if (command === undefined || what === 'items' || !may(request, command)) return undefined;
      return [
        el('identity', { category: 'automation', type: 'command-node', name: command.name }),
        ...[NS.commands, NS.dataForms].map((feature) => el('feature', { var: feature })),
      ];
    },
  }),
};

function commandAt(node: string): Command | undefined {
  const end = node.startsWith(`${FORM}:`) ? node.slice(FORM.length + 1) : '';
  return Object.hasOwn(COMMANDS, end) ? COMMANDS[end] : undefined;
}

function may({ room, from, occupant }: RoomRequest, command: Command): boolean {
  const affiliation = room.affiliationOf(from);
  if (command.may === 'admins') return atLeast(affiliation, 'admin');
  return occupant !== undefined || atLeast(affiliation, 'member');
}

/** XEP-0050: the form, or with a form what it asks for. What it needs to go on is all in the request. */
async function execute(store: RoomHats, pace: Pace, request: RoomRequest): Promise<Element> {
  const { room, payload } = request;
  const node: string = payload.attrs.node ?? '';
  const command = commandAt(node);
  if (command === undefined) throw new StanzaError('item-not-found', 'There is no such command.');
  if (!may(request, command)) throw new StanzaError('forbidden', 'Hats are for admins and owners of this room.');
  const sessionid: string = payload.attrs.sessionid ?? randomBytes(18).toString('base64url');
  const answer = (status: string, ...inner: (Element | undefined)[]): Element =>
    el('command', { xmlns: NS.commands, node, sessionid, status }, ...inner);
  const form = readForm(payload);
  if (payload.attrs.action === 'cancel' || form?.type === 'cancel') return answer('canceled');
  if (command.fields !== undefined && form?.type !== 'submit') {
    const fields = command.fields(room);
    const question = dataForm({ type: 'form', formType: FORM, title: command.name, fields });
    return answer('executing', el('actions', { execute: 'complete' }, el('complete')), question);
  }
  return room.changing(async () => {
    if (room.destroyed || !room.stored) throw new StanzaError('item-not-found', 'The room is not there.');
    if (!may(request, command)) throw new StanzaError('forbidden', 'Hats are for admins and owners of this room.');
    const value: Values = (name) => form?.values.get(name)?.[0] ?? '';
    if (command === COMMANDS['list-assigned']) pace.lists(request.from, room.hats.wornInAll);
    // Not the making of hats, which are few.
    if (command.changesHat === true && room.hats.get(value('hats#uri').trim()) !== undefined) pace.configures(room);
    return answer('completed', await command.run(room, value, store));
  });
}

function known(room: Room, value: Values) {
  const hat = room.hats.get(value('hats#uri'));
  if (hat === undefined) throw new StanzaError('item-not-found', 'There is no such hat in this room.');
  return hat;
}

function personOf(value: Values): string {
  const jid = tryParseJid(value('hats#jid'));
  if (jid === undefined || jid.local === '') throw new StanzaError('jid-malformed', 'Whose hat is it?');
  return jid.bare;
}

/** XEP-0004 §3.4 */
function table(title: string, rows: readonly Readonly<Record<string, string>>[]): Element {
  const form = dataForm({ type: 'result', title, fields: [] });
  form.append(el('reported', {}, ...Object.keys(rows[0] ?? {}).map((name) => el('field', { var: name }))));
  for (const row of rows) {
    const fields = Object.entries(row).map(([name, text]) => el('field', { var: name }, el('value', {}, text)));
    form.append(el('item', {}, ...fields));
  }
  return form;
}

/** §3.2: everybody is told that there are other hats. */
function listChanged(room: Room): void {
  const x = el('x', { xmlns: NS.mucUser }, el('status', { code: CODE.configured }));
  room.tellAll(new Stanza(el('message', { type: 'groupchat' }, x), room.jid, undefined));
}

/** Everybody is shown those whose hats have changed, who may be all. */
function show(room: Room, isMeant: (bare: string) => boolean): Promise<void> {
  return forOccupants(room, (occupant) => {
    if (isMeant(occupant.bare)) announce(room, occupant);
  });
}
