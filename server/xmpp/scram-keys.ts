import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { JidError, prepareResource } from './jid.ts';
import { SCRAM_HASHES, type ScramKeys, type ScramName } from './scram.ts';

const pbkdf2Async = promisify(pbkdf2);

const KEY_BYTES: Record<ScramName, number> = { 'SCRAM-SHA-1': 20, 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 };
const SALT_BYTES = 16;

/** The keys of one password for one mechanism. */
export interface MechanismKeys extends ScramKeys {
  readonly mechanism: ScramName;
}

/** The text cannot be a password. The message is for people. */
export class PasswordError extends Error {}

/**
 * Prepares a password by OpaqueString (RFC 8265 §4.2): other spaces become U+0020, then NFC; what is empty, too long
 * or has control characters is refused. The same profile prepares resources (RFC 7622 §3.4). Throws PasswordError.
 */
export function preparePassword(password: string): string {
  if (password === '') throw new PasswordError('The password is empty.');
  try {
    return prepareResource(password);
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    throw new PasswordError('The password is too long or has characters that cannot be typed everywhere.');
  }
}

/** The keys of a prepared password (RFC 5802 §3), computed in the thread pool. */
export async function keysOf(
  mechanism: ScramName,
  prepared: string,
  salt: Uint8Array,
  iterations: number,
): Promise<MechanismKeys> {
  const hash = SCRAM_HASHES[mechanism];
  return keysOfSalted(
    mechanism,
    await pbkdf2Async(prepared, salt, iterations, KEY_BYTES[mechanism], hash),
    salt,
    iterations,
  );
}

/** The same from what RFC 5802 §3 calls SaltedPassword. Throws RangeError when it is not as long as the hash. */
export function keysOfSalted(
  mechanism: ScramName,
  salted: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): MechanismKeys {
  const hash = SCRAM_HASHES[mechanism];
  if (salted.length !== KEY_BYTES[mechanism]) throw new RangeError('a salted password is as long as the hash');
  const clientKey = createHmac(hash, salted).update('Client Key').digest();
  const storedKey = createHash(hash).update(clientKey).digest();
  const serverKey = createHmac(hash, salted).update('Server Key').digest();
  return { mechanism, salt, iterations, storedKey, serverKey };
}

/** Fresh keys for every mechanism, each with a salt of its own. Throws PasswordError. */
export async function deriveKeys(password: string, iterations: number): Promise<MechanismKeys[]> {
  const prepared = preparePassword(password);
  const names = Object.keys(SCRAM_HASHES) as ScramName[];
  return Promise.all(names.map((name) => keysOf(name, prepared, randomBytes(SALT_BYTES), iterations)));
}

/** Whether a password, as PLAIN brings it (RFC 4616), is the one these keys were made from. */
export async function passwordFits(password: string, keys: MechanismKeys): Promise<boolean> {
  let prepared: string;
  try {
    prepared = preparePassword(password);
  } catch (error) {
    if (error instanceof PasswordError) return false;
    throw error;
  }
  const made = await keysOf(keys.mechanism, prepared, keys.salt, keys.iterations);
  return timingSafeEqual(made.storedKey, keys.storedKey);
}
