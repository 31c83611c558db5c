import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { IncomingBackup } from '../provisioning/backup/incoming.ts';
import { BackupMachine } from '../provisioning/backup/machine.ts';
import { prepareDataFolder } from '../provisioning/data-folder.ts';
import { tokenKey } from '../provisioning/token-key.ts';
import { ClientDoor } from './c2s/door.ts';
import { SessionKeeper } from './c2s/kept/keeper.ts';
import { inspect } from './certificates/inspect.ts';
import { machineAddresses } from './certificates/names.ts';
import { clientLimits } from './client-limits.ts';
import { realSenses } from './commands/doctor/senses.ts';
import { type Commands, openCommands } from './commands/index.ts';
import { ProxyDoor } from './components/bytestreams/door.ts';
import { ComponentDoor } from './components/external/door.ts';
import { components } from './components/index.ts';
import { type OpenUploads, openUploads } from './components/upload/open.ts';
import { filesAddress } from './components/upload/options.ts';
import { withChosenName } from './config/chosen-name.ts';
import type { Address, Listen, Settings } from './config/settings.ts';
import { fakeSaltSecret } from './fake-salt.ts';
import { befriend } from './host/befriend.ts';
import { newCounters } from './host/counters.ts';
import { FileLinks } from './host/file-links.ts';
import { Hosts } from './host/hosts.ts';
import type { House } from './host/house.ts';
import { OptionValues } from './host/option-values.ts';
import { Router } from './host/router.ts';
import { accepting, type Listening, listenAll, panelUrl } from './listening.ts';
import { lasting, obeyLevel } from './log-level.ts';
import { modules } from './modules/index.ts';
import { openCertificates } from './open-certificates.ts';
import { allOptions } from './options.ts';
import { provisionAtStart } from './provision-at-start.ts';
import { registrarOf } from './registrar.ts';
import { deliverHeld, refuseHeld } from './s2s/held.ts';
import { openNames } from './s2s/names.ts';
import { openFederation } from './s2s/open.ts';
import { PolicyBook } from './s2s/policy-book.ts';
import { SelfCheck } from './self-check.ts';
import { ArchiveIds } from './storage/archive-id.ts';
import { sql } from './storage/database.ts';
import { openDatabase } from './storage/sqlite.ts';
import { openStores } from './storage/stores/index.ts';
import { parseStanza } from './stream/parser.ts';
import type { Logger } from './util/log.ts';
import { LogTail } from './util/log-tail.ts';
import { ownAddresses } from './util/own-addresses.ts';

/** A running house. */
export interface RunningServer extends AsyncDisposable {
  readonly commands: Commands;
  readonly listening: readonly Listening[];
  /** Where a browser finds the panel: by name, then by address, as the name may not be known in the network yet. */
  readonly panelUrls: readonly string[];
  /** Loads what the first look at the panel needs, in a quiet moment. */
  warm(): Promise<void>;
  /** What is wrong with it, such that it should be started anew, in a sentence; undefined when it works. */
  wrong(): Promise<string | undefined>;
}

/** What the house is told of the process that it is in. */
export interface Process {
  /** The last lines of the log. */
  readonly tail?: LogTail;
  /** For whoever has put another house in the place of this one: closes this and opens that. */
  readonly restart?: () => void;
  /** The release that was installed and then gone back from; '' for none. */
  readonly wentBackFrom?: string;
}

/**
 * The hall, the only place that sees every room: storage → certificates → hosts → listeners → http, in that order, and back
 * in the other. Throws ConfigError and StorageError for what an administrator can mend.
 */
export async function startServer(
  boot: Settings,
  log: Logger,
  { tail = new LogTail(), restart = () => undefined, wentBackFrom = '' }: Process = {},
): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack();
  const version = packageVersion();
  const listening: Listening[] = [];

  // The store opens in a thread of its own; meanwhile this one reads in the largest library.
  const file = prepareDataFolder(boot.data);
  const settings = withChosenName(boot);
  const opening = openDatabase({ file, log });
  opening.catch(() => undefined);
  const { openWeb } = await import('./open-web.ts');
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
  const { contexts, renewal, acme, challenges, served } = await openCertificates(settings, stores, log, stack);

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
  const kept: { keeper?: SessionKeeper } = {};
  stack.defer(async () => {
    await hosts.close(kept.keeper?.gather());
    await kept.keeper?.write();
  });
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
    senses: realSenses(settings.data, wentBackFrom),
    dns: {
      // Its answers are hardly kept: whoever mends a record looks again at once.
      names: openNames(settings.dns.servers, { keep: 1_000, keepNothing: 1_000, keepFailure: 1_000 }),
      addresses: ownAddresses,
      federates: () => book.policy.default !== 'closed' || book.policy.rules.some(({ verdict }) => verdict === 'allow'),
    },
    certify: async (domain) => void (await renewal.check(domain)),
    log,
    certificates: { renewal, acme, hooks: settings.hooks, shown: (name) => contexts.certificateFor(name) },
    tail,
    seals: lasting(settings, log),
    level: () => log.level,
    parse: parseStanza,
    exportFolder: join(settings.data, 'exports'),
    moving: { folder: join(settings.data, 'moving'), db, archiveIds: house.archiveIds, limits: house.limits },
    version,
    hostname: settings.hostname,
    iterations: settings.scram.iterations,
    sealKey: tokenKey(settings.data),
    listeners: () => listening,
    plainHttp: settings.listen.http.length > 0,
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
  kept.keeper = new SessionKeeper({ house, hosts, resumptions: door.resumptions });
  await kept.keeper.restore();
  hosts.begin();
  const doors: Partial<Record<keyof Listen, (address: Address) => Promise<number>>> = {
    c2s: (address) => door.listen('starttls', address),
    c2s_tls: (address) => door.listen('tls', address),
    s2s: (address) => federation.links.door.listen('starttls', address),
    s2s_tls: (address) => federation.links.door.listen('tls', address),
    component: (address) => external.listen(address),
    proxy: (address) => proxy.listen(address),
  };
  for (const [name, open] of Object.entries(doors)) await listenAll(settings, name as keyof Listen, listening, open);

  const panel = await openWeb({
    settings,
    commands: commands.open,
    contexts,
    challenges,
    hosts,
    door,
    uploads,
    options,
    files: () => fileLinks.origin,
    listening,
    log,
    stack,
  });
  acme.start();

  const check = new SelfCheck({ store: () => db.get(sql`SELECT 1 AS one`), listening: () => listening });

  const opened = stack.move();
  return {
    commands: commands.open,
    listening,
    panelUrls: [settings.hostname, ...machineAddresses().filter((address) => isIPv4(address))].map((host) =>
      panelUrl(host, listening),
    ),
    warm: () => panel.warm(),
    wrong: () => check.look(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
