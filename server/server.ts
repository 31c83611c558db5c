import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IncomingBackup } from '../provisioning/backup/incoming.ts';
import { BackupMachine } from '../provisioning/backup/machine.ts';
import { prepareDataFolder } from '../provisioning/data-folder.ts';
import { firstRun } from '../provisioning/first-run.ts';
import { tokenKey } from '../provisioning/token-key.ts';
import { ClientDoor } from './c2s/door.ts';
import { mayUse, webOrigins } from './c2s/origins.ts';
import { webChat, webDoor } from './c2s/web.ts';
import { Acme } from './certificates/acme/acme.ts';
import { Challenges } from './certificates/acme/challenges.ts';
import { inspect } from './certificates/inspect.ts';
import { machineAddresses } from './certificates/names.ts';
import { Renewal } from './certificates/renewal.ts';
import { SecureContexts } from './certificates/secure-context.ts';
import { record } from './commands/actor.ts';
import { realSenses } from './commands/doctor/senses.ts';
import { type Commands, openCommands } from './commands/index.ts';
import { logLevel } from './commands/log.ts';
import { ProxyDoor } from './components/bytestreams/door.ts';
import { ComponentDoor } from './components/external/door.ts';
import { components } from './components/index.ts';
import { type OpenUploads, openUploads } from './components/upload/open.ts';
import { filesAddress } from './components/upload/options.ts';
import { withChosenName } from './config/chosen-name.ts';
import type { Address, Limits, Listen, Settings } from './config/settings.ts';
import { befriend } from './host/befriend.ts';
import { newCounters } from './host/counters.ts';
import { FileLinks } from './host/file-links.ts';
import { Hosts } from './host/hosts.ts';
import type { House } from './host/house.ts';
import { OptionValues } from './host/option-values.ts';
import { Router } from './host/router.ts';
import { accepting, type Listening, listenAll, panelUrl, portOf } from './listening.ts';
import { modules } from './modules/index.ts';
import { allOptions } from './options.ts';
import { provisionAtStart } from './provision-at-start.ts';
import { registrarOf } from './registrar.ts';
import { deliverHeld, refuseHeld } from './s2s/held.ts';
import { openNames } from './s2s/names.ts';
import { openFederation } from './s2s/open.ts';
import { PolicyBook } from './s2s/policy-book.ts';
import { ArchiveIds } from './storage/archive-id.ts';
import { openDatabase } from './storage/sqlite.ts';
import { openStores, type Stores } from './storage/stores/index.ts';
import { parseStanza } from './stream/parser.ts';
import type { Logger } from './util/log.ts';
import { LogTail } from './util/log-tail.ts';
import { ownAddresses } from './util/own-addresses.ts';

const PANEL = fileURLToPath(new URL('../admin-ui/dist', import.meta.url));

/** A running house. */
export interface RunningServer extends AsyncDisposable {
  readonly commands: Commands;
  readonly listening: readonly Listening[];
  /** Where a browser finds the panel: by name, then by address, as the name may not be known in the network yet. */
  readonly panelUrls: readonly string[];
  /** Loads what the first look at the panel needs, in a quiet moment. */
  warm(): Promise<void>;
  /** True while the store answers. */
  healthy(): Promise<boolean>;
}

/**
 * The hall, the only place that sees every room: storage → certificates → hosts → listeners → http, in that order, and back
 * in the other. `restart` is for whoever has put another house in the place of this one: it closes this and opens that. Throws
 * ConfigError and StorageError for what an administrator can mend.
 */
export async function startServer(
  boot: Settings,
  log: Logger,
  tail = new LogTail(),
  restart = (): void => undefined,
): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack();
  const version = packageVersion();
  const listening: Listening[] = [];

  // The store opens in a thread of its own; meanwhile this one reads in the largest library.
  const file = prepareDataFolder(boot.data);
  const settings = withChosenName(boot);
  const opening = openDatabase({ file, log });
  opening.catch(() => undefined);
  const http = await import('./http/door.ts');
  const db = await opening;
  stack.defer(() => db.close());
  const stores = openStores(db, (was, is) =>
    log.error({ was, is }, 'the end of the audit log was changed by somebody else than this server'),
  );
  await stores.departments.load();
  await stores.archiveRules.load();
  const unfinished = (error: unknown): void => log.error({ err: error }, 'a deletion could not be finished');
  stores.accounts.sweep().catch(unfinished);
  stores.rooms.sweep().catch(unfinished);
  const domains = async (): Promise<string[]> => (await stores.domains.list()).map(({ name }) => name);

  const contexts = new SecureContexts({
    store: stores.certificates,
    domains,
    standIn: (domain) => renewal.standIn(domain),
    log,
  });
  const renewal: Renewal = stack.use(
    new Renewal({
      store: stores.certificates,
      domains,
      components: async () => (await stores.components.list()).map(({ domain }) => domain),
      hostname: settings.hostname,
      log,
      renewed: () => contexts.reload(),
    }),
  );
  const served = await firstRun({ domain: settings.domain, domains: stores.domains, certificates: renewal, log });
  await contexts.reload();
  renewal.start();
  const challenges = new Challenges();
  const acme = stack.use(
    new Acme({
      orders: stores.certificateOrders,
      settings: stores.settings,
      renewal,
      domains,
      challenges,
      log,
      tried: (domain, failure) =>
        record(stores.audit, { name: 'hallway', door: 'house' }, failure === '' ? 'acme.got' : 'acme.failed', domain, {
          ...(failure !== '' && { failure }),
        }),
    }),
  );

  const commands: { open?: Commands } = {};
  const registrar = registrarOf(() => commands.open!);
  const counters = newCounters();
  const fileLinks = new FileLinks(
    () => URL.parse(options.get(filesAddress))?.href ?? panelUrl(settings.hostname, listening),
  );
  const all = modules({
    commands: () => commands.open!,
    contactAddresses: (domain) => commands.open!.contacts.of(domain),
    registrar,
  });
  const files: { uploads?: OpenUploads; proxy?: ProxyDoor } = {};
  const services = components({
    slots: () => files.uploads!.slots,
    proxy: () => files.proxy!,
    hostname: settings.hostname,
  });
  const options = new OptionValues(stores.settings, allOptions(all, services));
  await options.load();
  obeyLevel(options, settings, log);
  const uploads = await openUploads({ stores, data: settings.data, options, log });
  const proxy = new ProxyDoor({ options, log });
  Object.assign(files, { uploads, proxy });
  stack.defer(() => proxy.close());
  const book = new PolicyBook(stores.settings, log, stores.departments);
  await book.load();
  const house: House = {
    db,
    stores,
    router: new Router(),
    archiveIds: new ArchiveIds(Math.max(await stores.archives.largestId(), await stores.rooms.largestId())),
    counters,
    log,
    modules: all,
    components: services,
    options,
    outside: book,
    fileLinks,
    version,
    parse: parseStanza,
    limits: {
      sessionsPerAccount: settings.limits.sessions_per_account,
      offlineMessagesPerAccount: settings.limits.offline_messages_per_account,
      rosterItemsPerAccount: settings.limits.roster_items_per_account,
    },
  };
  // Before the hosts: when they close, those of other servers are told who goes.
  const federation = stack.use(
    await openFederation({
      house,
      log,
      limits: clientLimits(settings.limits),
      names: openNames(settings.dns.servers),
      contexts,
      book,
    }),
  );

  const hosts = new Hosts(house);
  for (const { name } of served) hosts.add(name);
  stack.defer(() => hosts.close());
  stack.use(uploads.keep(() => hosts.domains()));

  const external = new ComponentDoor({ house, log, limits: clientLimits(settings.limits) });
  external.load(await stores.components.list());
  stack.defer(() => external.close());

  const backups = stack.use(
    new BackupMachine({
      db,
      data: settings.data,
      hostname: settings.hostname,
      version,
      bootFile: settings.file,
      uploads: async () => (await stores.uploads.total()).bytes,
    }),
  );
  await backups.open();
  const incoming = stack.use(new IncomingBackup({ data: settings.data }));
  await incoming.forget();
  commands.open = await openCommands({
    stores,
    house: hosts,
    options,
    counters,
    befriend: (one, other, name) => befriend((domain) => hosts.get(domain), one, other, name),
    components: external,
    federation: {
      book,
      inbox: federation.inbox,
      records: federation.records,
      running: federation.links,
      deliver: deliverHeld(house, federation.gate),
      refuse: refuseHeld(house),
    },
    files: uploads.space,
    transfers: proxy,
    backups,
    restore: { incoming, nameGiven: settings.nameGiven, restart },
    senses: realSenses(settings.data),
    dns: {
      // Its answers are hardly kept: whoever mends a record looks again at once.
      names: openNames(settings.dns.servers, { keep: 1_000, keepNothing: 1_000, keepFailure: 1_000 }),
      addresses: ownAddresses,
      federates: () => book.policy.default !== 'closed' || book.policy.rules.some(({ verdict }) => verdict === 'allow'),
    },
    certify: async (domain) => void (await renewal.check(domain)),
    log,
    certificates: { renewal, acme, shown: (name) => contexts.certificateFor(name) },
    tail,
    level: () => log.level,
    parse: parseStanza,
    exportFolder: join(settings.data, 'exports'),
    version,
    hostname: settings.hostname,
    iterations: settings.scram.iterations,
    sealKey: tokenKey(settings.data),
    listeners: () => listening,
    listening: async () => Object.values(settings.listen).flat().length <= listening.length && accepting(listening),
    panel: () => ({
      url: panelUrl(settings.hostname, listening),
      fingerprint: inspect(contexts.certificateFor(settings.hostname)).fingerprint,
    }),
  });
  stack.defer(() => commands.open!.close());
  await provisionAtStart(commands.open, settings.provision, log);

  const door = new ClientDoor({
    hosts,
    limits: clientLimits(settings.limits),
    log,
    secureContext: (name) => contexts.forName(name),
    fakeSaltSecret: await fakeSaltSecret(stores),
    iterations: settings.scram.iterations,
    registrar,
    tokenKey: tokenKey(settings.data),
  });
  stack.defer(() => door.close());
  const doors: Partial<Record<keyof Listen, (address: Address) => Promise<number>>> = {
    c2s: (address) => door.listen('starttls', address),
    c2s_tls: (address) => door.listen('tls', address),
    s2s: (address) => federation.links.door.listen('starttls', address),
    s2s_tls: (address) => federation.links.door.listen('tls', address),
    component: (address) => external.listen(address),
    proxy: (address) => proxy.listen(address),
  };
  for (const [name, open] of Object.entries(doors)) await listenAll(settings, name as keyof Listen, listening, open);

  const socket = await http.createSocketDoor({ commands: commands.open, log });
  stack.defer(() => socket.close());
  await socket.listenLocal(join(settings.data, 'hallwayctl.sock'));
  const rules = {
    names: () => commands.open!.names(),
    allowed: () => options.get(webOrigins),
  };
  const web = webDoor(door, {
    rules,
    listening: () => listening,
  });
  const panel = await http.createPanelDoor({
    commands: commands.open,
    log,
    tls: contexts.serverOptions(),
    panel: PANEL,
    mounts: [
      ...web.mounts,
      uploads.http((headers) => mayUse(headers, rules)),
      http.trustPages(commands.open),
      http.webChat(
        PANEL,
        () => hosts.domains().filter((domain) => options.get(webChat, domain)),
        () => fileLinks.origin,
      ),
    ],
    upgrades: web.upgrades,
    // Those of the chat count twice, here and at their own door: some are left for the panel.
    connectionsPerAddress: settings.limits.connections_per_address + 100,
  });
  stack.defer(() => panel.close());
  stack.defer(() => door.close()); // first, so that who is connected by the panel's door is told
  await listenAll(settings, 'https', listening, async (address) => {
    const { server, port } = await panel.listen(address);
    contexts.follow(server);
    return port;
  });

  const plain = new http.PlainDoor({
    trust: () => http.trustFacts(commands.open!),
    challenge: (token) => challenges.answer(token),
    names: () => [settings.hostname, ...hosts.domains()],
    httpsPort: () => portOf(listening, 'https'),
    log,
  });
  stack.defer(() => plain.close());
  await listenAll(settings, 'http', listening, (address) => plain.listen(address));
  acme.start();

  const opened = stack.move();
  return {
    commands: commands.open,
    listening,
    panelUrls: [settings.hostname, ...machineAddresses().filter((address) => isIPv4(address))].map((host) =>
      panelUrl(host, listening),
    ),
    warm: () => panel.warm(),
    healthy: async () => (await Promise.race([db.durable().then(() => true), later(5_000)])) === true,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What is logged is as an administrator chose, from now on; else as the boot file says. */
function obeyLevel(options: OptionValues, settings: Settings, log: Logger): void {
  const obey = (): void => {
    const chosen = options.get(logLevel);
    log.level = chosen === 'boot' ? settings.log.level : chosen;
  };
  options.watch((option) => {
    if (option.key === logLevel.key) obey();
  });
  obey();
}

function later(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false).unref());
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function clientLimits(limits: Limits) {
  return {
    beforeLogin: {
      bytes: limits.stanza_bytes_before_login,
      depth: limits.depth_before_login,
      attributes: limits.attributes_before_login,
      children: limits.children_before_login,
      namespaces: limits.namespaces_before_login,
    },
    afterLogin: {
      bytes: limits.stanza_bytes,
      depth: limits.depth,
      attributes: limits.attributes,
      children: limits.children,
      namespaces: limits.namespaces,
    },
    loginSeconds: limits.login_seconds,
    idleSeconds: limits.idle_seconds,
    pingSeconds: limits.ping_seconds,
    connectionsPerAddress: limits.connections_per_address,
  };
}

const FAKE_SALT = 'scram-fake-salt';

/** Made once, as salts of names that do not exist must stay the same (RFC 5802 §9). */
async function fakeSaltSecret(stores: Stores): Promise<Uint8Array> {
  const known = await stores.settings.get(FAKE_SALT);
  if (typeof known === 'string') return Buffer.from(known, 'base64');
  const made = randomBytes(32);
  await stores.settings.set(FAKE_SALT, made.toString('base64'));
  return made;
}
