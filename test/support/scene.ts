import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import type { DnsOptions } from '../../server/commands/dns-doctor.ts';
import type { RunningFederation } from '../../server/commands/federation-needs.ts';
import { type Commands, openCommands } from '../../server/commands/index.ts';
import type { ListenerView } from '../../server/commands/overview.ts';
import { ProxyDoor, type ProxyLimits } from '../../server/components/bytestreams/door.ts';
import { ComponentDoor } from '../../server/components/external/door.ts';
import { components } from '../../server/components/index.ts';
import { fileSpace } from '../../server/components/upload/limits.ts';
import { Slots } from '../../server/components/upload/slots.ts';
import { befriend } from '../../server/host/befriend.ts';
import type { Component } from '../../server/host/component.ts';
import { newCounters } from '../../server/host/counters.ts';
import { FileLinks } from '../../server/host/file-links.ts';
import type { Host } from '../../server/host/host.ts';
import { Hosts } from '../../server/host/hosts.ts';
import type { House } from '../../server/host/house.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { Router } from '../../server/host/router.ts';
import type { TransferList } from '../../server/host/transfers.ts';
import { modules } from '../../server/modules/index.ts';
import { allOptions } from '../../server/options.ts';
import { registrarOf } from '../../server/registrar.ts';
import { Gate } from '../../server/s2s/gate.ts';
import { deliverHeld, refuseHeld } from '../../server/s2s/held.ts';
import { Inbox } from '../../server/s2s/inbox.ts';
import { PolicyBook } from '../../server/s2s/policy-book.ts';
import { Records } from '../../server/s2s/records.ts';
import { ArchiveIds } from '../../server/storage/archive-id.ts';
import { FileFolder } from '../../server/storage/file-folder.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import type { Account } from '../../server/storage/stores/accounts.ts';
import { openStores, type Stores } from '../../server/storage/stores/index.ts';
import type { RosterItem, Subscription } from '../../server/storage/stores/rosters.ts';
import { parseStanza } from '../../server/stream/parser.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import { Actor } from './actor.ts';
import { CALM, NO_BACKUPS } from './no-backups.ts';
import { NO_CERTIFICATES } from './no-certificates.ts';
import { NO_DNS } from './no-dns.ts';
import { WatchedDatabase } from './watched-database.ts';

export interface SceneOptions {
  readonly domains?: readonly string[];
  readonly limits?: Partial<House['limits']>;
  /** Where exports of archives are; without it there are none. */
  readonly exportFolder?: string;
  /** Where files of other servers are while they are read; without it nobody moves in. */
  readonly movingFolder?: string;
  /** Where the store is, instead of in memory. */
  readonly file?: string;
  /** Instead of what is set by command. */
  readonly contactAddresses?: Record<string, readonly string[]>;
  /** Instead of the services there are. */
  readonly components?: readonly Component[];
  /** How long an external component that went is waited for, in ms. */
  readonly grace?: number;
  /** Where uploaded files are; without it there is only somewhere with space. */
  readonly folder?: FileFolder;
  /** Instead of what goes through the file proxy. */
  readonly transfers?: TransferList;
  /** Instead of no links with other servers. */
  readonly links?: RunningFederation;
  /** Instead of a DNS that knows no name. */
  readonly dns?: DnsOptions;
  /** What is said to be listened on. */
  readonly listeners?: readonly ListenerView[];
  /** Limits of the file proxy, which listens nowhere until a test has it listen. */
  readonly proxy?: Partial<ProxyLimits>;
  /** Errors that the house is expected to log; else a logged error fails the test. */
  readonly mayFail?: boolean;
  /** Not yet: somebody of before a restart is still to come back. */
  readonly begins?: false;
}

const CLIENT = {
  address: '192.0.2.1',
  tls: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  mechanism: 'SCRAM-SHA-256',
  transport: 'tls',
} as const;

const NARROW = { bytes: 10_000, depth: 8, attributes: 24, children: 64, namespaces: 24 };
const ROOMY = { bytes: 262_144, depth: 64, attributes: 64, children: 5_000, namespaces: 64 };

const NO_LINKS: RunningFederation = {
  links: () => [],
  queues: () => [],
  tryNow: () => Promise.reject(new Error('there are no other servers')),
  closeNow: () => 0,
};

/** Every account's password. */
export const PASSWORD = 'wherefore';

/** A whole house in memory, without sockets, and people in it. */
export class Scene {
  readonly db: WatchedDatabase;
  readonly stores: Stores;
  readonly house: House;
  readonly hosts: Hosts;
  /** Errors that were logged. */
  readonly errors: string[];
  readonly commands: Commands;
  readonly external: ComponentDoor;
  readonly proxy: ProxyDoor;
  /** With whom the house talks: nobody, until a test says something else. */
  readonly book: PolicyBook;
  /** What waits until somebody decides with whom. */
  readonly inbox: Inbox;

  constructor(
    db: WatchedDatabase,
    house: House,
    hosts: Hosts,
    commands: Commands,
    external: ComponentDoor,
    proxy: ProxyDoor,
    book: PolicyBook,
    inbox: Inbox,
    errors: string[],
  ) {
    this.book = book;
    this.inbox = inbox;
    this.external = external;
    this.proxy = proxy;
    this.db = db;
    this.stores = house.stores;
    this.house = house;
    this.hosts = hosts;
    this.commands = commands;
    this.errors = errors;
  }

  host(domain: string): Host {
    const host = this.hosts.get(domain);
    assert.ok(host !== undefined, `${domain} is not served`);
    return host;
  }

  /** The account of a bare address, made if it is not there, with PASSWORD. */
  async account(bare: string): Promise<Account> {
    const { local, domain } = parseJid(bare);
    const known = await this.stores.accounts.find(domain, local);
    if (known !== undefined) return known;
    const names = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
    const credentials = await Promise.all(
      names.map((name) => keysOf(name, PASSWORD, Buffer.from(`salt of ${bare}`), 10)),
    );
    return this.stores.accounts.create({ domain, local, credentials });
  }

  /** A session on its way in: bound, and nothing more. */
  async connect(full: string): Promise<Actor> {
    const jid = parseJid(full);
    const account = await this.account(jid.bare);
    const actor = new Actor(this.host(jid.domain), () => this.settle());
    actor.session = actor.host.bind(jid, account, CLIENT, actor);
    return actor;
  }

  /** A session as clients make it: bound, roster fetched, initial presence sent. What that brought has been read. */
  async comes(full: string, presence = '<presence/>'): Promise<Actor> {
    const actor = await this.connect(full);
    await actor.gets("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
    await actor.sends(presence);
    await actor.all();
    return actor;
  }

  /** Writes both sides of a subscription to the store: `state` is what the first one has. */
  async friends(one: string, other: string, state: Subscription = 'both'): Promise<void> {
    const mirrored = { none: 'none', to: 'from', from: 'to', both: 'both' } as const;
    await this.contact(one, other, { subscription: state });
    await this.contact(other, one, { subscription: mirrored[state] });
  }

  /** Writes one item of a roster to the store. */
  async contact(owner: string, jid: string, item: Partial<RosterItem> = {}): Promise<void> {
    const account = await this.account(owner);
    const plain = { name: '', groups: [], subscription: 'none', ask: false, approved: false, listed: true } as const;
    await this.stores.rosters.put(account.id, { jid, ...plain, pendingIn: undefined, ...item });
  }

  /** One side's item as stored. */
  async item(owner: string, jid: string): Promise<RosterItem | undefined> {
    return this.stores.rosters.get((await this.account(owner)).id, jid);
  }

  /** Resolves when nothing happens any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const before = this.db.operations;
      await this.db.flushed();
      for (let i = 0; i < 4; i++) await turn();
      quiet = this.db.pending === 0 && this.db.operations === before ? quiet + 1 : 0;
    }
  }
}

/** The curtain rises; it falls with the test. */
export async function openScene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const errors: string[] = [];
  const log = pino({ level: 'error', base: null }, { write: (line: string) => void errors.push(line) });
  const db = new WatchedDatabase(await openDatabase({ file: options.file ?? ':memory:', log, lazyMs: 5 }));
  const stores = openStores(db);
  const counters = newCounters();
  const open: { commands?: Commands } = {};
  const links = new FileLinks(() => 'https://chat.example.test/');
  const all = modules({
    commands: () => open.commands!,
    contactAddresses: (domain) => options.contactAddresses ?? open.commands!.contacts.of(domain),
    registrar: registrarOf(() => open.commands!),
  });
  const promised: { slots?: Slots; proxy?: ProxyDoor } = {};
  const services = components({
    slots: () => promised.slots!,
    proxy: () => promised.proxy!,
    hostname: 'chat.example.test',
  });
  const values = new OptionValues(stores.settings, allOptions(all, services));
  await values.load();
  const folder = options.folder ?? new FileFolder(tmpdir());
  promised.slots = new Slots({ stores, folder, options: values });
  const proxy = new ProxyDoor({ options: values, log, limits: options.proxy ?? {} });
  promised.proxy = proxy;
  const book = new PolicyBook(stores.settings, log, stores.departments);
  const house: House = {
    db,
    stores,
    router: new Router(),
    archiveIds: new ArchiveIds(),
    counters,
    log,
    modules: all,
    components: options.components ?? services,
    fileLinks: links,
    options: values,
    outside: book,
    version: '9.8.7',
    parse: parseStanza,
    limits: {
      sessionsPerAccount: 20,
      offlineMessagesPerAccount: 100,
      rosterItemsPerAccount: 100,
      ...options.limits,
    },
  };
  const inbox = new Inbox({ store: stores.federationHeld, parse: parseStanza, log });
  const hosts = new Hosts(house);
  for (const domain of options.domains ?? ['example.test']) hosts.add(domain);
  if (options.begins !== false) hosts.begin();
  const external = new ComponentDoor({
    house,
    log,
    limits: { beforeLogin: NARROW, afterLogin: ROOMY, loginSeconds: 60 },
    grace: options.grace ?? 60_000,
  });
  const commands = await openCommands({
    parse: parseStanza,
    ...(options.exportFolder !== undefined && { exportFolder: options.exportFolder }),
    ...(options.movingFolder !== undefined && {
      moving: { folder: options.movingFolder, db, archiveIds: house.archiveIds, limits: house.limits },
    }),
    stores,
    house: hosts,
    options: values,
    counters,
    befriend: (one, other, name) => befriend((domain) => hosts.get(domain), one, other, name),
    components: external,
    federation: {
      book,
      inbox,
      records: new Records({ store: stores.federationAttempts, log }),
      running: options.links ?? NO_LINKS,
      deliver: deliverHeld(house, new Gate({ book, router: house.router })),
      refuse: refuseHeld(house),
    },
    files: fileSpace(folder, values),
    transfers: options.transfers ?? proxy,
    backups: NO_BACKUPS,
    senses: CALM,
    dns: options.dns ?? NO_DNS,
    certificates: NO_CERTIFICATES,
    certify: async () => undefined,
    version: house.version,
    hostname: 'chat.example.test',
    iterations: 4_096,
    listeners: () => options.listeners ?? [],
    panel: () => ({ url: 'https://example.test/', fingerprint: '' }),
  });
  open.commands = commands;
  const scene = new Scene(db, house, hosts, commands, external, proxy, book, inbox, errors);
  t.after(async () => {
    db.release();
    await external.close();
    await proxy.close();
    await hosts.close();
    await scene.settle();
    commands.close();
    await db.close();
    if (options.mayFail !== true) assert.deepEqual(errors, [], 'the house logged errors');
  });
  return scene;
}
