import { type Element, elements } from '../../server/xmpp/element.ts';
import type { Dice } from './dice.ts';
import { configure, enter, leave, MUC, ROOM, say } from './rooms.ts';

/** Who does all this: owner, admin, member, two participants or visitors, an outsider. Nothing else contains their names. */
export const ADDRESSES = ['zqowner', 'zqadmin', 'zqmember', 'zqpaul', 'zqvera', 'zqotto'].map(
  (local) => `${local}@example.test`,
);
/** What the resource of each of them begins with. */
export const RESOURCES = ['xwbalcony', 'xwchurch', 'xworchard', 'xwstreet', 'xwtower', 'xwgate'];

export interface Chance {
  readonly dice: Dice;
  /** Who acts: a place in ADDRESSES. */
  readonly person: number;
  readonly full: string;
}

type Operation = (chance: Chance) => string;

const nick = (dice: Dice): string => `nick${dice.below(8)}`;
const someone = (dice: Dice): string => ADDRESSES[dice.below(ADDRESSES.length)]!;
const somebody = (dice: Dice): string => `${ROOM}/${nick(dice)}`;
let ids = 0;
const iq = (type: string, to: string, payload: string): string =>
  `<iq type='${type}' id='i${ids++}' to='${to}'>${payload}</iq>`;
const admin = (item: string, type = 'set') => iq(type, ROOM, `<query xmlns='${MUC}#admin'>${item}</query>`);
const groupchat = (inner: string) => `<message to='${ROOM}' type='groupchat' id='g${ids++}'>${inner}</message>`;
const form = (type: string, fields: Record<string, string>) =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${type}</value></field>` +
  `${Object.entries(fields)
    .map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
    .join('')}</x>`;

/** What a server between may have put in, which names the sender. */
const stamps = ({ full }: Chance): string => {
  const bare = full.split('/')[0];
  return (
    `<delay xmlns='urn:xmpp:delay' from='${full}' stamp='2026-01-01T00:00:00Z'/>` +
    `<addresses xmlns='http://jabber.org/protocol/address'><address type='ofrom' jid='${full}'/></addresses>` +
    `<stanza-id xmlns='urn:xmpp:sid:0' by='${bare}' id='s'/>` +
    `<x xmlns='${MUC}#user'><item jid='${full}' affiliation='owner'/></x>`
  );
};

const comingAndGoing: readonly Operation[] = [
  ({ dice }) => enter(nick(dice)),
  ({ dice }) => enter(nick(dice), "<history maxstanzas='20'/>"),
  ({ person }) => enter(`nick${person}`),
  ({ person }) => enter(`nick${person}`),
  ({ dice }) => leave(nick(dice)),
  ({ person }) => leave(`nick${person}`),
  // Another nickname, or another state.
  ({ dice }) => `<presence to='${somebody(dice)}'><show>away</show><status>gone fishing</status></presence>`,
  (chance) => `<presence to='${somebody(chance.dice)}'>${stamps(chance)}</presence>`,
  ({ dice, full }) =>
    `<presence to='${somebody(dice)}' type='error'><error type='cancel' by='${full}'>` +
    "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
];

const talking: readonly Operation[] = [
  () => say('hello'),
  (chance) => groupchat(`<body>stamped</body>${stamps(chance)}`),
  () => groupchat('<subject>Gardening</subject>'),
  (chance) => groupchat(`<subject>Weeds</subject>${stamps(chance)}`),
  ({ dice }) => `<message to='${somebody(dice)}' type='chat' id='p${ids++}'><body>psst</body></message>`,
  (chance) =>
    `<message to='${somebody(chance.dice)}' type='chat' id='p${ids++}'><body>psst</body>${stamps(chance)}</message>`,
  // What comes back of what a room passed on.
  ({ dice, full }) => bounce('message', `p${dice.below(ids + 1)}`, somebody(dice), full, 'service-unavailable'),
  ({ dice, full }) => bounce('message', `g${dice.below(ids + 1)}`, somebody(dice), full, 'gone'),
  ({ full }) => bounce('message', 'g1', ROOM, full, 'item-not-found'),
  ({ dice }) =>
    groupchat(
      `<retract xmlns='urn:xmpp:message-retract:1' id='g${dice.below(ids + 1)}'/><body>/me took it back</body>`,
    ),
  ({ dice }) => groupchat(`<body>${nick(dice)}, have you seen ${nick(dice)}?</body>`),
  () => groupchat("<composing xmlns='http://jabber.org/protocol/chatstates'/>"),
];

const asking: readonly Operation[] = [
  ...[
    'jabber:iq:version',
    'jabber:iq:last',
    'http://jabber.org/protocol/disco#info',
    'http://jabber.org/protocol/disco#items',
  ].map(
    (xmlns): Operation =>
      ({ dice }) =>
        iq('get', dice.one([ROOM, somebody(dice)]), `<query xmlns='${xmlns}'/>`),
  ),
  ({ dice }) => iq('get', somebody(dice), "<vCard xmlns='vcard-temp'/>"),
  ({ dice }) => iq('get', somebody(dice), "<vCard xmlns='vcard-temp'/>"),
  // A card that says all: what the room shows of it does not.
  ({ full }) => {
    const bare = full.split('/')[0]!;
    const card = `<FN>${bare}</FN><NICKNAME>nick</NICKNAME><JABBERID>${bare}</JABBERID><EMAIL><USERID>${bare}</USERID></EMAIL>`;
    return iq('set', '', `<vCard xmlns='vcard-temp'>${card}</vCard>`).replace(" to=''", '');
  },
  ({ dice }) => iq('get', somebody(dice), "<ping xmlns='urn:xmpp:ping'/>"),
  ({ dice }) =>
    iq(
      'get',
      somebody(dice),
      "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:avatar:metadata'/></pubsub>",
    ),
  ({ dice }) => iq('set', somebody(dice), "<open xmlns='http://jabber.org/protocol/ibb' sid='s' block-size='4096'/>"),
  () => iq('set', ROOM, "<query xmlns='urn:xmpp:mam:2'/>"),
  () => iq('get', ROOM, "<query xmlns='jabber:iq:register'/>"),
  ({ person }) =>
    iq(
      'set',
      ROOM,
      `<query xmlns='jabber:iq:register'>${form(`${MUC}#register`, { 'muc#register_roomnick': `nick${person}` })}</query>`,
    ),
  ({ dice }) =>
    iq(
      'get',
      ROOM,
      `<query xmlns='http://jabber.org/protocol/disco#info' node='${dice.one(['x-roomuser-item', 'http://jabber.org/protocol/muc#traffic'])}'/>`,
    ),
  ({ dice }) =>
    iq(
      'get',
      ROOM,
      `<query xmlns='http://jabber.org/protocol/disco#items' node='${dice.one(['', 'x-roomuser-item'])}'/>`,
    ),
];

const ruling: readonly Operation[] = [
  ...['owner', 'admin', 'member', 'outcast', 'none'].map(
    (value): Operation =>
      () =>
        admin(`<item affiliation='${value}'/>`, 'get'),
  ),
  ...['moderator', 'participant', 'visitor'].map(
    (value): Operation =>
      () =>
        admin(`<item role='${value}'/>`, 'get'),
  ),
  ({ dice }) => admin(`<item nick='${nick(dice)}' role='none'><reason>out</reason></item>`),
  ({ dice }) => admin(`<item nick='${nick(dice)}' role='${dice.one(['visitor', 'participant', 'moderator'])}'/>`),
  ({ dice }) => admin(`<item nick='${nick(dice)}' affiliation='${dice.one(['member', 'none', 'outcast', 'admin'])}'/>`),
  ({ dice }) =>
    admin(
      `<item jid='${someone(dice)}' affiliation='${dice.one(['member', 'none', 'none', 'outcast'])}'><reason>so</reason></item>`,
    ),
  ({ dice }) => configure({ whois: dice.one(['moderators', 'moderators', 'anyone']) }),
  ({ dice }) =>
    configure({ whois: 'moderators', moderatedroom: dice.one(['0', '1']), membersonly: dice.one(['0', '0', '1']) }),
  ({ dice }) => configure({ whois: 'moderators', presencebroadcast: dice.one(['moderator', 'participant']) }),
  () => configure({ whois: 'moderators', getmemberlist: 'participant' }),
  () => iq('get', ROOM, `<query xmlns='${MUC}#owner'/>`),
  ({ dice }) =>
    `<message to='${ROOM}'><x xmlns='${MUC}#user'><invite to='${someone(dice)}'><reason>come</reason></invite></x></message>`,
  ({ dice }) =>
    `<message to='${ROOM}'><x xmlns='${MUC}#user'><decline to='${dice.one([someone(dice), somebody(dice)])}'><reason>no</reason></decline></x></message>`,
  () => `<message to='${ROOM}'>${form(`${MUC}#request`, { 'muc#role': 'participant' })}</message>`,
  ({ dice }) =>
    iq('set', '', `<block xmlns='urn:xmpp:blocking'><item jid='${somebody(dice)}'/></block>`).replace(" to=''", ''),
  () => iq('set', '', "<unblock xmlns='urn:xmpp:blocking'/>").replace(" to=''", ''),
];

/** What people do in a room, as often as it is here. */
export const OPERATIONS: readonly Operation[] = [
  ...comingAndGoing,
  ...comingAndGoing,
  ...talking,
  ...asking,
  ...ruling,
];

/** An error as servers make them, who name whom it is about wherever they may (RFC 6120 §8.3.1, §8.3.3.5). */
function bounce(kind: string, id: string, to: string, full: string, condition: string): string {
  const bare = full.split('/')[0];
  return (
    `<${kind} type='error' id='${id}' to='${to}'><error type='cancel' by='${bare}'>` +
    `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>${condition === 'gone' ? `xmpp:${bare}` : ''}</${condition}>` +
    `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>${full} is not here</text>` +
    `<detail xmlns='urn:example' who='${bare}'/></error></${kind}>`
  );
}

/** What a client answers to what it got: to requests, and now and then to messages with an error. */
export function answers(dice: Dice, full: string, { name, attrs, ...stanza }: Element): string | undefined {
  const { type = '', id = '', from = '' } = attrs;
  if (!from.startsWith(`${ROOM}/`)) return undefined;
  if (name === 'message' && type !== 'error' && dice.below(25) === 0)
    return bounce('message', id, from, full, 'not-acceptable');
  if (name !== 'iq' || (type !== 'get' && type !== 'set')) return undefined;
  const [payload] = elements({ name, attrs, ...stanza } as Element);
  const choice = dice.below(4);
  if (choice === 0) return undefined; // it never answers
  if (choice === 1) return bounce('iq', id, from, full, 'service-unavailable');
  return `<iq type='result' id='${id}' to='${from}'><${payload!.name} xmlns='${payload!.attrs.xmlns}'/></iq>`;
}
