import type { House } from '../host/house.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Affiliation, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import type { Element } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Profile } from './config.ts';
import { noSuchNode, refusal } from './refusal.ts';

/** How somebody stands to the owner of an account: whether they see its presence, and in which groups they are. */
export interface Relation {
  readonly sees: boolean;
  readonly groups: readonly string[];
  /** The owner has blocked them. */
  readonly blocked: boolean;
}

/** What was published or taken away, for whoever in the house wants to follow. */
export interface Published {
  readonly node: string;
  readonly id: string;
  readonly payload: Element | undefined;
  readonly publisher: Jid;
}

/** One publish-subscribe service: an account (XEP-0163), or a domain of its own. */
export interface Service {
  /** What its nodes are stored under. */
  readonly key: string;
  readonly jid: Jid;
  /** The account that it is, and that owns all its nodes. */
  readonly account: Account | undefined;
  readonly house: House;
  readonly profile: Profile;
  /** One change at a time to each node. */
  readonly locks: KeyedMutex<string>;
  send(stanza: Stanza): void;
  /** What somebody did was told to many: so many characters, all copies together. */
  spent(who: Jid, characters: number): void;
  /** Undefined where there is no presence to go by. */
  relation(who: Jid): Relation | undefined | Promise<Relation | undefined>;
  /** Full addresses that are notified without having subscribed to the node (XEP-0060 §9). */
  audience(node: PubsubNode): Iterable<Jid> | Promise<Iterable<Jid>>;
  /** Where a notification for a subscriber's address goes, if not there. */
  reached?(subscriber: Jid): Iterable<Jid> | Promise<Iterable<Jid>>;
  /** Throws when somebody may not make nodes here. */
  mayCreate(who: Jid): void;
  published?(what: Published): void;
  /** `id` is undefined when all items went. */
  retracted?(what: { readonly node: string; readonly id: string | undefined }): void;
}

/** The node of that name. Throws `item-not-found`, or `bad-request` when none is named (§7.2.3.3). */
export async function nodeOf(service: Service, name: string | undefined): Promise<PubsubNode> {
  if (name === undefined || name === '') throw refusal('bad-request', 'nodeid-required', 'Which node?');
  const node = await service.house.stores.pubsubNodes.get(service.key, name);
  if (node === undefined) throw noSuchNode();
  return node;
}

export function affiliationOf(service: Service, node: PubsubNode, { bare }: Jid): Affiliation {
  if (service.account !== undefined && bare === service.jid.bare) return 'owner';
  return node.affiliations.get(bare) ?? 'none';
}

/** Runs a change to a node when nobody else changes it. */
export function changing<T>(service: Service, name: string, task: () => Promise<T>): Promise<T> {
  return service.locks.run(`${service.key} ${name}`, task);
}

export const newLocks = (): KeyedMutex<string> => new KeyedMutex<string>();
