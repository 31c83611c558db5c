import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { House } from './house.ts';
import type { Ledger } from './ledger.ts';

/**
 * Ends a walk: what was to happen afterwards happens, and what the walk left in the ledger is written. `refuse` is told when
 * that fails. A promise means that the store cannot keep up, and whoever feeds it must wait.
 */
export function settle(
  house: House,
  stanza: Stanza,
  ledger: Ledger,
  refuse: (error: StanzaError) => void,
): void | Promise<void> {
  const { db, stores } = house;
  for (const then of ledger.after) then();
  if (ledger.entries.length > 0 || ledger.statements.length > 0) {
    const statements =
      ledger.entries.length > 0 ? stores.archives.appendStatements(ledger.archiveId, stanza.text, ledger.entries) : [];
    statements.push(...ledger.statements);
    db.queue(statements, (error) => {
      for (const failed of ledger.failed) failed();
      house.log.error({ err: error }, 'a message could not be stored');
      if (!stanza.mayBeAnswered) return;
      refuse(new StanzaError('resource-constraint', 'The server could not store it. Please try again later.'));
    });
  }
  return db.pressure ? db.drained() : undefined;
}
