import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../server/config/config-error.ts';

/** The key's name in the data folder. */
export const TOKEN_KEY_FILE = 'tokens.key';

const BYTES = 32;

/**
 * The key that the tokens of people's devices are made with (docs/decisions/0015-tokens-that-are-not-stored.md), made if it is
 * not there, for us alone to read. It lies beside the store, not in it: whoever gets hold of a copy of the store has no token.
 * Throws ConfigError when it cannot be read or made, or is not what it should be.
 */
export function tokenKey(folder: string): Uint8Array {
  const file = join(folder, TOKEN_KEY_FILE);
  try {
    return checked(file, readFileSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, error);
  }
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const key = randomBytes(BYTES);
    const descriptor = openSync(draft, 'wx', 0o600);
    try {
      writeSync(descriptor, key);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // A link, as it does not take the place of one that is there, and is there whole or not at all.
    linkSync(draft, file);
    unlinkSync(draft);
    return key;
  } catch (error) {
    throw unusable(file, error);
  }
}

function checked(file: string, key: Uint8Array): Uint8Array {
  if (key.length === BYTES) return key;
  throw new ConfigError(`this is not a key of ${BYTES} bytes. Remove it, and people type their passwords once more`, {
    file,
  });
}

function unusable(file: string, cause: unknown): ConfigError {
  if (cause instanceof ConfigError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return new ConfigError(`the key of the login tokens cannot be used: ${code ?? message}`, { file }, { cause });
}
