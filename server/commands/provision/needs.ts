import type { Stores } from '../../storage/stores/index.ts';
import type { AccountCommands } from '../accounts.ts';
import type { AcmeCommands } from '../acme.ts';
import type { AnnouncementCommands } from '../announcements.ts';
import type { CertificateCommands } from '../certificates.ts';
import type { ClaimCommands } from '../claim.ts';
import type { DepartmentCommands } from '../departments.ts';
import type { DomainCommands } from '../domains.ts';
import type { FederationPolicy } from '../federation-policy.ts';
import type { House } from '../house.ts';
import type { OptionCommands } from '../options.ts';
import type { QuotaCommands } from '../quotas.ts';
import type { RoomCommands } from '../rooms.ts';
import type { SetupCommands } from '../setup.ts';

/** The commands by which a house is set up, and what they are checked against. */
export interface ProvisionNeeds {
  readonly stores: Stores;
  readonly house: House;
  readonly accounts: AccountCommands;
  readonly acme: AcmeCommands;
  readonly announcements: AnnouncementCommands;
  readonly certificates: CertificateCommands;
  readonly claim: ClaimCommands;
  readonly departments: DepartmentCommands;
  readonly domains: DomainCommands;
  readonly options: OptionCommands;
  readonly policy: FederationPolicy;
  readonly quotas: QuotaCommands;
  readonly rooms: RoomCommands;
  readonly setup: SetupCommands;
}
