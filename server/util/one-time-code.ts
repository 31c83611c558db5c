import { createHash, randomInt } from 'node:crypto';

/** Crockford's base 32: no I, L, O, U, so that what is read aloud or copied by hand arrives. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function grouped(alphabet: string, groups: number, size: number): string {
  const group = () => Array.from({ length: size }, () => alphabet[randomInt(alphabet.length)]).join('');
  return Array.from({ length: groups }, group).join('-');
}

/** A code for people to type: 60 bits in three groups, as `7K3M-9QX2-WB4T`. It must be rate-limited and expire. */
export function makeCode(): string {
  return grouped(ALPHABET, 3, 4);
}

/** What is stored of a code. Case, dashes and spaces do not count, and look-alikes are taken for what they look like. */
export function codeHash(code: string): string {
  const plain = code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  return createHash('sha256').update(`hallway one-time code ${plain}`).digest('hex');
}

/** A password for people to type: 79 bits in four groups of small letters and digits without look-alikes. */
export function makePassword(): string {
  return grouped('abcdefghjkmnpqrstuvwxyz23456789', 4, 4);
}
