import { cardFor, viewerOf } from '../host/cards.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { CARD_LIMIT, cardsVisible } from '../host/profiles.ts';
import { type Element, el, serialize } from '../xmpp/element.ts';
import { IMAGE_LIMIT } from '../xmpp/image.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { cardNames, takePhoto } from '../xmpp/vcard-temp.ts';

/** Cards of people (XEP-0054): what they say about themselves, one whole card at a time. */
export const vcard: Module = {
  name: 'vcard',
  xep: [54, '1.3.0'],
  options: [cardsVisible],
  start: (host) => ({
    features: [NS.vcardTemp],
    accountFeatures: [NS.vcardTemp],
    iq: [
      { type: 'get', scope: 'host', xmlns: NS.vcardTemp, name: 'vCard', handle: () => hostCard(host) },
      { type: 'get', scope: 'account', xmlns: NS.vcardTemp, name: 'vCard', handle: (request) => get(host, request) },
      // §3.2: nobody writes another's card. Whoever tries gets the answer of an address that nobody has, so that trying
      // does not tell who exists.
      { type: 'set', scope: 'own', xmlns: NS.vcardTemp, name: 'vCard', handle: (request) => set(host, request) },
    ],
  }),
};

/** §3.3: a server may have a card, too. */
function hostCard(host: Host): Element {
  return el('vCard', { xmlns: NS.vcardTemp }, el('FN', {}, host.domain), el('JABBERID', {}, host.domain));
}

async function get(host: Host, { account, stanza }: IqRequest): Promise<Element> {
  const viewer = await viewerOf(host, account!, stanza.from);
  const card = viewer && (await cardFor(host, account!, viewer));
  if (card !== undefined) return card;
  throw new StanzaError(viewer === 'owner' ? 'item-not-found' : 'service-unavailable'); // §3.1, §3.3: as if nobody was there
}

async function set(host: Host, { account, payload }: IqRequest): Promise<undefined> {
  const { card, photo } = takePhoto(payload);
  if (photo === 'too-large') {
    throw new StanzaError('policy-violation', `A photo has at most ${IMAGE_LIMIT / 1024} KiB.`);
  }
  if (typeof photo === 'string' && photo !== 'none') {
    throw new StanzaError('not-acceptable', 'The photo is no PNG, JPEG, GIF or WebP image in base64.');
  }
  const xml = serialize(card);
  if (Buffer.byteLength(xml) > CARD_LIMIT) {
    throw new StanzaError('policy-violation', `A card without its photo has at most ${CARD_LIMIT / 1024} KiB.`);
  }
  const { profiles } = host.house.stores;
  const { id } = account!;
  const image = photo === 'none' ? undefined : photo;
  const before = await profiles.changes.run(id, async () => {
    const mark = await profiles.mark(id);
    await profiles.setBoth(id, { xml, audience: 'all' }, cardNames(card), image);
    return mark?.hash ?? '';
  });
  if (before !== (image?.hash ?? '')) host.events.emit('pictured', { account: account! });
  host.events.emit('carded', { account: account!, photoBefore: before });
  return undefined;
}
