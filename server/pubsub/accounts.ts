import { covers } from '../host/blocklist.ts';
import type { Host } from '../host/host.ts';
import type { Session } from '../host/session.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { NodeConfig, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { type Jid, makeJid, parseJid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { denial } from './access.ts';
import type { Profile } from './config.ts';
import { Interests } from './interests.ts';
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
  readonly #origin: string | undefined;

  constructor(all: AccountServices, account: Account, origin: string | undefined) {
    this.#host = all.host;
    this.#interests = all.interests;
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

  async relation(who: Jid): Promise<Relation> {
    const { rosters, blocking } = this.house.stores;
    if (who.bare === this.jid.bare) return { sees: true, groups: [], blocked: false };
    const item = await rosters.get(this.account.id, who.bare);
    const blocked = covers(await blocking.list(this.account.id), who);
    return { sees: sees(item) && !blocked, groups: item?.groups ?? [], blocked };
  }

  /** XEP-0060 §9: one's own devices, and contacts who may see the node, each device that is interested. */
  async audience(node: PubsubNode): Promise<Jid[]> {
    const found: Jid[] = [];
    const add = (bare: string): void => {
      for (const session of this.#host.sessions.of(bare)) {
        if (session.available !== undefined && this.#interests.of(session).has(node.name)) found.push(session.jid);
      }
    };
    add(this.jid.bare);
    const { accessModel, rosterGroups } = node.config;
    if (accessModel === 'whitelist' || accessModel === 'authorize') return found;
    const { rosters, blocking } = this.house.stores;
    const roster = await rosters.all(this.account.id);
    const blocked = await blocking.list(this.account.id);
    for (const item of roster.items.values()) {
      if (!sees(item) || this.#host.sessions.of(item.jid).length === 0) continue;
      if (accessModel === 'roster' && !item.groups.some((group) => rosterGroups.includes(group))) continue;
      const affiliation = node.affiliations.get(item.jid);
      if (affiliation === 'outcast' || affiliation === 'publish-only') continue;
      if (!covers(blocked, parseJid(item.jid))) add(item.jid);
    }
    return found;
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
  readonly locks = newLocks();

  constructor(host: Host) {
    this.host = host;
    this.interests = new Interests((session, nodes) => {
      this.welcome(session, nodes).catch((error: unknown) => {
        host.house.log.error({ err: error, host: host.domain }, 'last items could not be sent');
      });
    });
  }

  /** `origin` is told with the events of what is changed through it. */
  of(account: Account, origin?: string): Service {
    return new AccountService(this, account, origin);
  }

  /** XEP-0163 §4.3.4: a device that has come gets the last items it is interested in, its own account's and contacts'. */
  async welcome(session: Session, nodes: ReadonlySet<string>): Promise<void> {
    await this.#offer(session.account, session, nodes);
    const roster = await this.host.house.stores.rosters.all(session.account.id);
    for (const item of roster.items.values()) {
      if (item.subscription !== 'to' && item.subscription !== 'both') continue;
      const { domain, bare } = parseJid(item.jid);
      if (domain !== this.host.domain) continue;
      const account = await this.host.house.stores.accounts.at(bare);
      if (account !== undefined) await this.#offer(account, session, nodes);
    }
  }

  /** Somebody may see an account from now on: their devices get its last items (XEP-0060 §12.2). */
  async shown(account: Account, contact: string): Promise<void> {
    for (const session of this.host.sessions.of(contact)) {
      const nodes = this.interests.of(session);
      if (session.available !== undefined && nodes.size > 0) await this.#offer(account, session, nodes);
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

  async #offer(account: Account, session: Session, nodes: ReadonlySet<string>): Promise<void> {
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
      if (item !== undefined && session.available !== undefined) sendItem(service, node, item, [session.jid]);
    }
  }

  /** XEP-0060 §9.1: who is notified of a node without having subscribed to it. */
  async #listens(service: Service, node: PubsubNode, { jid }: Session): Promise<boolean> {
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
