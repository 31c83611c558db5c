import { createHash, randomInt } from 'node:crypto';

/** Small letters and digits without look-alikes: it stands in links that people copy by hand when all else fails. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const LENGTH = 28;

/** What a link is for; a token of one purpose opens nothing of another. */
export type LinkPurpose = 'invitation' | 'reset';

/** The secret of a link: 140 bits, letters and digits only (XEP-0401 §5.1). */
export function makeLinkToken(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/**
 * What is stored of a token and looked up by. Whoever guesses cannot steer the hash, so how long the look-up takes tells
 * nothing about the tokens there are.
 */
export function linkHash(purpose: LinkPurpose, token: string): string {
  return createHash('sha256').update(`hallway ${purpose} link ${token}`).digest('hex');
}
