import { fstatSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Renewal } from '../../server/certificates/renewal.ts';
import { NAME_FILE } from '../../server/config/chosen-name.ts';
import { openDatabase } from '../../server/storage/open.ts';
import { NEWEST_SCHEMA } from '../../server/storage/snapshot.ts';
import { openStores, type Stores } from '../../server/storage/stores/index.ts';
import type { Logger } from '../../server/util/log.ts';
import { STORE_FILE } from '../data-folder.ts';
import { RESTORING } from '../restore-swap.ts';
import { TOKEN_KEY_FILE } from '../token-key.ts';
import { acceptHead, checkStore } from './check.ts';
import { fateOf } from './entries.ts';
import { BACKUP_KEY, type BackupHead, BOOT_FILE, RESTORED, STORE, TOKEN_KEY, UPLOADS } from './format.ts';
import { BACKUP_KEY_FILE, type BackupKey } from './key.ts';
import { BackupProblem } from './problem.ts';
import { readBackup, type Source } from './read.ts';

/** What the boot file of a backup is called where it was restored: it is for people, nobody else reads it. */
export const OLD_BOOT_FILE = 'boot-file-of-the-backup.toml';

export interface StageTask {
  readonly file: string;
  readonly key: BackupKey;
  /** The data folder. */
  readonly data: string;
  /** The name of the machine from now on. */
  readonly hostname: string;
  /** The name was chosen for this house, and is kept with it; else the boot file or the system says it. */
  readonly named: boolean;
  /** Who asked, for the audit log. */
  readonly caller: string;
  readonly door: 'cli' | 'panel';
}

export interface StageOptions extends Omit<StageTask, 'file'> {
  readonly file: Source;
  readonly log: Logger;
  readonly now?: () => number;
  /** Which part is read, 0 to 1. */
  readonly tell?: (part: number) => void;
}

export interface Staged {
  readonly head: BackupHead;
  readonly files: number;
  /** The schema was brought from that of the backup to that of this release. */
  readonly migrated: boolean;
  /** Domains whose certificates were issued anew. */
  readonly reissued: readonly string[];
  /** The authority had to be allowed to speak for more names: who trusts it must fetch it again. */
  readonly widened: boolean;
  /** The folder for backups that was chosen on the old machine, '' for none. */
  readonly backupFolder: string;
}

/**
 * Puts the house of a backup together in the folder `restoring`, beside what is there: checked, brought up to date and made fit for
 * this machine. Throws, and then nothing of it is left.
 */
export async function stageHouse(options: StageOptions): Promise<Staged> {
  const { data, file, hostname, named } = options;
  checkSpace(data, sizeOf(file));
  const staging = join(data, RESTORING);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { mode: 0o700 });
  try {
    const { head, files } = await unpack(options, staging);
    const facts = await fit(options, staging, head);
    if (files > 0 || head.counts.upload !== undefined)
      mkdirSync(join(staging, 'uploads'), { recursive: true, mode: 0o700 });
    if (named) writeFileSync(join(staging, NAME_FILE), `${hostname}\n`, { mode: 0o600, flush: true });
    return { head, files, migrated: head.schema < NEWEST_SCHEMA, ...facts };
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}

/** What is in a data folder and goes aside when another house takes its place. */
export function residents(data: string): string[] {
  return readdirSync(data).filter((name) => fateOf(name) !== 'stays');
}

/** Where they go. */
export function asideAt(time: number): string {
  return `before-restore-${new Date(time).toISOString().slice(0, 19).replace(/[T:]/g, '-')}`;
}

/** Deciphers the backup into the folder and holds what came out against what it says. */
async function unpack(
  { file, key, tell }: StageOptions,
  staging: string,
): Promise<{ head: BackupHead; files: number }> {
  const size = sizeOf(file);
  const places: Readonly<Record<string, string>> = {
    [STORE]: STORE_FILE,
    [BACKUP_KEY]: BACKUP_KEY_FILE,
    [TOKEN_KEY]: TOKEN_KEY_FILE,
    [BOOT_FILE]: OLD_BOOT_FILE,
  };
  const read = await readBackup({
    file,
    key,
    accept: acceptHead,
    place: (path) => join(staging, path.startsWith(UPLOADS) ? path : places[path]!),
    tell: (bytes) => tell?.(bytes / size),
  });
  checkStore(join(staging, STORE_FILE), read);
  return read;
}

type Facts = Pick<Staged, 'reissued' | 'widened' | 'backupFolder'>;

/** Brings the store up to date and makes it this machine's. */
async function fit(options: StageOptions, staging: string, head: BackupHead): Promise<Facts> {
  const { hostname, log, caller, door, now = Date.now } = options;
  const db = await openDatabase({ file: join(staging, STORE_FILE), log });
  try {
    const stores = openStores(db);
    await forgetPasses(stores);
    const authority = (await stores.certificates.authority())?.certificatePem;
    await using renewal = new Renewal({
      store: stores.certificates,
      domains: async () => (await stores.domains.list()).map(({ name }) => name),
      components: async () => (await stores.components.list()).map(({ domain }) => domain),
      hostname,
      log,
      renewed: async () => undefined,
    });
    const reissued = await renewal.check();
    await stores.settings.set(RESTORED, now());
    const detail = { from: head.hostname, to: hostname, made: new Date(head.madeAt).toISOString() };
    await stores.audit.append({
      time: now(),
      actor: caller,
      door,
      action: 'backup.restore',
      subject: hostname,
      detail,
    });
    const folder = await stores.settings.get('option:backup.folder');
    const widened = authority !== undefined && (await stores.certificates.authority())?.certificatePem !== authority;
    return { reissued, widened, backupFolder: typeof folder === 'string' ? folder : '' };
  } finally {
    await db.close();
  }
}

/** What was used or ended since the backup was made must not be good again: browsers that were signed in, codes, links. */
async function forgetPasses({ admins, oneTimeCodes, resetLinks }: Stores): Promise<void> {
  const end = Number.MAX_SAFE_INTEGER;
  await Promise.all([admins.expireSessions(end), oneTimeCodes.expire(end), resetLinks.expire(end)]);
}

function sizeOf(file: Source): number {
  return (typeof file === 'number' ? fstatSync(file) : statSync(file)).size;
}

function checkSpace(data: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  // Nothing in it is compressed, so this is what comes out.
  if (free > bytes * 1.05 + 16 * 1024 * 1024) return;
  const text = `There is not enough room in ${data}: ${Math.ceil(bytes / 1e6)} MB are needed, ${Math.ceil(free / 1e6)} MB are free.`;
  throw new BackupProblem('room', text);
}
