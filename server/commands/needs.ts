import type { FileSpace } from '../host/file-space.ts';
import type { OptionValues } from '../host/option-values.ts';
import type { TransferList } from '../host/transfers.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { LogTail } from '../util/log-tail.ts';
import type { Element } from '../xmpp/element.ts';
import type { CommandLog } from './audit-keeper.ts';
import type { BackupMaker } from './backups.ts';
import type { CertificateNeeds } from './certificates.ts';
import type { RunningComponents } from './components.ts';
import type { DnsOptions } from './dns-doctor.ts';
import type { Senses } from './doctor/senses.ts';
import type { Certify } from './domains.ts';
import type { FederationNeeds } from './federation-needs.ts';
import type { House, HouseCounters } from './house.ts';
import type { MovingHouse } from './move/needs.ts';
import type { ListenerView } from './overview.ts';
import type { Befriend } from './registration.ts';
import type { RestoreNeeds } from './restore.ts';

/** What the commands are given of the rest of the house. */
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
  /** Where seals of the audit log stand, whatever else is logged; left out: where the rest does. */
  readonly seals?: CommandLog;
  /** The newest entries of the log, and the level that is logged now; left out: there are none. */
  readonly tail?: LogTail;
  readonly level?: () => string;
  /** Where exports of archives are; left out: nothing is exported. */
  readonly exportFolder?: string;
  /** What moving people in from another server takes; left out: nobody is. */
  readonly moving?: MovingHouse;
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
  /** Whether the boot file has the plain HTTP listener. */
  readonly plainHttp?: boolean;
  /** Whether everything is listened on that should be; left out: it is. */
  readonly listening?: () => Promise<boolean>;
  /** Where the panel is and which certificate it shows, to be read out by `hallwayctl claim-code`. */
  readonly panel: () => { readonly url: string; readonly fingerprint: string };
}
