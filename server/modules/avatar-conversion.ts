import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { audienceOf, ifAllowed, nodeOptions, putPhoto } from '../host/profiles.ts';
import { type AccountItem, accountNodes } from '../pubsub/account-nodes.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { type Element, el, elements, textOf } from '../xmpp/element.ts';
import { readImage } from '../xmpp/image.ts';
import { NS } from '../xmpp/ns.ts';

const ORIGIN = 'avatar-conversion';

/**
 * One picture for all clients (XEP-0398): an avatar published on the account's nodes (XEP-0084) becomes the photo of its
 * card (XEP-0153), and a photo in a card is published as an avatar. Each side is changed only when it shows another
 * picture, and what is published here is not looked at here, so that nothing goes round in circles.
 */
export const avatarConversion: Module = {
  name: 'avatar-conversion',
  xep: [398, '1.0.0'],
  also: [[84, '1.1.4']],
  start: (host) => ({
    accountFeatures: [NS.avatarConversion], // §2
    on: {
      carded: ({ account, photoBefore }) => ifAllowed(host, publish(host, account, photoBefore)),
      published: ({ account, node, origin }) =>
        node === NS.avatarMetadata && origin !== ORIGIN ? takeOver(host, account) : undefined,
      retracted: ({ account, node, origin }) =>
        node === NS.avatarMetadata && origin !== ORIGIN ? takeOver(host, account) : undefined,
    },
  }),
};

/** What a metadata item points to: hashes of images on the data node; 'elsewhere' when there are only images on the web. */
function pointedTo(item: AccountItem | undefined): readonly string[] | 'elsewhere' {
  const metadata = item?.payload;
  if (metadata?.name !== 'metadata' || metadata.attrs.xmlns !== NS.avatarMetadata) return [];
  const infos = elements(metadata).filter(({ name }) => name === 'info');
  // §3.1: of several, one that is no address on the web. We do not go there (SECURITY 58).
  const here = infos.filter(({ attrs }) => attrs.url === undefined).map(({ attrs }) => String(attrs.id ?? ''));
  return here.length === 0 && infos.length > 0 ? 'elsewhere' : here;
}

/** Of alternate formats the first that is really there and really is what its hash says. */
async function imageOf(host: Host, account: Account, hashes: readonly string[]) {
  // XEP-0084 §4.2.1: alternates are few; more would only be looked up for nothing.
  for (const hash of hashes.slice(0, 5)) {
    const data = (await accountNodes(host).item(account, NS.avatarData, hash))?.payload;
    if (data?.name !== 'data' || data.attrs.xmlns !== NS.avatarData) continue;
    const image = readImage(textOf(data));
    // §3.1 SHOULD: the id is the hash of the image. What the metadata says of its type nobody relies on.
    if (typeof image === 'object' && image.hash === hash.toLowerCase()) return image;
  }
  return undefined;
}

/** §3.1 */
function takeOver(host: Host, account: Account): Promise<void> {
  const { profiles } = host.house.stores;
  return profiles.changes.run(account.id, async () => {
    const hashes = pointedTo(await accountNodes(host).item(account, NS.avatarMetadata));
    if (hashes === 'elsewhere') return;
    const before = await profiles.mark(account.id);
    const shown = before?.hash === '' ? undefined : before?.audience;
    if (hashes.length === 0) return putPhoto(host, account, undefined, 'all'); // XEP-0084 §3.5
    const audience = await audienceOf(host, account, NS.avatarData, shown); // §7
    const image = audience === undefined ? undefined : await imageOf(host, account, hashes);
    if (audience !== undefined && image !== undefined) await putPhoto(host, account, image, audience);
  });
}

/** §3.2 */
function publish(host: Host, account: Account, photoBefore: string): Promise<void> {
  const { profiles } = host.house.stores;
  return profiles.changes.run(account.id, async () => {
    const nodes = accountNodes(host);
    const item = await nodes.item(account, NS.avatarMetadata);
    const pointed = pointedTo(item);
    const mark = await profiles.mark(account.id);
    const hash = mark?.hash ?? '';
    const send = async (node: string, id: string | undefined, payload: Element): Promise<void> => {
      const options = await nodeOptions(host, account, node, mark?.audience ?? 'all');
      await nodes.publish(account, { node, ...(id !== undefined && { id }), payload, options, origin: ORIGIN });
    };
    if (hash === '') {
      // Only the avatar that was this photo goes with it: a card without a photo says nothing of others.
      const was = photoBefore !== '' && pointed !== 'elsewhere' && pointed.includes(photoBefore);
      if (was) await send(NS.avatarMetadata, undefined, el('metadata', { xmlns: NS.avatarMetadata }));
      return;
    }
    if (hash === photoBefore || (pointed !== 'elsewhere' && pointed.includes(hash))) return;
    const photo = await profiles.photo(account.id);
    if (photo === undefined) return;
    const base64 = Buffer.from(photo.data).toString('base64');
    await send(NS.avatarData, hash, el('data', { xmlns: NS.avatarData }, base64));
    const info = el('info', { bytes: photo.data.length, id: hash, type: photo.type });
    await send(NS.avatarMetadata, hash, el('metadata', { xmlns: NS.avatarMetadata }, info));
  });
}
