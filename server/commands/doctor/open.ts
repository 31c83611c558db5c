import type { OptionValues } from '../../host/option-values.ts';
import type { Stores } from '../../storage/stores/index.ts';
import type { BackupCommands } from '../backups.ts';
import type { CertificateCommands } from '../certificates.ts';
import type { DnsDoctor } from '../dns-doctor.ts';
import { Doctor } from '../doctor.ts';
import type { FederationDomains } from '../federation-domains.ts';
import type { House } from '../house.ts';
import { type DoorsNeeds, doorCheck } from './doors.ts';
import { backupCheck, certificateCheck, dnsCheck, federationCheck, releaseCheck, storeCheck } from './house.ts';
import { clockCheck, diskCheck, loadCheck } from './machine.ts';
import { relayCheck } from './relay.ts';
import type { Senses } from './senses.ts';

export interface DoctorNeeds {
  readonly senses: Senses;
  readonly stores: Stores;
  readonly house: House;
  readonly options: OptionValues;
  readonly backups: BackupCommands;
  readonly certificates: CertificateCommands;
  readonly dns: DnsDoctor;
  readonly federation: FederationDomains;
  readonly doors: DoorsNeeds;
  /** Of the figures: by how many ms the event loop was late. */
  readonly late: () => number;
  readonly now: () => number;
  /** The release that runs. */
  readonly version: string;
}

/** The doctor with all that it looks at. */
export function openDoctor({
  senses,
  stores,
  house,
  options,
  backups,
  certificates,
  dns,
  federation,
  doors,
  late,
  now,
  version,
}: DoctorNeeds): Doctor {
  const newest = async (): Promise<number> => (await stores.audit.page({ limit: 1 }))[0]?.time ?? 0;
  return new Doctor(
    [
      storeCheck(stores.health, backups),
      releaseCheck(senses, version),
      backupCheck(backups, now),
      certificateCheck(certificates),
      doorCheck(doors),
      dnsCheck(dns, house),
      relayCheck(options, now),
      federationCheck(federation),
      diskCheck(senses),
      loadCheck(senses, late),
      clockCheck(senses, newest),
    ],
    now,
  );
}
