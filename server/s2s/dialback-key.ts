// XEP-0185 1.0
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Settings } from '../storage/stores/settings.ts';

/**
 * The key by which a server that was asked can tell that a link is its own, without having kept anything of it (XEP-0185 §2).
 * `secret` is the house's own, `receiving` the domain that is connected to, `originating` the one that says it comes,
 * `streamId` the id that the receiving side gave. All of them count, so a key is of no use for anything else: there is no space
 * in a domain, and what comes last needs no end. Throws Error for a domain that has one.
 */
export function dialbackKey(secret: Uint8Array, receiving: string, originating: string, streamId: string): string {
  if (/\s/.test(receiving + originating)) throw new Error('a domain has no space in it');
  const key = createHash('sha256').update(secret).digest('hex');
  return createHmac('sha256', key).update(`${receiving} ${originating} ${streamId}`).digest('hex');
}

/** Whether a key that was sent, be there white space around it, is the one expected; in a time that tells nothing of it. */
export function sameKey(given: string, expected: string): boolean {
  // Of the same length, whatever was sent.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given.trim()), digest(expected));
}

const SECRET = 'dialback-secret';

/** The house's own secret, made when it is first asked for: a key must still be known after a restart in the middle of a dialback. */
export async function dialbackSecret(settings: Pick<Settings, 'get' | 'set'>): Promise<Uint8Array> {
  const known = await settings.get(SECRET);
  if (typeof known === 'string') return Buffer.from(known, 'base64');
  const made = randomBytes(32);
  await settings.set(SECRET, made.toString('base64'));
  return made;
}
