import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { makePassword } from '../util/one-time-code.ts';
import { deriveKeys, type MechanismKeys, PasswordError, preparePassword } from '../xmpp/scram-keys.ts';
import { CommandError } from './command-error.ts';
import { isCommon } from './common-passwords.ts';

/** A person's password must have so many characters; guessing is slowed besides. */
const LEAST_PERSON = 6;
const LEAST_ADMIN = 10;

/** A password given, or the wish to have one made. */
export interface PasswordWish {
  readonly password?: string;
  readonly generate?: true;
}

export interface SetPassword {
  readonly keys: MechanismKeys[];
  /** The password, when it was made here. */
  readonly made: { password?: string };
}

/** Whose password it is to be. */
interface Owner {
  readonly domain: string;
  readonly local: string;
}

/** Turns a wish for that person into keys. Throws CommandError. */
export async function fulfil(owner: Owner, wish: PasswordWish, iterations: number): Promise<SetPassword> {
  if ((wish.password === undefined) === (wish.generate === undefined)) {
    throw new CommandError('invalid', 'Type a password or have one made, one of the two.', 'password');
  }
  const password = wish.password ?? makePassword();
  checkPassword(password, owner);
  return { keys: await deriveKeys(password, iterations), made: wish.generate === true ? { password } : {} };
}

/**
 * Refuses a person's password that is too short, is their name or address or one that many people choose, which is what is
 * guessed first, or cannot be typed everywhere (RFC 8265 §4.2). Throws CommandError.
 */
export function checkPassword(password: string, { domain, local }: Owner): void {
  if (password.length < LEAST_PERSON) {
    throw new CommandError('invalid', `The password must have at least ${LEAST_PERSON} characters.`, 'password');
  }
  if ([local, `${local}@${domain}`].includes(password.normalize('NFKC').toLowerCase())) {
    throw new CommandError('invalid', 'The password must not be the name: everybody knows it.', 'password');
  }
  mustBeRare(password, 'password');
  try {
    preparePassword(password);
  } catch (error) {
    if (!(error instanceof PasswordError)) throw error;
    throw new CommandError('invalid', error.message, 'password');
  }
}

function mustBeRare(password: string, field: string): void {
  if (!isCommon(password)) return;
  throw new CommandError('invalid', 'Many people choose this password, so it is tried first: choose another.', field);
}

/** 32 MB and three passes: about 0.2 s of one core (OWASP's second choice for scrypt). */
const COST = { N: 32_768, r: 8, p: 3 };
const KEY_BYTES = 32;
const STORED = /^scrypt\$N=(\d+),r=(\d+),p=(\d+)\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/;

function stretch(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: 256 * cost.N * cost.r };
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** What is stored of an administrator's password: `scrypt$N=…,r=…,p=…$salt$hash`. */
export async function hashAdminPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await stretch(password, salt, COST);
  return `scrypt$N=${COST.N},r=${COST.r},p=${COST.p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** The hash of no password: to be compared with when there is no such administrator, so that it takes as long. */
const NOBODY = `scrypt$N=${COST.N},r=${COST.r},p=${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Whether the password is the stored one. Without a stored one it takes as long and is never right. */
export async function adminPasswordFits(password: string, stored: string | undefined): Promise<boolean> {
  const parts = STORED.exec(stored ?? NOBODY);
  if (parts === null) throw new Error('the stored administrator password is not in a form known here');
  const [, N, r, p, salt, hash] = parts;
  const made = await stretch(password, Buffer.from(salt!, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) });
  const same = timingSafeEqual(made, Buffer.from(hash!, 'base64url'));
  return same && stored !== undefined;
}

/**
 * Refuses an administrator's password that is short, the name, one thing over and over, or one that many people choose.
 * Throws CommandError.
 */
export function checkAdminPassword(password: string, name: string, field = 'password'): void {
  const plain = password.normalize('NFKC').toLowerCase();
  if ([...password].length < LEAST_ADMIN) {
    throw new CommandError('invalid', `The password must have at least ${LEAST_ADMIN} characters.`, field);
  }
  if (plain.replaceAll(name, '').length < LEAST_ADMIN / 2) {
    throw new CommandError('invalid', 'The password must not be made from the name.', field);
  }
  if (new Set(plain).size < 4) {
    throw new CommandError('invalid', 'The password must have at least four different characters.', field);
  }
  mustBeRare(password, field);
}
