import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { audienceOf, cardOf, ifAllowed, nodeOptions, putCard, tooLong } from '../host/profiles.ts';
import { accountNodes } from '../pubsub/account-nodes.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { child, clone, el, removeChildren, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

const ORIGIN = 'nick';

/**
 * Nicknames (XEP-0172): what is published on their node is the nickname of the card (§3), and the other way round. In
 * subscription requests they pass like anything else.
 */
export const nick: Module = {
  name: 'nick',
  xep: [172, '1.1'],
  start: (host) => ({
    on: {
      carded: ({ account }) => ifAllowed(host, publish(host, account)),
      published: ({ account, node, origin }) =>
        node === NS.nick && origin !== ORIGIN ? takeOver(host, account) : undefined,
    },
  }),
};

async function publishedNick(host: Host, account: Account): Promise<{ id: string; nick: string } | undefined> {
  const item = await accountNodes(host).item(account, NS.nick);
  if (item === undefined) return undefined;
  const fits = item.payload?.name === 'nick' && item.payload.attrs.xmlns === NS.nick;
  return { id: item.id, nick: fits ? textOf(item.payload).trim() : '' };
}

function publish(host: Host, account: Account): Promise<void> {
  return host.house.stores.profiles.changes.run(account.id, async () => {
    const kept = await cardOf(host, account);
    if (kept === undefined) return;
    const name = textOf(child(kept.card, 'NICKNAME')).trim();
    const before = await publishedNick(host, account);
    if (name === (before?.nick ?? '')) return;
    const payload = el('nick', { xmlns: NS.nick }, name);
    const options = await nodeOptions(host, account, NS.nick, kept.audience);
    await accountNodes(host).publish(account, {
      node: NS.nick,
      id: before?.id ?? 'current',
      payload,
      options,
      origin: ORIGIN,
    });
  });
}

function takeOver(host: Host, account: Account): Promise<void> {
  return host.house.stores.profiles.changes.run(account.id, async () => {
    const published = await publishedNick(host, account);
    const kept = await cardOf(host, account);
    const audience = await audienceOf(host, account, NS.nick, kept?.audience);
    // Who may see a nickname says nothing of who may see the rest of a card.
    if (published === undefined || audience === undefined || (kept?.audience === 'all' && audience !== 'all')) return;
    const card = kept === undefined ? el('vCard', { xmlns: NS.vcardTemp }) : clone(kept.card);
    if (textOf(child(card, 'NICKNAME')).trim() === published.nick) return;
    removeChildren(card, ({ name }) => name === 'NICKNAME');
    if (published.nick !== '') card.append(el('NICKNAME', {}, published.nick));
    if (!tooLong(card)) await putCard(host, account, card, kept?.audience ?? audience);
  });
}
