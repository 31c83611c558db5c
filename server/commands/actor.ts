import type { Audit, AuditDoor } from '../storage/stores/audit.ts';
import type { Deed, Detail } from './deeds.ts';
import type { Right } from './rights.ts';

/** Who asks, and through which door. */
export interface Actor {
  readonly name: string;
  readonly door: AuditDoor;
  /** What an administrator at the panel may do; left out: anything, as who calls `hallwayctl` may. */
  readonly rights?: readonly Right[];
}

/** Whether whoever asks may do this. */
export function may(by: Actor, right: Right): boolean {
  return by.rights?.includes(right) ?? true;
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
