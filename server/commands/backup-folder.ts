import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from './command-error.ts';

/** `hallway-chat.example.test-2026-11-22-031500.age`; the time is UTC. */
const NAME = /^hallway-[a-z0-9.-]{1,253}-(\d{4}-\d\d-\d\d)-(\d\d)(\d\d)(\d\d)\.age$/;

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** As its name says, ms since 1970. */
  readonly madeAt: number;
}

/** The name of a backup that is made now. */
export function backupName(hostname: string, now: number): string {
  const time = new Date(now).toISOString();
  return `hallway-${hostname.toLowerCase().replace(/[^a-z0-9.-]/g, '-')}-${time.slice(0, 10)}-${time.slice(11, 19).replaceAll(':', '')}.age`;
}

/** When a backup was made, as its name says; undefined for what is no name of one. */
export function timeOf(name: string): number | undefined {
  const [, day, hours, minutes, seconds] = NAME.exec(name) ?? [];
  const time = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** The folder that is to be used, made only where it is our own: a disk that is not mounted must not be mistaken for its place. */
export async function useFolder(chosen: string, own: string): Promise<string> {
  if (chosen === '') {
    await mkdir(own, { recursive: true, mode: 0o700 });
    return own;
  }
  const found = await stat(chosen).catch(() => undefined);
  if (found?.isDirectory()) return chosen;
  throw new CommandError(
    'invalid',
    `There is no folder ${chosen} that the server can see. Is the disk there?`,
    'folder',
  );
}

/** The backups in a folder, the newest first; none when there is no such folder. */
export async function backupsIn(folder: string): Promise<BackupFile[]> {
  const names = await readdir(folder).catch(() => []);
  const found: BackupFile[] = [];
  for (const name of names) {
    const madeAt = timeOf(name);
    if (madeAt === undefined) continue;
    const there = await stat(join(folder, name)).catch(() => undefined);
    if (there?.isFile()) found.push({ name, bytes: there.size, madeAt });
  }
  return found.sort((a, b) => b.madeAt - a.madeAt);
}

/** Takes away what was cut short. */
export async function removeParts(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.endsWith('.part') && timeOf(name.slice(0, -'.part'.length)) !== undefined)
      await rm(join(folder, name), { force: true });
  }
}
