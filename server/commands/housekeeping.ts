import type { AuditKeeper, CommandLog } from './audit-keeper.ts';
import type { LeavingCommands } from './leaving.ts';

const EVERY_MS = 60 * 60 * 1_000;

export interface Housekeeping {
  readonly keeper: AuditKeeper;
  /** What has things that are good for a time. */
  readonly expiring: readonly { expire(): Promise<unknown> }[];
  readonly leaving: LeavingCommands;
  readonly log: CommandLog;
}

/** Takes away, every hour, what is over. What it gives ends that. */
export function keepHouse({ keeper, expiring, leaving, log }: Housekeeping): () => void {
  const failed = (error: unknown): void => log.error({ err: error }, 'the audit log could not be looked after');
  // What expired is refused anyway; a failure here leaves it lying about for another hour.
  const timer = setInterval(() => {
    for (const one of expiring) one.expire().catch(() => undefined);
    keeper.tend().catch(failed);
    leaving.sweep().catch(() => undefined);
  }, EVERY_MS);
  timer.unref();
  keeper.tend().catch(failed);
  return () => clearInterval(timer);
}
