import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { audienceOf, cardOf, ifAllowed, nodeOptions, putCard, tooLong } from '../host/profiles.ts';
import { accountNodes } from '../pubsub/account-nodes.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { serialize } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { toVcard4, toVcardTemp } from '../xmpp/vcard4.ts';

const ORIGIN = 'vcard4';

/**
 * Cards in vCard4 (XEP-0292) are items of a node. The card that old clients write is published there, and what is
 * published there becomes their card (§7), so that all see the same person. The photo is not copied into it: new clients
 * look for it on the nodes of the avatar.
 */
export const vcard4: Module = {
  name: 'vcard4',
  xep: [292, '0.12.0'],
  start: (host) => ({
    accountFeatures: [NS.vcard4],
    on: {
      carded: ({ account }) => ifAllowed(host, publish(host, account)),
      published: ({ account, node, origin }) =>
        node === NS.vcard4Node && origin !== ORIGIN ? takeOver(host, account) : undefined,
    },
  }),
};

/** §3.1.2: the whole card, as the node has nothing but the whole. */
function publish(host: Host, account: Account): Promise<void> {
  return host.house.stores.profiles.changes.run(account.id, async () => {
    const nodes = accountNodes(host);
    const [kept, item] = await Promise.all([cardOf(host, account), nodes.item(account, NS.vcard4Node)]);
    if (kept === undefined) return;
    const next = toVcard4(kept.card, item?.payload);
    // It says the same already: it may be where the card came from.
    if (next.children.length === 0 || (item?.payload && serialize(next) === serialize(item.payload))) return;
    const options = await nodeOptions(host, account, NS.vcard4Node, kept.audience);
    await nodes.publish(account, {
      node: NS.vcard4Node,
      id: item?.id ?? 'current',
      payload: next,
      options,
      origin: ORIGIN,
    });
  });
}

function takeOver(host: Host, account: Account): Promise<void> {
  return host.house.stores.profiles.changes.run(account.id, async () => {
    const payload = (await accountNodes(host).item(account, NS.vcard4Node))?.payload;
    if (payload?.name !== 'vcard' || payload.attrs.xmlns !== NS.vcard4) return;
    const kept = await cardOf(host, account);
    const audience = await audienceOf(host, account, NS.vcard4Node, kept?.audience);
    if (audience === undefined) return;
    const next = toVcardTemp(payload, kept?.card);
    const same = kept !== undefined && kept.audience === audience && serialize(next) === serialize(kept.card);
    if (!same && !tooLong(next)) await putCard(host, account, next, audience);
  });
}
