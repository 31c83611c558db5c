import type { Database } from '../database.ts';
import { Accounts } from './accounts.ts';
import { AdminProofs } from './admin-proofs.ts';
import { Admins } from './admins.ts';
import { Announcements } from './announcements.ts';
import { ArchiveAudit } from './archive-audit.ts';
import { ArchiveExports } from './archive-exports.ts';
import { ArchiveOwners } from './archive-owners.ts';
import { ArchiveRules } from './archive-rules.ts';
import { ArchiveSearch } from './archive-search.ts';
import { Archives } from './archives.ts';
import { Audit, type AuditAlarm } from './audit.ts';
import { Backups } from './backups.ts';
import { Blocking } from './blocking.ts';
import { CertificateOrders } from './certificate-orders.ts';
import { Certificates } from './certificates.ts';
import { Components } from './components.ts';
import { Credentials } from './credentials.ts';
import { DepartmentGrants } from './department-grants.ts';
import { Departments } from './departments.ts';
import { Devices } from './devices.ts';
import { Directory } from './directory.ts';
import { Domains } from './domains.ts';
import { FederationAttempts } from './federation-attempts.ts';
import { FederationHeld } from './federation-held.ts';
import { FederationQueue } from './federation-queue.ts';
import { FigureHours } from './figure-hours.ts';
import { Health } from './health.ts';
import { Helped } from './helped.ts';
import { Invitations } from './invitations.ts';
import { KeptSessions } from './kept-sessions.ts';
import { LastActivity } from './last-activity.ts';
import { Leaving } from './leaving.ts';
import { ListedRooms } from './listed-rooms.ts';
import { Offline } from './offline.ts';
import { OneTimeCodes } from './one-time-codes.ts';
import { People } from './people.ts';
import { PeopleImports } from './people-imports.ts';
import { PrivateXml } from './private-xml.ts';
import { Profiles } from './profiles.ts';
import { PubsubItems } from './pubsub-items.ts';
import { PubsubNodes } from './pubsub-nodes.ts';
import { PushRegistrations } from './push.ts';
import { Quotas } from './quotas.ts';
import { Reports } from './reports.ts';
import { ResetLinks } from './reset-links.ts';
import { RetiredRooms } from './retired-rooms.ts';
import { RoomCards } from './room-cards.ts';
import { RoomHats } from './room-hats.ts';
import { RoomInvitations } from './room-invitations.ts';
import { RoomReach } from './room-reach.ts';
import { Rooms } from './rooms.ts';
import { Rosters } from './rosters.ts';
import { SettingChanges } from './setting-changes.ts';
import { Settings } from './settings.ts';
import { UploadLists } from './upload-lists.ts';
import { Uploads } from './uploads.ts';

/** Every store of one database. There must be one set only, as each remembers what it has read. */
export interface Stores {
  readonly accounts: Accounts;
  readonly adminProofs: AdminProofs;
  readonly admins: Admins;
  readonly announcements: Announcements;
  readonly archives: Archives;
  readonly archiveAudit: ArchiveAudit;
  readonly archiveExports: ArchiveExports;
  readonly archiveOwners: ArchiveOwners;
  readonly archiveRules: ArchiveRules;
  readonly archiveSearch: ArchiveSearch;
  readonly audit: Audit;
  readonly backups: Backups;
  readonly blocking: Blocking;
  readonly certificateOrders: CertificateOrders;
  readonly certificates: Certificates;
  readonly components: Components;
  readonly credentials: Credentials;
  readonly departmentGrants: DepartmentGrants;
  readonly departments: Departments;
  readonly devices: Devices;
  readonly directory: Directory;
  readonly domains: Domains;
  readonly federationAttempts: FederationAttempts;
  readonly federationHeld: FederationHeld;
  readonly federationQueue: FederationQueue;
  readonly health: Health;
  readonly figureHours: FigureHours;
  readonly invitations: Invitations;
  readonly keptSessions: KeptSessions;
  readonly lastActivity: LastActivity;
  readonly leaving: Leaving;
  readonly listedRooms: ListedRooms;
  readonly offline: Offline;
  readonly oneTimeCodes: OneTimeCodes;
  readonly people: People;
  readonly peopleImports: PeopleImports;
  readonly privateXml: PrivateXml;
  readonly profiles: Profiles;
  readonly push: PushRegistrations;
  /** Whose password came by the help desk. */
  readonly helped: Helped;
  readonly resetLinks: ResetLinks;
  readonly pubsubItems: PubsubItems;
  readonly pubsubNodes: PubsubNodes;
  readonly quotas: Quotas;
  readonly reports: Reports;
  readonly retiredRooms: RetiredRooms;
  readonly roomCards: RoomCards;
  readonly roomHats: RoomHats;
  readonly roomInvitations: RoomInvitations;
  readonly roomReach: RoomReach;
  readonly rooms: Rooms;
  readonly rosters: Rosters;
  readonly settingChanges: SettingChanges;
  readonly settings: Settings;
  readonly uploadLists: UploadLists;
  readonly uploads: Uploads;
}

export function openStores(db: Database, tampered?: AuditAlarm): Stores {
  const archives = new Archives(db);
  const blocking = new Blocking(db);
  const push = new PushRegistrations(db);
  const devices = new Devices(db, push);
  const credentials = new Credentials(db, devices);
  const departments = new Departments(db);
  const offline = new Offline(db);
  const profiles = new Profiles(db);
  const pubsubNodes = new PubsubNodes(db);
  const quotas = new Quotas(db);
  const rosters = new Rosters(db);
  const forget = (account: number) => {
    const stores = [archives, blocking, credentials, devices, offline, profiles, pubsubNodes, push, quotas, rosters];
    for (const store of stores) store.forget(account);
  };
  return {
    accounts: new Accounts(db, archives, forget, departments),
    adminProofs: new AdminProofs(db),
    admins: new Admins(db),
    announcements: new Announcements(db),
    archives,
    archiveAudit: new ArchiveAudit(db),
    archiveExports: new ArchiveExports(db),
    archiveOwners: new ArchiveOwners(db),
    archiveRules: new ArchiveRules(db),
    archiveSearch: new ArchiveSearch(db),
    audit: new Audit(db, tampered),
    backups: new Backups(db),
    blocking,
    certificateOrders: new CertificateOrders(db),
    certificates: new Certificates(db),
    components: new Components(db),
    credentials,
    departmentGrants: new DepartmentGrants(db),
    departments,
    devices,
    directory: new Directory(db),
    domains: new Domains(db),
    federationAttempts: new FederationAttempts(db),
    federationHeld: new FederationHeld(db),
    federationQueue: new FederationQueue(db),
    health: new Health(db),
    figureHours: new FigureHours(db),
    invitations: new Invitations(db),
    keptSessions: new KeptSessions(db),
    lastActivity: new LastActivity(db),
    leaving: new Leaving(db),
    listedRooms: new ListedRooms(db),
    offline,
    oneTimeCodes: new OneTimeCodes(db),
    people: new People(db),
    peopleImports: new PeopleImports(db),
    privateXml: new PrivateXml(db),
    profiles,
    push,
    helped: new Helped(db),
    resetLinks: new ResetLinks(db),
    pubsubItems: new PubsubItems(db),
    pubsubNodes,
    quotas,
    reports: new Reports(db),
    retiredRooms: new RetiredRooms(db),
    roomCards: new RoomCards(db),
    roomHats: new RoomHats(db),
    roomInvitations: new RoomInvitations(db),
    roomReach: new RoomReach(db),
    rooms: new Rooms(db, archives),
    rosters,
    settingChanges: new SettingChanges(db),
    settings: new Settings(db),
    uploadLists: new UploadLists(db),
    uploads: new Uploads(db),
  };
}
