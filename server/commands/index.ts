import { randomBytes } from 'node:crypto';
import type { FileSpace } from '../host/file-space.ts';
import type { OptionValues } from '../host/option-values.ts';
import type { TransferList } from '../host/transfers.ts';
import type { Stores } from '../storage/stores/index.ts';
import { LogTail } from '../util/log-tail.ts';
import type { Element } from '../xmpp/element.ts';
import { AccountCommands } from './accounts.ts';
import { AcmeCommands } from './acme.ts';
import { AdministratorCommands } from './administrators.ts';
import { AdminCommands } from './admins.ts';
import { AnnouncementCommands } from './announcements.ts';
import { type ArchiveCommands, openArchive } from './archive.ts';
import { AuditCommands } from './audit.ts';
import { AuditKeeper, type CommandLog } from './audit-keeper.ts';
import { BackupCommands, type BackupMaker } from './backups.ts';
import { BulkCommands } from './bulk.ts';
import { CertificateCommands, type CertificateNeeds } from './certificates.ts';
import { ChatAdmins } from './chat-admins.ts';
import { ClaimCommands } from './claim.ts';
import { ComponentCommands, type RunningComponents } from './components.ts';
import { type ConnectionFacts, connectionOf } from './connection.ts';
import { ContactCommands } from './contacts.ts';
import { DepartmentCommands } from './departments.ts';
import { DeviceCommands } from './devices.ts';
import { DnsDoctor, type DnsOptions } from './dns-doctor.ts';
import { openDoctor } from './doctor/open.ts';
import type { Senses } from './doctor/senses.ts';
import type { Doctor } from './doctor.ts';
import { DomainRemoval } from './domain-removal.ts';
import { type Certify, DomainCommands } from './domains.ts';
import { FederationDomains } from './federation-domains.ts';
import { FederationInbox } from './federation-inbox.ts';
import type { FederationNeeds } from './federation-needs.ts';
import { FederationPolicy } from './federation-policy.ts';
import { FigureHistory } from './figure-history.ts';
import { FileCommands } from './files.ts';
import { forgetRooms } from './forget-rooms.ts';
import { Health } from './health.ts';
import type { House, HouseCounters } from './house.ts';
import { importDepartments } from './import/house-departments.ts';
import { PeopleImportCommands } from './import/index.ts';
import { InvitationCommands } from './invitations.ts';
import { LeavingCommands } from './leaving.ts';
import { Live } from './live.ts';
import { LogCommands } from './log.ts';
import { MetricsCommands } from './metrics.ts';
import { OptionCommands } from './options.ts';
import { OutageCommands } from './outage.ts';
import { type ListenerView, Overview } from './overview.ts';
import { PeopleCommands } from './people.ts';
import { ProvisionCommands } from './provision/index.ts';
import { QuotaCommands } from './quotas.ts';
import { type Befriend, Registration } from './registration.ts';
import { ReportCommands } from './reports.ts';
import { ResetLinkCommands } from './reset-links.ts';
import { RestoreCommands, type RestoreNeeds } from './restore.ts';
import { RoomCommands } from './rooms.ts';
import { SessionCommands } from './sessions.ts';
import { SetupCommands } from './setup.ts';
import { SignInCommands } from './sign-in.ts';
import { TransferCommands } from './transfers.ts';
import { webNames } from './web-names.ts';

export interface CommandOptions {
  readonly stores: Stores;
  readonly house: House;
  /** What can be decided while the server runs. */
  readonly options: OptionValues;
  readonly counters: HouseCounters;
  readonly certify: Certify;
  /** The certificates that are shown, and how they are got. */
  readonly certificates: CertificateNeeds;
  /** The external components, running. */
  readonly components: RunningComponents;
  /** Other servers: the policy, what waits for a decision, what became of links, and those that run. */
  readonly federation: FederationNeeds;
  /** Room for files, and what goes through the file proxy. */
  readonly files: FileSpace;
  readonly transfers: TransferList;
  /** What makes backups, and restores them as a test. */
  readonly backups: BackupMaker;
  /** What takes in a backup that is to be restored in the place of the house; left out: none is. */
  readonly restore?: RestoreNeeds;
  /** What the doctor perceives of this machine. */
  readonly senses: Senses;
  /** How records of the DNS are asked for, and what they should lead to. */
  readonly dns: DnsOptions;
  /** Where commands write what happened by itself; none when left out. */
  readonly log?: CommandLog;
  /** The newest entries of the log, and the level that is logged now; left out: there are none. */
  readonly tail?: LogTail;
  readonly level?: () => string;
  /** Where exports of archives are; left out: nothing is exported. */
  readonly exportFolder?: string;
  /** Reads one stanza that was serialised by us. */
  readonly parse: (xml: string) => Element;
  readonly version: string;
  /** Makes two accounts of the house each other's contacts. */
  readonly befriend: Befriend;
  /** This machine's own name. */
  readonly hostname: string;
  /** 32 bytes that are kept elsewhere than in the store, to seal secrets in it with; else made, and good until the server stops. */
  readonly sealKey?: Uint8Array;
  /** Rounds of PBKDF2 for people's passwords. */
  readonly iterations: number;
  /** The clock by which administrators' sessions and codes expire; default: the system's. */
  readonly now?: () => number;
  /** What is listened on now. */
  readonly listeners: () => readonly ListenerView[];
  /** Whether everything is listened on that should be; left out: it is. */
  readonly listening?: () => Promise<boolean>;
  /** Where the panel is and which certificate it shows, to be read out by `hallwayctl claim-code`. */
  readonly panel: () => { readonly url: string; readonly fingerprint: string };
}

/** All that administrators can do, by noun. */
export interface Commands {
  readonly accounts: AccountCommands;
  readonly acme: AcmeCommands;
  readonly administrators: AdministratorCommands;
  readonly admins: AdminCommands;
  readonly announcements: AnnouncementCommands;
  readonly archive: ArchiveCommands;
  readonly audit: AuditCommands;
  readonly bulk: BulkCommands;
  readonly backups: BackupCommands;
  readonly certificates: CertificateCommands;
  readonly chatAdmins: ChatAdmins;
  readonly claim: ClaimCommands;
  readonly components: ComponentCommands;
  readonly contacts: ContactCommands;
  readonly departments: DepartmentCommands;
  readonly devices: DeviceCommands;
  readonly dns: DnsDoctor;
  readonly doctor: Doctor;
  readonly domains: DomainCommands;
  /** With whom the house talks, what waits until that is decided, and how the links are. */
  readonly federation: {
    readonly policy: FederationPolicy;
    readonly inbox: FederationInbox;
    readonly domains: FederationDomains;
  };
  /** A day of what the house did. */
  readonly figures: FigureHistory;
  readonly files: FileCommands;
  readonly health: Health;
  readonly invitations: InvitationCommands;
  readonly leaving: LeavingCommands;
  readonly live: Live;
  readonly log: LogCommands;
  readonly metrics: MetricsCommands;
  /** Names that this server goes by, that of its machine first. */
  names(): readonly string[];
  readonly options: OptionCommands;
  readonly outage: OutageCommands;
  readonly overview: Overview;
  readonly people: PeopleCommands;
  readonly peopleImports: PeopleImportCommands;
  readonly provision: ProvisionCommands;
  readonly quotas: QuotaCommands;
  readonly registration: Registration;
  readonly resetLinks: ResetLinkCommands;
  readonly restore: RestoreCommands;
  readonly reports: ReportCommands;
  readonly rooms: RoomCommands;
  readonly sessions: SessionCommands;
  /** How administrators show who they are. */
  readonly signIn: SignInCommands;
  readonly setup: SetupCommands;
  readonly transfers: TransferCommands;
  readonly panel: CommandOptions['panel'];
  readonly version: string;
  /** The internal authority's certificate (PEM), or undefined when there is none. */
  authority(): Promise<string | undefined>;
  /** How clients reach a domain. */
  connection(domain: string): Promise<ConnectionFacts>;
  /** Ends the sampling and the housekeeping. */
  close(): void;
}

const HOUSEKEEPING_MS = 60 * 60 * 1_000;

/** Puts the commands together, once the house serves its domains, and reads whether it is claimed. */
export async function openCommands(options: CommandOptions): Promise<Commands> {
  const { stores, house, counters, version, listeners } = options;
  const live = new Live();
  for (const domain of house.domains()) live.watch(house.get(domain)!);
  const contacts = new ContactCommands(stores.settings, stores.audit, house);
  await contacts.load();
  const settings = new OptionCommands(options.options, stores, house);
  const url = (): string => options.panel().url;
  const { book } = options.federation;
  const invitations = new InvitationCommands(stores, house, options.options, url, options.now);
  const announcements = new AnnouncementCommands(
    stores.announcements,
    stores.audit,
    house,
    stores.departments,
    options.now,
  );
  const channels = { forget: (domain: string) => stores.pubsubNodes.removeService(`pubsub.${domain}`) };
  const left = { forget: (domain: string) => forgetRooms(stores, `conference.${domain}`) };
  const departments = new DepartmentCommands(stores, house, options.options, (id) => book.forgetDepartment(id));
  const now = options.now ?? Date.now;
  const log = options.log ?? { info: () => undefined, error: () => undefined };
  const archive = await openArchive({ ...options, log, now });
  const shown = { ...options.certificates, stores, house, hostname: options.hostname, now };
  const certificates = new CertificateCommands(shown);
  const gone = [channels, left, announcements, contacts, settings, invitations, archive, certificates, departments];
  const removal = new DomainRemoval({
    stores,
    house,
    keepers: gone,
    removeAccount: (by, domain, local) => accounts.remove(by, domain, local, `${local}@${domain}`),
    log,
  });
  const domains = new DomainCommands(stores, house, live, options.certify, removal);
  const claim = new ClaimCommands(stores, domains, options.now);
  await claim.load();
  const restore = new RestoreCommands(claim, options.restore, options.hostname, now);
  const admins = new AdminCommands(stores, options.now);
  const signIn = new SignInCommands(stores, admins, options.sealKey ?? randomBytes(32), options.now);
  const chatAdmins = new ChatAdmins(stores.settings, stores.accounts, stores.audit);
  const overview = new Overview({
    accounts: stores.accounts,
    certificates: stores.certificates,
    house,
    counters,
    version,
    hostname: options.hostname,
    listeners,
  });
  const figures = new FigureHistory({
    house,
    counters,
    links: () => options.federation.running.links().length,
    uploads: stores.uploads,
    store: stores.figureHours,
  });
  await figures.load();
  const metrics = new MetricsCommands(stores, house, overview, figures);
  await metrics.load();
  const health = new Health({
    write: () => stores.settings.set('health', Date.now()),
    listening: options.listening ?? (async () => true),
  });
  const accounts = new AccountCommands(stores, house, chatAdmins, options.iterations, (bare) => book.forget(bare));
  const inbox = new FederationInbox(options.federation);
  const resetLinks = new ResetLinkCommands(stores, accounts, url, options.now);
  const leaving = new LeavingCommands(stores, accounts, options.options, options.now);
  const registration = new Registration({ ...options, options: options.options, invitations });
  const peopleImports = new PeopleImportCommands({
    stores,
    house,
    accounts,
    invitations,
    departments: importDepartments(departments),
    iterations: options.iterations,
    now,
  });
  await peopleImports.open();
  const backups = new BackupCommands({
    machine: options.backups,
    stores,
    options: options.options,
    hostname: options.hostname,
    now: options.now,
  });
  await backups.load();
  const dns = new DnsDoctor({ ...options.dns, house, hostname: options.hostname, listeners });
  const others = new FederationDomains(options.federation, stores.audit, house, now);
  const doctor = openDoctor({
    senses: options.senses,
    stores,
    options: options.options,
    house,
    backups,
    certificates,
    dns,
    federation: others,
    doors: {
      listeners,
      addresses: options.dns.addresses,
      domain: () => house.domains()[0] ?? options.hostname,
      fingerprint: () => options.panel().fingerprint,
    },
    now,
  });
  // What was decided shortly before the server stopped.
  inbox.settle().catch(() => undefined);
  removal.resume().catch(() => undefined);
  const keeper = new AuditKeeper(stores.audit, options.options, log, now);
  const failed = (error: unknown): void => log.error({ err: error }, 'the audit log could not be looked after');
  // What expired is refused anyway; a failure here leaves it lying about for another hour.
  const housekeeping = setInterval(() => {
    for (const one of [admins, invitations, resetLinks]) one.expire().catch(() => undefined);
    keeper.tend().catch(failed);
    leaving.sweep().catch(() => undefined);
  }, HOUSEKEEPING_MS);
  housekeeping.unref();
  keeper.tend().catch(failed);
  const rooms = new RoomCommands(stores, house);
  const quotas = new QuotaCommands(stores);
  const setup = new SetupCommands(stores, house);
  const policy = new FederationPolicy(book, stores, house, () => inbox.settle(), now);
  return {
    accounts,
    acme: new AcmeCommands({ ...shown, listeners }),
    administrators: new AdministratorCommands(stores, admins, options.now),
    admins,
    announcements,
    archive,
    audit: new AuditCommands(stores.audit),
    bulk: new BulkCommands(stores, departments, accounts, leaving, resetLinks),
    backups,
    certificates,
    chatAdmins,
    claim,
    components: new ComponentCommands({
      stores,
      house,
      running: options.components,
      listeners,
      certify: () => options.certify(),
    }),
    contacts,
    departments,
    devices: new DeviceCommands(stores, house),
    dns,
    doctor,
    domains,
    federation: {
      policy,
      inbox,
      domains: others,
    },
    log: new LogCommands(options.tail ?? new LogTail(), options.level ?? (() => 'info')),
    figures,
    health,
    metrics,
    names: () => [options.hostname, ...house.domains(), ...options.options.get(webNames)],
    files: new FileCommands(stores, house, options.files),
    invitations,
    leaving,
    live,
    options: settings,
    outage: new OutageCommands(options.options, house),
    overview,
    people: new PeopleCommands(stores, house, options.files, options.options),
    peopleImports,
    provision: new ProvisionCommands(
      stores,
      {
        stores,
        house,
        accounts,
        announcements,
        certificates,
        claim,
        departments,
        domains,
        options: settings,
        policy,
        quotas,
        rooms,
        setup,
      },
      now,
    ),
    quotas,
    registration,
    resetLinks,
    restore,
    reports: new ReportCommands(stores.reports, stores.audit),
    rooms,
    signIn,
    sessions: new SessionCommands(house, stores.audit),
    setup,
    transfers: new TransferCommands(options.transfers, stores.audit),
    panel: options.panel,
    version,
    authority: async () => (await stores.certificates.authority())?.certificatePem,
    connection: (domain) => connectionOf(stores, domain, options.hostname, listeners(), options.options),
    close: () => {
      clearInterval(housekeeping);
      removal.close();
      peopleImports.close();
      archive.close();
      health.close();
      figures.close();
      overview.close();
      backups.close();
      restore.close();
    },
  };
}
