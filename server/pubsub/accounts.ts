import { covers, reached } from '../host/blocklist.ts';
import type { Host } from '../host/host.ts';
import { Session } from '../host/session.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { NodeConfig, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import type { Element } from '../xmpp/element.ts';
import { type Jid, makeJid, parseJid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { denial } from './access.ts';
import type { Profile } from './config.ts';
import { Elsewhere, Visitors } from './elsewhere.ts';
import { Interests, type Listener } from './interests.ts';
import { ACCOUNT_LIMITS } from './limits.ts';
import { lastItem, sendItem } from './notify.ts';
import { newLocks, type Published, type Relation, type Service } from './service.ts';

/** XEP-0163 §5: what nodes of accounts are like when nobody says anything. */
const DEFAULTS: NodeConfig = {
  title: '',
  description: '',
  type: '',
  accessModel: 'presence',
  rosterGroups: [],
  publishModel: 'publishers',
  persistItems: true,
  maxItems: 1,
  itemExpire: 'max',
  maxPayloadSize: ACCOUNT_LIMITS.payload,
  sendLast: 'on_sub_and_presence',
  deliverNotifications: true,
  deliverPayloads: true,
  notifyConfig: false,
  notifyDelete: true,
  notifyRetract: true,
  notificationType: 'headline',
  itemReply: 'none',
};

const PROFILE: Profile = {
  defaults: DEFAULTS,
  accessModels: ['presence', 'open', 'roster', 'whitelist', 'authorize'],
  sendLast: ['never', 'on_sub', 'on_sub_and_presence'],
  limits: ACCOUNT_LIMITS,
};

/**
 * Bytes of last items for one device that comes. Contacts could publish as much as they like where its client listens, and with
 * more than may be on its way at once it could not log in; what is left out a client can still ask for.
 */
const WELCOME = 2_000_000;

const sees = (item: RosterItem | undefined): boolean => item?.subscription === 'from' || item?.subscription === 'both';

/** An account as a publish-subscribe service (XEP-0163). */
class AccountService implements Service {
  readonly key: string;
  readonly jid: Jid;
  readonly account: Account;
  readonly profile = PROFILE;
  readonly locks;
  readonly #host: Host;
  readonly #interests: Interests;
  readonly #visitors: Visitors;
  readonly #origin: string | undefined;

  constructor(all: AccountServices, account: Account, origin: string | undefined) {
    this.#host = all.host;
    this.#interests = all.interests;
    this.#visitors = all.visitors;
    this.#origin = origin;
    this.locks = all.locks;
    this.account = account;
    this.key = String(account.id);
    this.jid = makeJid(account.local, account.domain);
  }

  get house() {
    return this.#host.house;
  }

  send(stanza: Stanza): void {
    this.#host.send(stanza);
  }

  spent(who: Jid, characters: number): void {
    this.#host.fanOut.spent(who, characters);
  }

  async relation(who: Jid): Promise<Relation> {
    if (who.bare === this.jid.bare) return { sees: true, groups: [], blocked: false };
    const item = await this.#host.contacts.get(this.account, who.bare);
    const blocked = covers(await this.house.stores.blocking.list(this.account.id), who);
    return { sees: sees(item) && !blocked, groups: item?.groups ?? [], blocked };
  }

  /** XEP-0060 §9: one's own devices, and contacts who may see the node, each device that is interested. */
  async audience(node: PubsubNode): Promise<Jid[]> {
    const found: Jid[] = [];
    const add = (devices: Iterable<Listener>, blocked?: ReadonlySet<string>): void => {
      for (const device of devices) {
        if (device.lastPresence === undefined || !this.#interests.of(device).has(node.name)) continue;
        if (blocked === undefined || !covers(blocked, device.jid)) found.push(device.jid);
      }
    };
    add(this.#host.sessions.of(this.jid.bare));
    const { accessModel, rosterGroups } = node.config;
    if (accessModel === 'whitelist' || accessModel === 'authorize') return found;
    const contacts = await this.#host.contacts.all(this.account);
    const blocked = await this.house.stores.blocking.list(this.account.id);
    for (const item of contacts) {
      if (!sees(item)) continue;
      if (accessModel === 'roster' && !item.groups.some((group) => rosterGroups.includes(group))) continue;
      const affiliation = node.affiliations.get(item.jid);
      if (affiliation === 'outcast' || affiliation === 'publish-only') continue;
      const contact = parseJid(item.jid);
      if (covers(blocked, contact)) continue;
      const here = contact.domain === this.#host.domain;
      add(here ? this.#host.sessions.of(item.jid) : this.#visitors.of(item.jid, this.jid.bare), blocked);
    }
    return found;
  }

  async reached(subscriber: Jid): Promise<Iterable<Jid>> {
    if (subscriber.bare === this.jid.bare) return [subscriber];
    return reached(this.house.router, await this.house.stores.blocking.list(this.account.id), subscriber);
  }

  mayCreate(who: Jid): void {
    if (who.bare !== this.jid.bare) throw new StanzaError('forbidden', 'These nodes are for the account itself.');
  }

  published(what: Published): void {
    this.#host.events.emit('published', { account: this.account, origin: this.#origin, ...what });
  }

  retracted(what: { node: string; id: string | undefined }): void {
    this.#host.events.emit('retracted', { account: this.account, origin: this.#origin, ...what });
  }
}

/** All accounts of a host as publish-subscribe services. */
export class AccountServices {
  readonly host: Host;
  readonly interests: Interests;
  readonly visitors: Visitors;
  readonly locks = newLocks();

  constructor(host: Host) {
    this.host = host;
    this.interests = new Interests(
      (listener, question) => this.#ask(listener, question),
      (listener, nodes) => {
        this.#welcome(listener, nodes).catch((error: unknown) => {
          host.house.log.error({ err: error, host: host.domain }, 'last items could not be sent');
        });
      },
    );
    this.visitors = new Visitors((device) => this.interests.left(device));
  }

  /** `origin` is told with the events of what is changed through it. */
  of(account: Account, origin?: string): Service {
    return new AccountService(this, account, origin);
  }

  /** Presence of somebody at another domain, for an account of ours. Most is of people in a room: that costs one look. */
  visited(stanza: Stanza, account: Account): void | Promise<void> {
    if (stanza.type === 'unavailable') return this.visitors.went(stanza);
    const contact = this.host.contacts.get(account, stanza.from.bare);
    if (contact instanceof Promise) return contact.then((loaded) => this.#visited(stanza, account, loaded));
    return this.#visited(stanza, account, contact);
  }

  #visited(stanza: Stanza, account: Account, contact: RosterItem | undefined): void | Promise<void> {
    // Presence can be sent to anybody: only that of contacts is looked at, or strangers could make us ask and remember.
    if (!sees(contact)) return;
    const visit = this.visitors.came(stanza, account);
    if (visit === undefined) return;
    const { device, initial } = visit;
    const known = this.interests.of(device);
    this.interests.seen(device);
    if (initial && known.size > 0) return this.#offer(account, device, known);
  }

  /** A client of ours answers its own account; one elsewhere an account that it sent presence to. */
  #ask(listener: Listener, question: Element): void {
    if (listener instanceof Session) {
      listener.deliver(new Stanza(question, this.host.bareOf(listener), listener.jid));
    } else if (listener instanceof Elsewhere) {
      const [account] = listener.accounts.values();
      if (account === undefined) return;
      this.host.send(new Stanza(question, makeJid(account.local, account.domain), listener.jid));
    }
  }

  /** XEP-0163 §4.3.4: a device that has come gets the last items it is interested in, its own account's and contacts'. */
  async #welcome(session: Listener, nodes: ReadonlySet<string>): Promise<void> {
    if (session instanceof Elsewhere) {
      for (const account of [...session.accounts.values()]) await this.#offer(account, session, nodes);
    }
    if (!(session instanceof Session)) return;
    const room = { left: WELCOME };
    await this.#offer(session.account, session, nodes, room);
    for (const item of await this.host.contacts.all(session.account)) {
      if (item.subscription !== 'to' && item.subscription !== 'both') continue;
      const { domain, bare } = parseJid(item.jid);
      if (domain !== this.host.domain) continue;
      const account = await this.host.house.stores.accounts.at(bare);
      if (account !== undefined) await this.#offer(account, session, nodes, room);
    }
  }

  /** Somebody may see an account from now on: their devices get its last items (XEP-0060 §12.2). */
  async shown(account: Account, contact: string): Promise<void> {
    for (const session of this.host.sessions.of(contact)) {
      const nodes = this.interests.of(session);
      if (session.lastPresence !== undefined && nodes.size > 0) await this.#offer(account, session, nodes);
    }
  }

  /** XEP-0163 §7: who may not see an account any more is not subscribed any more to what went by that. */
  async hidden(account: Account, contact: string): Promise<void> {
    const { pubsubNodes } = this.host.house.stores;
    const service = this.of(account);
    for (const { node: name, jid } of await pubsubNodes.subscriptionsOf(service.key, contact)) {
      const node = await pubsubNodes.get(service.key, name);
      if (node === undefined || (await denial(service, node, parseJid(jid), 'subscribe')) === undefined) continue;
      await pubsubNodes.subscribe(node, [], [jid]);
    }
  }

  async #offer(
    account: Account,
    session: Listener,
    nodes: ReadonlySet<string>,
    room = { left: WELCOME },
  ): Promise<void> {
    const { pubsubNodes } = this.host.house.stores;
    const names = await pubsubNodes.names(account.id);
    const service = this.of(account);
    for (const name of names) {
      if (!nodes.has(name)) continue;
      const node = await pubsubNodes.get(service.key, name);
      if (node === undefined || !node.config.deliverNotifications) continue;
      if (node.config.sendLast !== 'on_sub_and_presence') continue;
      if (!(await this.#listens(service, node, session))) continue;
      const item = await lastItem(service, node);
      if (item === undefined || session.lastPresence === undefined) continue;
      const bytes = Buffer.byteLength(item.payload);
      if (bytes > room.left) continue;
      room.left -= bytes;
      sendItem(service, node, item, [session.jid]);
    }
  }

  /** XEP-0060 §9.1: who is notified of a node without having subscribed to it. */
  async #listens(service: Service, node: PubsubNode, { jid }: Listener): Promise<boolean> {
    if (jid.bare === service.jid.bare) return true;
    const { accessModel } = node.config;
    if (accessModel === 'whitelist' || accessModel === 'authorize') return false;
    const relation = await service.relation(jid);
    return relation?.sees === true && (await denial(service, node, jid, 'read')) === undefined;
  }
}

const services = new WeakMap<Host, AccountServices>();

/** The services of a host's accounts: one set, whoever asks. */
export function accountServices(host: Host): AccountServices {
  const known = services.get(host) ?? new AccountServices(host);
  services.set(host, known);
  return known;
}
