import { hkdfSync } from 'node:crypto';
import { BackupProblem } from './problem.ts';

/**
 * What is in a backup: a tar archive, encrypted for one recovery key (age, https://age-encryption.org/v1), so that `age` and `tar`
 * open it, too. It is not compressed: what comes out is never larger than what goes in. Its entries are in this order:
 *
 *   hallway-backup.json  what it is: BackupHead
 *   boot.toml            the boot file, to be read; not every machine has one
 *   keys/backup.key      the recovery key, so that the next machine goes on with it
 *   keys/tokens.key      what the tokens of people's devices are made with
 *   store.db             the store
 *   uploads/…            what people uploaded, by name
 *   SHA256SUMS           of all of these; `sha256sum -c` reads it
 *   SEAL                 HMAC of SHA256SUMS under the recovery key. Whoever knows for whom to encrypt can make a file that the key
 *                        opens; only who has the key can seal it.
 */
export const HEAD = 'hallway-backup.json';
export const BOOT_FILE = 'boot.toml';
export const BACKUP_KEY = 'keys/backup.key';
export const TOKEN_KEY = 'keys/tokens.key';
export const STORE = 'store.db';
export const UPLOADS = 'uploads/';
export const SUMS = 'SHA256SUMS';
export const SEAL = 'SEAL';

export const FORMAT = 1;

/** The setting of a house that came from a backup: when, in ms since 1970. */
export const RESTORED = 'house.restored';

/** The first entry. */
export interface BackupHead {
  readonly format: number;
  /** The release that made it, and the version of its store's schema. */
  readonly version: string;
  readonly schema: number;
  /** Of the machine that it was made on. */
  readonly hostname: string;
  readonly domains: readonly string[];
  /** ms since 1970 */
  readonly madeAt: number;
  /** Rows of each table of the store. */
  readonly counts: Readonly<Record<string, number>>;
}

const SMALL = 1024 * 1024;
const ORDER = [HEAD, BOOT_FILE, BACKUP_KEY, TOKEN_KEY, STORE, UPLOADS, SUMS, SEAL];
/** Without a limit: the rest of the file is one. */
const LARGE = new Set([STORE, UPLOADS, SUMS]);
const UPLOAD = /^uploads\/[0-9a-f]{2}\/[0-9a-f]{30}$/;

/** Where an entry stands in the order; throws BackupProblem for what has no place in a backup. */
export function rankOf(path: string, bytes: number): number {
  const kind = UPLOAD.test(path) ? UPLOADS : path;
  const rank = ORDER.indexOf(kind);
  if (rank < 0 || path === UPLOADS)
    throw new BackupProblem('damaged', `It holds ${JSON.stringify(path.slice(0, 80))}, which no backup does.`);
  if (!LARGE.has(kind) && bytes > SMALL) throw new BackupProblem('damaged', `Its part ${path} is too large.`);
  return rank;
}

/** One line of SHA256SUMS. */
export function sumLine(hash: string, path: string): string {
  return `${hash}  ${path}\n`;
}

/** The key of the seal, made of the recovery key. */
export function sealKey(identity: string): Buffer {
  return Buffer.from(hkdfSync('sha256', identity, '', 'hallway backup seal', 32));
}

function isCounts(value: unknown): value is Record<string, number> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => Number.isSafeInteger(one))
  );
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** Reads the first entry. Throws BackupProblem. */
export function readHead(bytes: Buffer): BackupHead {
  let head: Partial<Record<keyof BackupHead, unknown>>;
  try {
    head = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new BackupProblem('damaged', 'What it says of itself cannot be read.', { cause });
  }
  const { format, version, schema, hostname, domains, madeAt, counts } = head ?? {};
  if (typeof format === 'number' && format > FORMAT) {
    throw new BackupProblem(
      'newer',
      `It was made by a newer release (${String(version).slice(0, 40)}): install that one first.`,
    );
  }
  const texts = typeof version === 'string' && typeof hostname === 'string' && isTexts(domains);
  if (
    format !== FORMAT ||
    !texts ||
    !isCounts(counts) ||
    !Number.isSafeInteger(schema) ||
    !Number.isSafeInteger(madeAt)
  ) {
    throw new BackupProblem('damaged', 'What it says of itself is not what a backup says.');
  }
  return { format, version, schema: schema as number, hostname, domains, madeAt: madeAt as number, counts };
}
