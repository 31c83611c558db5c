import type { Static, TSchema } from 'typebox';
import * as AccountShapes from './accounts.ts';
import * as AdministratorShapes from './administrators.ts';
import * as AnnouncementShapes from './announcements.ts';
import * as ArchiveShapes from './archive.ts';
import * as AuditShapes from './audit.ts';
import * as BackupShapes from './backups.ts';
import * as CertificateShapes from './certificates.ts';
import { components } from './components.ts';
import * as DepartmentShapes from './departments.ts';
import * as DeviceShapes from './devices.ts';
import * as DnsShapes from './dns.ts';
import * as DoctorShapes from './doctor.ts';
import * as DomainShapes from './domains.ts';
import * as FederationShapes from './federation.ts';
import * as FigureShapes from './figures.ts';
import * as FileShapes from './files.ts';
import { local } from './local.ts';
import * as LogShapes from './log.ts';
import * as MoveShapes from './moves.ts';
import * as OnboardingShapes from './onboarding.ts';
import * as OutageShapes from './outage.ts';
import * as OverviewShapes from './overview.ts';
import * as PeopleShapes from './people.ts';
import * as ImportShapes from './people-imports.ts';
import { provision } from './provision.ts';
import * as ReportShapes from './reports.ts';
import * as RestoreShapes from './restore.ts';
import * as RoomShapes from './rooms.ts';
import * as SessionShapes from './session.ts';
import * as SettingShapes from './settings.ts';
import * as SetupShapes from './setup.ts';
import type { ErrorReply as ErrorShape } from './shapes.ts';

/**
 * What the server offers over HTTP, by method and path. `params` are the parts of the path, `query` what stands behind the
 * question mark, `body` the JSON that is sent, `reply` the JSON that comes back with 200. Every refusal is an ErrorReply.
 */
export const contract = {
  ...SessionShapes.session,
  ...AdministratorShapes.administrators,
  ...OverviewShapes.overview,
  ...FigureShapes.figures,
  ...DomainShapes.domains,
  ...DnsShapes.dns,
  ...CertificateShapes.certificates,
  ...components,
  ...FederationShapes.federation,
  ...AccountShapes.accounts,
  ...PeopleShapes.people,
  ...ImportShapes.peopleImports,
  ...MoveShapes.moves,
  ...DepartmentShapes.departments,
  ...DeviceShapes.devices,
  ...AnnouncementShapes.announcements,
  ...ArchiveShapes.archive,
  ...OutageShapes.outage,
  ...OnboardingShapes.onboarding,
  ...AuditShapes.audit,
  ...LogShapes.log,
  ...ReportShapes.reports,
  ...BackupShapes.backups,
  ...RestoreShapes.restore,
  ...DoctorShapes.doctor,
  ...RoomShapes.rooms,
  ...FileShapes.files,
  ...SettingShapes.settings,
  ...SetupShapes.setup,
  ...local,
  ...provision,
} as const;

export type Contract = typeof contract;
export type Route = keyof Contract;

type Part<R extends Route, Name extends string> = Contract[R] extends { readonly [K in Name]: infer S extends TSchema }
  ? Static<S>
  : undefined;

/** The parts of the path of a route, undefined when it has none. */
export type ParamsOf<R extends Route> = Part<R, 'params'>;
export type QueryOf<R extends Route> = Part<R, 'query'>;
export type BodyOf<R extends Route> = Part<R, 'body'>;
/** What comes back with 200. */
export type ReplyOf<R extends Route> = Part<R, 'reply'>;

/** The server-sent events by name. */
export type Events = { [Name in keyof typeof OverviewShapes.events]: Static<(typeof OverviewShapes.events)[Name]> };

export type LogEvents = { [Name in keyof typeof LogShapes.logEvents]: Static<(typeof LogShapes.logEvents)[Name]> };

export type Account = Static<typeof AccountShapes.Account>;
export type AccountSession = Static<typeof AccountShapes.AccountSession>;
export type AppliedRule = Static<typeof ArchiveShapes.AppliedRule>;
export type ArchiveExport = Static<typeof ArchiveShapes.ArchiveExport>;
export type ArchiveRule = Static<typeof ArchiveShapes.ArchiveRule>;
export type Administrator = Static<typeof AdministratorShapes.Administrator>;
export type AdminSession = Static<typeof AdministratorShapes.AdminSession>;
export type AuditRow = Static<typeof AuditShapes.AuditRow>;
export type AuditVerdict = Static<typeof AuditShapes.AuditVerdict>;
export type Backup = Static<typeof BackupShapes.Backup>;
export type Backups = Static<typeof BackupShapes.Backups>;
export type AcmeSettings = Static<typeof CertificateShapes.AcmeSettings>;
export type Authority = Static<typeof CertificateShapes.Authority>;
export type Certificate = Static<typeof CertificateShapes.Certificate>;
export type Connection = Static<typeof OnboardingShapes.Connection>;
export type Contacts = Static<typeof DomainShapes.Contacts>;
export type Diagnosis = Static<typeof DoctorShapes.Diagnosis>;
export type Finding = Static<typeof DoctorShapes.Finding>;
export type Department = Static<typeof DepartmentShapes.Department>;
export type DepartmentRelation = Static<typeof DepartmentShapes.DepartmentRelation>;
export type Device = Static<typeof DeviceShapes.Device>;
export type Dns = Static<typeof DnsShapes.Dns>;
export type DnsRecord = Static<typeof DnsShapes.DnsRecord>;
export type Domain = Static<typeof DomainShapes.Domain>;
export type ErrorReply = Static<typeof ErrorShape>;
export type FederationAttempt = Static<typeof FederationShapes.FederationAttempt>;
export type FederationDomain = Static<typeof FederationShapes.FederationDomain>;
export type FederationPolicy = Static<typeof FederationShapes.FederationPolicy>;
export type FederationRule = Static<typeof FederationShapes.FederationRule>;
export type FederationWhy = Static<typeof FederationShapes.FederationWhy>;
export type FigureSample = Static<typeof FigureShapes.FigureSample>;
export type FileOverview = Static<typeof FileShapes.FileOverview>;
export type FileUse = Static<typeof FileShapes.FileUse>;
export type FoundMessage = Static<typeof ArchiveShapes.FoundMessage>;
export type Invitation = Static<typeof OnboardingShapes.Invitation>;
export type LogEntry = Static<typeof LogShapes.LogEntry>;
export type Overview = Static<typeof OverviewShapes.Overview>;
export type Person = Static<typeof PeopleShapes.Person>;
export type ImportCheck = Static<typeof ImportShapes.ImportCheck>;
export type ImportRow = Static<typeof ImportShapes.ImportRow>;
export type PeopleImport = Static<typeof ImportShapes.PeopleImport>;
export type PasskeyQuestion = Static<typeof AdministratorShapes.PasskeyQuestion>;
export type Report = Static<typeof ReportShapes.Report>;
export type Restore = Static<typeof RestoreShapes.Restore>;
export type RetiredRoom = Static<typeof RoomShapes.RetiredRoom>;
export type Right = Static<typeof SessionShapes.Right>;
export type Role = Static<typeof AdministratorShapes.Role>;
export type Room = Static<typeof RoomShapes.Room>;
export type RoomConfig = Static<typeof RoomShapes.RoomConfig>;
export type RoomDetail = Static<typeof RoomShapes.RoomDetail>;
export type RoomMember = Static<typeof RoomShapes.RoomMember>;
export type RoomMessage = Static<typeof RoomShapes.RoomMessage>;
export type RoomOccupant = Static<typeof RoomShapes.RoomOccupant>;
export type SharedFile = Static<typeof FileShapes.SharedFile>;
export type SessionChange = Static<typeof OverviewShapes.SessionChange>;
export type Setting = Static<typeof SettingShapes.Setting>;
export type SettingChange = Static<typeof SettingShapes.SettingChange>;
export type SignedIn = Static<typeof SessionShapes.SignedIn>;
export type Transfer = Static<typeof FileShapes.Transfer>;
