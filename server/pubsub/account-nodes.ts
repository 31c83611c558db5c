import type { Host } from '../host/host.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Element } from '../xmpp/element.ts';
import { type Jid, makeJid } from '../xmpp/jid.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { denial } from './access.ts';
import { accountServices } from './accounts.ts';
import { expiry } from './config.ts';
import { PAGE_BYTES, PAGE_ITEMS } from './limits.ts';
import { lastItem } from './notify.ts';
import { publish, retract } from './publish.ts';

export interface AccountItem {
  readonly id: string;
  /** The element inside the item, undefined when there is none. */
  readonly payload: Element | undefined;
}

export interface AccountPublication {
  readonly node: string;
  /** Without one an id is made up. */
  readonly id?: string;
  readonly payload: Element;
  /** As publish-options have them, `{ 'pubsub#access_model': 'open' }`: conditions, or how to make the node. */
  readonly options?: Readonly<Record<string, string>>;
  /** Comes back in the event `published`, so that who follows it knows its own doing. */
  readonly origin: string;
}

/**
 * The nodes of accounts for other modules, in the accounts' own name: access is theirs, subscribers are notified, and the
 * events `published` and `retracted` are told with the `origin` that is given here.
 */
export interface AccountNodes {
  /** Gives the item's id, once it is on disk. Throws StanzaError, as a client would be refused. */
  publish(account: Account, publication: AccountPublication): Promise<string>;
  /** False when there was no such item. */
  retract(account: Account, node: string, id: string, origin: string): Promise<boolean>;
  /** One item; without an id, the last. Whoever asks for it: the caller sees to who may know. */
  item(account: Account, node: string, id?: string): Promise<AccountItem | undefined>;
  /**
   * The newest items (at most 500) in order of publication; none when there is no such node, undefined when they are too long
   * to be looked at in one go.
   */
  items(account: Account, node: string): Promise<AccountItem[] | undefined>;
  /** Whether somebody else may read a node by its access model; false when there is none. */
  mayRead(account: Account, node: string, who: Jid): Promise<boolean>;
}

export function accountNodes(host: Host): AccountNodes {
  const services = accountServices(host);
  const { stores, parse } = host.house;
  const nodeOf = (account: Account, name: string) => stores.pubsubNodes.get(String(account.id), name);
  const read = ({ id, payload }: { id: string; payload: string }): AccountItem => ({
    id,
    payload: payload === '' ? undefined : parse(payload),
  });
  return {
    publish(account, { node, id, payload, options = {}, origin }) {
      const values = new Map(Object.entries(options).map(([name, value]) => [name, [value]]));
      const who = makeJid(account.local, account.domain);
      return publish(services.of(account, origin), { node, id, payload, options: values, who });
    },
    async retract(account, node, id, origin) {
      try {
        await retract(services.of(account, origin), node, id, makeJid(account.local, account.domain), true);
        return true;
      } catch (error) {
        if (error instanceof StanzaError && error.condition === 'item-not-found') return false;
        throw error;
      }
    },
    async item(account, name, id) {
      const node = await nodeOf(account, name);
      if (node === undefined) return undefined;
      const item =
        id === undefined
          ? await lastItem(services.of(account), node)
          : (await stores.pubsubItems.some(node.id, [id], expiry(node.config)))[0];
      return item && read(item);
    },
    async items(account, name) {
      const node = await nodeOf(account, name);
      if (node === undefined) return [];
      const since = expiry(node.config);
      const query = { newest: true, limit: PAGE_ITEMS, since, room: PAGE_BYTES };
      const { pubsubItems } = stores;
      const [found, count] = await Promise.all([pubsubItems.page(node.id, query), pubsubItems.count(node.id, since)]);
      return found.length < Math.min(count, PAGE_ITEMS) ? undefined : found.map(read);
    },
    async mayRead(account, name, who) {
      const node = await nodeOf(account, name);
      return node !== undefined && (await denial(services.of(account), node, who, 'read')) === undefined;
    },
  };
}
