import { type Der, decode, isInteger, isOctets, partsOf, wholeOf } from './der.ts';

/** Rounds that make a key out of a passphrase. Programs of today use 2,048 to 600,000; two thousand millions stop a server. */
const MOST_ROUNDS = 1_000_000;
/** A file .p12 as programs write it has seventeen levels. */
const MOST_DEPTH = 40;
/** Values in the whole structure that are looked at. */
const MOST_VALUES = 5_000;

/**
 * Whether something that is locked with a passphrase asks for so much work that to open it would stop the server. In all formats
 * (PBES2, scrypt, those of PKCS #12 and its MAC) the number of rounds is a whole number that stands right behind the salt.
 * Throws Error for what is not DER.
 */
export function asksTooMuch(der: Uint8Array): boolean {
  const left = { values: MOST_VALUES };
  return tooMuch(decode(der), 0, left);
}

function tooMuch(value: Der, depth: number, left: { values: number }): boolean {
  left.values -= 1;
  if (depth > MOST_DEPTH || left.values < 0) return true;
  const parts = partsOf(value);
  for (const [at, part] of parts.entries()) {
    if (at > 0 && isInteger(part) && isOctets(parts[at - 1]) && wholeOf(part) > MOST_ROUNDS) return true;
    if (tooMuch(part, depth + 1, left)) return true;
  }
  const inside = isOctets(value) ? tryDecode(value) : undefined;
  return inside !== undefined && tooMuch(inside, depth + 1, left);
}

/** What is in bytes, if that is DER again. */
function tryDecode(value: Der & { value: string }): Der | undefined {
  // A SEQUENCE: the only thing that could have rounds in it.
  if (value.value.charCodeAt(0) !== 0x30) return undefined;
  try {
    return decode(Buffer.from(value.value, 'latin1'));
  } catch {
    return undefined;
  }
}
