import { statSync } from 'node:fs';

/**
 * From here on we have the rights of the user whose data folder it is, if we are root: what lies in there is that user's, and a link or
 * a note of what goes where would lead root to any file of the machine. All that root alone may read must be open before.
 */
export function becomeOwner(data: string): void {
  if (process.getuid?.() !== 0) return;
  const owner = statSync(data, { throwIfNoEntry: false });
  if (owner === undefined || owner.uid === 0) return;
  process.setgroups!([owner.gid]);
  process.setgid!(owner.gid);
  process.setuid!(owner.uid);
}
