import { randomBytes } from 'node:crypto';
import type { Stores } from './storage/stores/index.ts';

const FAKE_SALT = 'scram-fake-salt';

/** Made once, as salts of names that do not exist must stay the same (RFC 5802 §9). */
export async function fakeSaltSecret(stores: Pick<Stores, 'settings'>): Promise<Uint8Array> {
  const known = await stores.settings.get(FAKE_SALT);
  if (typeof known === 'string') return Buffer.from(known, 'base64');
  const made = randomBytes(32);
  await stores.settings.set(FAKE_SALT, made.toString('base64'));
  return made;
}
