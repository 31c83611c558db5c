import { randomBytes } from 'node:crypto';
import { Unseen } from '../certificates/unseen.ts';
import { LogTail } from '../util/log-tail.ts';
import { AccountCommands } from './accounts.ts';
import { AcmeCommands } from './acme.ts';
import { AdministratorCommands } from './administrators.ts';
import { AdminCommands } from './admins.ts';
import { AnnouncementCommands } from './announcements.ts';
import { type ArchiveCommands, openArchive } from './archive.ts';
import { AuditCommands } from './audit.ts';
import { AuditKeeper } from './audit-keeper.ts';
import { BackupCommands } from './backups.ts';
import { BulkCommands } from './bulk.ts';
import { CertificateCommands } from './certificates.ts';
import { ChatAdmins } from './chat-admins.ts';
import { ClaimCommands } from './claim.ts';
import { ComponentCommands } from './components.ts';
import { type ConnectionFacts, connectionOf } from './connection.ts';
import { ContactCommands } from './contacts.ts';
import { DepartmentCommands } from './departments.ts';
import { DeviceCommands } from './devices.ts';
import { DnsDoctor } from './dns-doctor.ts';
import { openDoctor } from './doctor/open.ts';
import type { Doctor } from './doctor.ts';
import { DomainRemoval } from './domain-removal.ts';
import { DomainCommands } from './domains.ts';
import { FederationDomains } from './federation-domains.ts';
import { FederationInbox } from './federation-inbox.ts';
import { FederationPolicy } from './federation-policy.ts';
import type { FigureHistory } from './figure-history.ts';
import { FileCommands } from './files.ts';
import { forgetRooms } from './forget-rooms.ts';
import type { Health } from './health.ts';
import { keepHouse } from './housekeeping.ts';
import { importDepartments } from './import/house-departments.ts';
import { PeopleImportCommands } from './import/index.ts';
import { ImportJobs } from './import/jobs.ts';
import { InvitationCommands } from './invitations.ts';
import { LeavingCommands } from './leaving.ts';
import { Live } from './live.ts';
import { LogCommands } from './log.ts';
import type { MetricsCommands } from './metrics.ts';
import { MoveCommands } from './move/index.ts';
import type { CommandOptions } from './needs.ts';
import { OptionCommands } from './options.ts';
import { OutageCommands } from './outage.ts';
import type { Overview } from './overview.ts';
import { PeopleCommands } from './people.ts';
import { ProvisionCommands } from './provision/index.ts';
import { QuotaCommands } from './quotas.ts';
import { Registration } from './registration.ts';
import { ReportCommands } from './reports.ts';
import { ResetLinkCommands } from './reset-links.ts';
import { RestoreCommands } from './restore.ts';
import { RoomCommands } from './rooms.ts';
import { SessionCommands } from './sessions.ts';
import { SetupCommands } from './setup.ts';
import { SignInCommands } from './sign-in.ts';
import { TransferCommands } from './transfers.ts';
import { openWatching } from './watching.ts';
import { goesBy, webNames } from './web-names.ts';

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
  readonly moves: MoveCommands;
  /** Whether this server goes by a name. */
  isOwnName(name: string): boolean;
  /** Those of the machine, of the domains, and what an administrator allowed. */
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
  /** The internal authority's certificate (PEM), to be handed out, or undefined when there is none. */
  authority(): Promise<string | undefined>;
  /** How clients reach a domain. */
  connection(domain: string): Promise<ConnectionFacts>;
  /** Ends the sampling and the housekeeping. */
  close(): void;
}

/** Puts the commands together, once the house serves its domains, and reads whether it is claimed. */
export async function openCommands(options: CommandOptions): Promise<Commands> {
  const { stores, house, version, listeners } = options;
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
  const unseen = new Unseen(stores.settings);
  const claim = new ClaimCommands(stores, domains, options.now);
  await claim.load();
  const restore = new RestoreCommands(claim, options.restore, options.hostname, now);
  const admins = new AdminCommands(stores, options.now);
  const signIn = new SignInCommands(stores, admins, options.sealKey ?? randomBytes(32), options.now);
  const chatAdmins = new ChatAdmins(stores);
  const { overview, figures, metrics, health } = await openWatching(options);
  const accounts = new AccountCommands(stores, house, chatAdmins, options.iterations, (bare) => book.forget(bare));
  const inbox = new FederationInbox(options.federation);
  const resetLinks = new ResetLinkCommands(stores, accounts, url, options.now);
  const leaving = new LeavingCommands(stores, accounts, options.options, options.now);
  const registration = new Registration({ ...options, options: options.options, invitations });
  const jobs = new ImportJobs(now);
  const peopleImports = new PeopleImportCommands({
    jobs,
    stores,
    house,
    accounts,
    invitations,
    departments: importDepartments(departments),
    iterations: options.iterations,
    now,
  });
  await peopleImports.open();
  const { moving, iterations } = options;
  const moves = new MoveCommands({ moving, stores, house, resetLinks, jobs, iterations, log, now });
  await moves.open();
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
    late: () => figures.latest().late99,
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
      hostname: options.hostname,
      fingerprint: () => options.panel().fingerprint,
    },
    now,
    version: options.version,
  });
  // What was decided shortly before the server stopped.
  inbox.settle().catch(() => undefined);
  removal.resume().catch(() => undefined);
  const endHousekeeping = keepHouse({
    keeper: new AuditKeeper(stores.audit, options.options, options.seals ?? log, now),
    expiring: [admins, invitations, resetLinks],
    leaving,
    log,
  });
  const rooms = new RoomCommands(stores, house);
  const plainHttp = options.plainHttp ?? false;
  const acme = new AcmeCommands({ ...shown, listeners, plainHttp });
  const quotas = new QuotaCommands(stores);
  const setup = new SetupCommands(stores);
  const policy = new FederationPolicy(book, stores, house, () => inbox.settle(), now);
  return {
    accounts,
    acme,
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
    moves,
    names: () => [options.hostname, ...house.domains(), ...options.options.get(webNames)],
    isOwnName: (name) =>
      goesBy(name, { hostname: options.hostname, panel: url(), allowed: options.options.get(webNames), house }),
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
        acme,
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
    authority: async () => {
      await unseen.end();
      return (await stores.certificates.authority())?.certificatePem;
    },
    connection: (domain) => connectionOf(stores, domain, options.hostname, listeners(), options.options),
    close: () => {
      endHousekeeping();
      removal.close();
      jobs.close();
      moves.close();
      archive.close();
      health.close();
      figures.close();
      overview.close();
      backups.close();
      restore.close();
    },
  };
}
