import type { Audit, AuditDoor } from '../storage/stores/audit.ts';
import { CommandError } from './command-error.ts';
import type { Deed, Detail } from './deeds.ts';
import type { Right } from './rights.ts';

/** Who asks, and through which door. */
export interface Actor {
  readonly name: string;
  readonly door: AuditDoor;
  /** What an administrator at the panel may do; left out: anything, as who calls `hallwayctl` may. */
  readonly rights?: readonly Right[];
  /** False: at the panel, and who it is was not shown a short while ago. */
  readonly proven?: boolean;
}

/** Whether whoever asks may do this. */
export function may(by: Actor, right: Right): boolean {
  return by.rights?.includes(right) ?? true;
}

/** Throws CommandError `not-your-role` for who may not do this. */
export function mustMay(by: Actor, right: Right): void {
  if (may(by, right)) return;
  throw new CommandError('not-your-role', 'Your role does not allow this. An owner of this server can change that.');
}

/**
 * Throws CommandError `prove-yourself` for who must first show again who they are: before what cannot be taken back, or opens the
 * house. Routes that always need it say `dangerous`; this is for what only some input of a route needs.
 */
export function mustProve({ proven = true }: Actor): void {
  if (!proven) throw new CommandError('prove-yourself', 'Nothing was done: show once more that it is you.');
}

/** Writes a deed that was done into the audit log; resolves when it is on disk. */
export async function record(
  audit: Audit,
  by: Actor,
  action: Deed,
  subject: string,
  detail: Detail = {},
): Promise<void> {
  await audit.append({ time: Date.now(), actor: by.name, door: by.door, action, subject, detail });
}
