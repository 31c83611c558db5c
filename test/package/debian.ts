import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../provisioning/repository/release.ts';

/** What a play needs is not to be had here, which says nothing of the package. */
export class NotHere extends Error {}

/** Names the first of the programs that is not installed, false when all are. */
export function notInstalled(...programs: readonly string[]): string | false {
  const missing = programs.find((program) => spawnSync('which', [program]).status !== 0);
  return missing === undefined ? false : `not installed: ${missing}`;
}

/**
 * What mmdebstrap makes of a release, made once and kept in `cache`. By its name it is an archive (`.tar`, `.tar.gz`) or a folder.
 * Gives its path; throws NotHere.
 */
export function debian(release: Release, cache: string, name: string, args: readonly string[]): string {
  const path = join(cache, name);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const draft = join(cache, `draft-${name}`);
  rmSync(draft, { recursive: true, force: true });
  const { status, stderr } = spawnSync('mmdebstrap', ['--quiet', ...args, release, draft], { encoding: 'utf8' });
  if (status !== 0) throw new NotHere(`there is no image of ${release}: ${stderr.trim().split('\n').at(-1)}`);
  renameSync(draft, path);
  return path;
}
