import type { Account } from '../storage/stores/accounts.ts';
import type { Audience } from '../storage/stores/profiles.ts';
import { type Element, serialize } from '../xmpp/element.ts';
import type { Image } from '../xmpp/image.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { cardNames } from '../xmpp/vcard-temp.ts';
import type { Host } from './host.ts';
import { choiceOption } from './options.ts';

/** Bytes of a card without its photo. */
export const CARD_LIMIT = 32 * 1024;

/** Who may look at cards of people at all. */
export const cardsVisible = choiceOption({
  key: 'profile.visible',
  scope: 'domain',
  group: 'Profiles',
  title: 'Who may look at a person’s profile',
  help: 'A profile has the name, picture and contact details that people give of themselves. Contacts may always look at it. Some apps publish the picture by another way, for contacts only.',
  default: 'colleagues',
  choices: {
    contacts: 'Only contacts who may see the person’s presence',
    colleagues: 'Also everybody with an account in the same domain',
    everyone: 'Everybody, people of other servers included',
  },
  needsProof: (_from, to) => to === 'everyone',
});

/** True when a card is too long to be kept. */
export function tooLong(card: Element): boolean {
  return Buffer.byteLength(serialize(card)) > CARD_LIMIT;
}

/** The card as it is kept, with who may see it; undefined when none was ever written. */
export async function cardOf(host: Host, account: Account): Promise<{ card: Element; audience: Audience } | undefined> {
  const kept = await host.house.stores.profiles.card(account.id);
  return kept && { card: host.house.parse(kept.xml), audience: kept.audience };
}

/**
 * Puts a card in place of the one before, and tells whoever follows. To be called within `profiles.changes`; the photo
 * stays as it is.
 */
export async function putCard(host: Host, account: Account, card: Element, audience: Audience): Promise<void> {
  const { profiles } = host.house.stores;
  await profiles.setCard(account.id, { xml: serialize(card), audience }, cardNames(card));
  const hash = (await profiles.mark(account.id))?.hash ?? '';
  host.events.emit('carded', { account, photoBefore: hash });
}

/** The same for a photo that came some other way than in a card; undefined takes it away. */
export async function putPhoto(
  host: Host,
  account: Account,
  photo: Image | undefined,
  audience: Audience,
): Promise<void> {
  const { profiles } = host.house.stores;
  const before = await profiles.mark(account.id);
  if ((before?.hash ?? '') === (photo?.hash ?? '') && (photo === undefined || before?.audience === audience)) return;
  await profiles.setPhoto(account.id, photo, audience);
  host.events.emit('pictured', { account });
}

/**
 * Who may see in the card what was published on a node of the account: everybody for an open one. One for those who see
 * presence leaves a card to whom it was shown before, as the house makes such nodes itself for cards that colleagues may
 * look at. Undefined for nodes that are nobody's business: nothing of them may get into a card (XEP-0398 §7).
 */
export async function audienceOf(
  host: Host,
  account: Account,
  node: string,
  before: Audience | undefined,
): Promise<Audience | undefined> {
  const known = await host.house.stores.pubsubNodes.get(String(account.id), node);
  switch (known?.config.accessModel) {
    case 'open':
      return 'all';
    case 'presence':
      return before ?? 'contacts';
    default:
      return undefined;
  }
}

/**
 * How a node that the house makes for an account is to be set up: open when strangers may look at cards anyway. A node
 * that is there stays as its owner has it.
 */
export async function nodeOptions(
  host: Host,
  account: Account,
  node: string,
  audience: Audience,
): Promise<Record<string, string>> {
  if ((await host.house.stores.pubsubNodes.get(String(account.id), node)) !== undefined) return {};
  const open = audience === 'all' && host.option(cardsVisible) === 'everyone';
  return { 'pubsub#access_model': open ? 'open' : 'presence' };
}

/** Waits for a copy to be made. One that its owner's own settings or limits forbid is not made, which is no fault of ours. */
export async function ifAllowed(host: Host, copy: Promise<void>): Promise<void> {
  try {
    await copy;
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    host.house.log.debug({ err: error, host: host.domain }, 'a copy was not allowed');
  }
}
