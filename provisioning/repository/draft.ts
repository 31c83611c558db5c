import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Refusal } from './refusal.ts';

/** What the file system answers where the folder, and nothing here, is to blame. */
const CANNOT = new Set(['EACCES', 'EDQUOT', 'EEXIST', 'EIO', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS']);
const DRAFT = /^draft-(\d+)$/;

/**
 * Gives `work` a folder in `folder` for all that is not finished, and takes it away afterwards; also what a run that was broken off has
 * left there. Throws a Refusal when another run is at it, or nothing can be written there.
 */
export function withDraft<T>(folder: string, work: (draft: string) => T): T {
  const draft = join(folder, `draft-${basename(readlinkSync('/proc/self'))}`);
  try {
    mkdirSync(draft, { recursive: true });
    for (const name of readdirSync(folder)) {
      const [, other] = DRAFT.exec(name) ?? [];
      if (other === undefined || name === basename(draft)) continue;
      if (existsSync(`/proc/${other}`)) throw new Refusal(`another run (process ${other}) is changing ${folder}`);
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    return work(draft);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw CANNOT.has(code) ? new Refusal(`${folder} cannot be written to: ${message}`) : error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
