import type { Statement } from '../storage/database.ts';
import type { ArchiveEntry } from '../storage/stores/archives.ts';

/**
 * What one stanza leaves in the store, collected on its walk through sender's and recipient's stages and written in one
 * atomic step when the walk is over: one message is one row, whoever keeps it.
 */
export class Ledger {
  /** The message's archive id, 0 while nobody archives it. */
  archiveId = 0;
  /** In whose archives it goes. */
  readonly entries: ArchiveEntry[] = [];
  /** Other writes that must not be separated from it. */
  readonly statements: Statement[] = [];
  /** Told when the write failed. */
  readonly failed: (() => void)[] = [];
  /** What is to happen once the stanza has reached whom it is for. */
  readonly after: (() => void)[] = [];
}
