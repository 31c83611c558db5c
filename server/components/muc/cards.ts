import { cardFor, mayLook, viewerOf } from '../../host/cards.ts';
import { CARD_LIMIT, tooLong } from '../../host/profiles.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { child, type Element, el, removeChildren, serialize } from '../../xmpp/element.ts';
import { IMAGE_LIMIT } from '../../xmpp/image.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { photoElement, takePhoto } from '../../xmpp/vcard-temp.ts';
import type { OccupantRequest, RoomFeature, RoomRequest } from './feature.ts';
import { checkMade, mayKnow } from './finding.ts';
import { CODE } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** New pictures of one room, which all who are in it will fetch: at once, and in the long run. */
const RATE = { capacity: 10, perSecond: 1 / 60, keys: 10_000 };

/** Rooms have a card with a picture (XEP-0486), and occupants see each other's (XEP-0054), though not each other's addresses. */
export const cards: RoomFeature = {
  name: 'cards',
  xep: [486, '0.1.0'],
  also: [
    [54, '1.3.0'],
    [153, '1.1.1'],
  ],
  start(rooms) {
    const { roomCards } = rooms.host.house.stores;
    const rate = new TokenBuckets(RATE);
    const vcard = { xmlns: NS.vcardTemp, name: 'vCard' } as const;
    const fields = (hash: string) =>
      hash === ''
        ? []
        : [
            {
              name: 'muc#roominfo_avatarhash',
              type: 'text-multi',
              label: 'Hash of the picture',
              values: [hash],
            } as const,
          ];
    return {
      serviceFeatures: [NS.vcardTemp], // XEP-0486 §3.1
      features: () => [NS.vcardTemp],
      info(room) {
        const hash = roomCards.hash(room.id);
        return hash instanceof Promise ? hash.then(fields) : fields(hash);
      },
      iq: [
        { type: 'get', ...vcard, handle: (request) => get(rooms, request) },
        { type: 'set', ...vcard, handle: (request) => set(rooms, rate, request) },
      ],
      occupantIq: [{ type: 'get', ...vcard, handle: (request) => ofOccupant(rooms, request) }],
      join: {
        history({ room, from }) {
          const hash = roomCards.hash(room.id);
          const show = (known: string): undefined => {
            if (known !== '') room.send(picture(room, known, from));
          };
          return hash instanceof Promise ? hash.then(show) : show(hash);
        },
      },
    };
  },
};

/** XEP-0486 §5.2: not what that wants, and what most clients know a picture by (XEP-0153). */
function picture(room: Room, hash: string, to?: Jid): Stanza {
  const update = el('x', { xmlns: NS.vcardUpdate }, el('photo', {}, hash));
  return new Stanza(el('presence', {}, update), room.jid, to);
}

async function get({ host }: Rooms, { room, from }: RoomRequest): Promise<Element> {
  checkMade(room, from);
  const card = mayKnow(host, room, from) ? await host.house.stores.roomCards.get(room.id) : undefined;
  if (card === undefined) throw new StanzaError('item-not-found', 'This room has no card.');
  const element = host.house.parse(card.xml);
  if (card.photo !== undefined) element.append(photoElement(card.photo.type, card.photo.data));
  return element;
}

/** XEP-0486 §3.2 */
async function set({ host }: Rooms, rate: TokenBuckets, request: RoomRequest): Promise<undefined> {
  const { room, payload, affiliation, from } = request;
  checkMade(room, from);
  if (affiliation !== 'owner') throw new StanzaError('forbidden', 'Only owners give a room a picture.');
  if (!room.stored) throw new StanzaError('not-allowed', 'Please finish making the room first.');
  // Of several, the first: clients show one.
  const { card, photo } = takePhoto(payload);
  if (photo === 'too-large') {
    throw new StanzaError('policy-violation', `A picture has at most ${IMAGE_LIMIT / 1024} KiB.`);
  }
  if (typeof photo === 'string' && photo !== 'none') {
    throw new StanzaError('not-acceptable', 'The picture is no PNG, JPEG, GIF or WebP image in base64.');
  }
  if (tooLong(card)) {
    throw new StanzaError('policy-violation', `A card without its picture has at most ${CARD_LIMIT / 1024} KiB.`);
  }
  if (rate.take(room.jid.bare) > 0)
    throw new StanzaError('resource-constraint', 'Not so many pictures at once, please.');
  const image = photo === 'none' ? undefined : photo;
  const empty = image === undefined && card.children.length === 0;
  await room.changing(async () => {
    if (room.affiliationOf(from) !== 'owner') throw new StanzaError('forbidden');
    const { roomCards } = host.house.stores;
    const before = await roomCards.hash(room.id);
    await roomCards.set(room.id, empty ? undefined : { xml: serialize(card), photo: image });
    const hash = image?.hash ?? '';
    if (hash === before) return;
    const status = el('status', { code: CODE.configured });
    room.tellAll(
      new Stanza(el('message', { type: 'groupchat' }, el('x', { xmlns: NS.mucUser }, status)), room.jid, undefined),
    );
    room.tellAll(picture(room, hash));
  });
  return undefined;
}

/** What is left of a card for who may not know whom it is of: no name, no address. */
const HARMLESS: ReadonlySet<string> = new Set(['PHOTO', 'NICKNAME']);

function harmless(card: Element): Element {
  // A picture that is only pointed at is at an address, and that may say whose it is.
  removeChildren(
    card,
    (one) => !HARMLESS.has(one.name) || (one.name === 'PHOTO' && child(one, 'BINVAL') === undefined),
  );
  return card;
}

/** §17.4: the card of the account, in the name of the occupant. */
async function ofOccupant(rooms: Rooms, request: OccupantRequest): Promise<Element | 'asked'> {
  const { host } = rooms;
  const { room, sender, target, stanza } = request;
  const open = sender === target || room.seesAddresses(sender);
  const who = parseJid(target.bare);
  if (who.domain !== host.domain) {
    rooms.relay.askAccount(room, sender, target, stanza, open ? undefined : harmless);
    return 'asked';
  }
  const account = await host.house.stores.accounts.at(target.bare);
  if (account !== undefined) {
    // Being somebody's contact must not be what tells that it is them.
    const viewer = open ? await viewerOf(host, account, stanza.from) : mayLook(host, account, stanza.from) && 'other';
    const card = viewer ? await cardFor(host, account, viewer) : undefined;
    const shown = card === undefined || open ? card : harmless(card);
    if (shown !== undefined && shown.children.length > 0) return shown;
  }
  throw new StanzaError('item-not-found', 'There is no card to see.');
}
