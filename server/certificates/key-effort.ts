import { pbkdf2Sync } from 'node:crypto';
import forge from 'node-forge';
import { type Der, decode, isInteger, isOid, partsOf, wholeOf } from './der.ts';

/** Rounds that make keys out of a passphrase, for all of a file: about 0.3 s. Programs of today use 2,048 to 600,000. */
const MOST_ROUNDS = 600_000;
/** What a round of PKCS #12 costs, which is made in JavaScript, in rounds that OpenSSL makes. */
const OWN_ROUND = 12;
/** What a key costs beside its rounds. */
const EACH_KEY = 1_000;
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

/** To open it would stop the server. */
export class TooMuchEffort extends Error {}

let left = 0;

function spend(rounds: number): void {
  left -= rounds + EACH_KEY;
  // Also for what is no number.
  if (!(left >= 0)) throw new TooMuchEffort('too many rounds');
}

interface Digest {
  readonly algorithm: string;
  readonly digestLength: number;
}
interface Pbe {
  generatePkcs12Key(
    passphrase: string,
    salt: unknown,
    id: number,
    rounds: number,
    length: number,
    digest?: Digest | null,
  ): unknown;
}

// Counted where they are made: a file can hide how many it asks for, in what is locked itself.
const { pbe } = forge.pki as unknown as { readonly pbe: Pbe };
const ownKey = pbe.generatePkcs12Key;
const countedKey: Pbe['generatePkcs12Key'] = (passphrase, salt, id, rounds, length, digest) => {
  spend(rounds * OWN_ROUND * Math.ceil(length / (digest?.digestLength ?? 20)));
  return ownKey(passphrase, salt, id, rounds, length, digest);
};
Object.assign(pbe, { generatePkcs12Key: countedKey });
Object.assign(forge.pkcs12, { generateKey: countedKey });
Object.assign(forge.pkcs5, {
  // That of node-forge is made in JavaScript, too, and twenty times as slow.
  pbkdf2(passphrase: string, salt: string, rounds: number, length: number, digest: Digest): string {
    spend(rounds * Math.ceil(length / digest.digestLength));
    const [secret, grains] = [Buffer.from(passphrase, 'latin1'), Buffer.from(salt, 'latin1')];
    return pbkdf2Sync(secret, grains, rounds, length, digest.algorithm).toString('latin1');
  },
});

/** Does something with node-forge that may make keys out of a passphrase. Throws TooMuchEffort, and what `work` throws. */
export function bounded<T>(work: () => T): T {
  left = MOST_ROUNDS;
  try {
    return work();
  } finally {
    left = 0;
  }
}

/**
 * Whether a locked key (RFC 5958 §3, EncryptedPrivateKeyInfo) asks for so much work that to open it would stop the server. All whole
 * numbers in what says how it is locked are taken for rounds. Throws Error for what is not DER.
 */
export function asksTooMuch(der: Uint8Array): boolean {
  return !(effort(partsOf(decode(der))[0]) <= MOST_ROUNDS);
}

function effort(value: Der | undefined): number {
  if (isInteger(value)) return wholeOf(value);
  const parts = partsOf(value);
  // RFC 7914 §7.1: its numbers multiply each other, and there is memory behind them.
  if (isOid(parts[0], SCRYPT)) {
    return partsOf(parts[1]).reduce((product, part) => product * (isInteger(part) ? wholeOf(part) : 1), 1);
  }
  return parts.reduce((sum, part) => sum + effort(part), 0);
}
