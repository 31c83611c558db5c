import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Renewal } from '../../server/certificates/renewal.ts';
import { StorageError } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/open.ts';
import { NEWEST_SCHEMA, openSnapshot } from '../../server/storage/snapshot.ts';
import { openStores, type Stores } from '../../server/storage/stores/index.ts';
import type { Logger } from '../../server/util/log.ts';
import { prepareDataFolder, STORE_FILE } from '../data-folder.ts';
import { finishRestore, RESTORING, swap } from '../restore-swap.ts';
import { TOKEN_KEY_FILE } from '../token-key.ts';
import { acceptHead, checkStore } from './check.ts';
import { BACKUP_KEY, type BackupHead, BOOT_FILE, STORE, TOKEN_KEY, UPLOADS } from './format.ts';
import { BACKUP_KEY_FILE, type BackupKey } from './key.ts';
import { BackupProblem, problemOf } from './problem.ts';
import { readBackup } from './read.ts';

/** What the boot file of a backup is called where it was restored: it is for people, nobody else reads it. */
export const OLD_BOOT_FILE = 'boot-file-of-the-backup.toml';
/** What stays where it is when a house is replaced: other backups, and what is nobody's. */
const STAYS = new Set(['lost+found', 'backups', 'backup-work', 'hallwayctl.sock', RESTORING]);
const ASIDE = 'before-restore-';

export interface RestoreOptions {
  readonly file: string;
  readonly key: BackupKey;
  /** The data folder, and this machine's own name: what the boot file here says. */
  readonly data: string;
  readonly hostname: string;
  /** A house that is in the data folder is put aside. */
  readonly replace: boolean;
  /** Who asked, for the audit log. */
  readonly caller: string;
  readonly log: Logger;
  readonly now?: () => number;
  /** Which part is read, 0 to 1. */
  readonly tell?: (part: number) => void;
}

export interface Restored {
  readonly head: BackupHead;
  readonly files: number;
  /** Where the house that was there before is now. */
  readonly aside?: string;
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
 * Restores a backup into a data folder whose server is stopped. All is put together beside what is there, checked, brought up to
 * date and made fit for this machine; then it takes its place in one step. Throws BackupProblem or ConfigError, and then nothing
 * was changed.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { data, file, replace } = options;
  try {
    if (existsSync(data)) finishRestore(data);
    prepareDataFolder(data);
    await refuseRunning(data);
    const before = readdirSync(data).filter((name) => !STAYS.has(name) && !name.startsWith(ASIDE));
    if (before.length > 0 && !replace) {
      const text = `There is a house in ${data} already. With --replace it is put aside and the backup takes its place.`;
      throw new BackupProblem('foreign', text);
    }
    checkSpace(data, statSync(file).size);
    return await build(options, before);
  } catch (error) {
    throw error instanceof Error && error.name === 'ConfigError' ? error : problemOf(error);
  }
}

async function build(options: RestoreOptions, before: readonly string[]): Promise<Restored> {
  const { data, now = Date.now } = options;
  const staging = join(data, RESTORING);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { mode: 0o700 });
  try {
    const { head, files } = await unpack(options, staging);
    const facts = await fit(options, staging, head);
    if (files > 0 || head.counts.upload !== undefined)
      mkdirSync(join(staging, 'uploads'), { recursive: true, mode: 0o700 });
    giveTo(data, staging);
    await refuseRunning(data);
    const stamp = new Date(now()).toISOString().slice(0, 19).replace(/[T:]/g, '-');
    const aside = before.length === 0 ? '' : `${ASIDE}${stamp}`;
    swap(data, { aside, before, after: readdirSync(staging) });
    if (aside !== '') giveTo(data, join(data, aside), false);
    return {
      head,
      files,
      ...(aside !== '' && { aside: join(data, aside) }),
      migrated: head.schema < NEWEST_SCHEMA,
      ...facts,
    };
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}

/** Deciphers the backup into the folder and holds what came out against what it says. */
async function unpack(
  { file, key, tell }: RestoreOptions,
  staging: string,
): Promise<{ head: BackupHead; files: number }> {
  const { size } = statSync(file);
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

type Facts = Pick<Restored, 'reissued' | 'widened' | 'backupFolder'>;

/** Brings the store up to date and makes it this machine's. */
async function fit(options: RestoreOptions, staging: string, head: BackupHead): Promise<Facts> {
  const { hostname, log, caller, now = Date.now } = options;
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
    const detail = { from: head.hostname, to: hostname, made: new Date(head.madeAt).toISOString() };
    await stores.audit.append({
      time: now(),
      actor: caller,
      door: 'cli',
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

async function refuseRunning(data: string): Promise<void> {
  const running = new BackupProblem('unmade', 'Hallway is running. Stop it first: systemctl stop hallway');
  if (await answers(join(data, 'hallwayctl.sock'))) throw running;
  if (!existsSync(join(data, STORE_FILE))) return;
  try {
    openSnapshot(join(data, STORE_FILE))[Symbol.dispose]();
  } catch (error) {
    // One that is damaged is a reason to restore, not against it.
    if (error instanceof StorageError && error.code === 'busy') throw running;
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}

function checkSpace(data: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  // Nothing in it is compressed, so this is what comes out.
  if (free > bytes * 1.05 + 16 * 1024 * 1024) return;
  const text = `There is not enough room in ${data}: ${Math.ceil(bytes / 1e6)} MB are needed, ${Math.ceil(free / 1e6)} MB are free.`;
  throw new BackupProblem('room', text);
}

/** Restored by root, it is the server's all the same: whose the data folder is. */
function giveTo(data: string, path: string, below = true): void {
  const { uid, gid } = statSync(data);
  const own = lstatSync(path);
  if (own.uid !== uid || own.gid !== gid) chownSync(path, uid, gid);
  if (!below || !own.isDirectory()) return;
  for (const name of readdirSync(path)) giveTo(data, join(path, name));
}
