/**
 * Why a backup cannot be made or used: `key` another recovery key opens it, `damaged` it was changed or is not whole, `foreign` it is
 * no backup of ours, `newer` made by a newer release, `room` the disk is full, `unmade` the machine failed while it was made.
 */
export type BackupProblemCode = 'key' | 'damaged' | 'foreign' | 'newer' | 'room' | 'unmade';

/** The message is a sentence for the administrator. */
export class BackupProblem extends Error {
  readonly code: BackupProblemCode;

  constructor(code: BackupProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupProblem';
    this.code = code;
  }
}

/** What went wrong, in words for people, whatever it was. */
export function problemOf(error: unknown): BackupProblem {
  if (error instanceof BackupProblem) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'full') {
    return new BackupProblem('room', 'The disk is full.', { cause: error });
  }
  if (code === 'EROFS') {
    const text = `That folder is read-only for the server (${message}). If it is a service of systemd, it writes to its own folders only, until “systemctl edit hallway” says ReadWritePaths= for another one.`;
    return new BackupProblem('unmade', text, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new BackupProblem('unmade', `The server may not write there (${message}).`, { cause: error });
  }
  return new BackupProblem('unmade', message, { cause: error });
}
