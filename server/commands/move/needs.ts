import type { ArchiveIds } from '../../storage/archive-id.ts';
import type { Database } from '../../storage/database.ts';
import type { Stores } from '../../storage/stores/index.ts';
import type { CommandLog } from '../audit-keeper.ts';
import type { House } from '../house.ts';
import type { ImportJobs } from '../import/jobs.ts';
import type { ResetLinkCommands } from '../reset-links.ts';

/** What moving people in takes of the rest of the house. */
export interface MovingHouse {
  /** Where files are while they are read. */
  readonly folder: string;
  readonly db: Database;
  readonly archiveIds: ArchiveIds;
  readonly limits: { readonly rosterItemsPerAccount: number; readonly offlineMessagesPerAccount: number };
}

export interface MoveNeeds {
  /** Left out: nobody is moved in. */
  readonly moving: MovingHouse | undefined;
  readonly stores: Stores;
  readonly house: House;
  readonly resetLinks: ResetLinkCommands;
  readonly jobs: ImportJobs;
  readonly iterations: number;
  readonly log: CommandLog;
  readonly now: () => number;
}
