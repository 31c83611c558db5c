import type { Stores } from '../../storage/stores/index.ts';
import type { AccountCommands } from '../accounts.ts';
import type { ClaimCommands } from '../claim.ts';
import type { DomainCommands } from '../domains.ts';
import type { FederationPolicy } from '../federation-policy.ts';
import type { House } from '../house.ts';
import type { OptionCommands } from '../options.ts';
import type { RoomCommands } from '../rooms.ts';

/** The commands by which a house is set up, and what they are checked against. */
export interface ProvisionNeeds {
  readonly stores: Stores;
  readonly house: House;
  readonly accounts: AccountCommands;
  readonly claim: ClaimCommands;
  readonly domains: DomainCommands;
  readonly options: OptionCommands;
  readonly policy: FederationPolicy;
  readonly rooms: RoomCommands;
}
