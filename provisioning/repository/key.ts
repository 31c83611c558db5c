import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { attempt, succeed } from './program.ts';
import { Refusal } from './refusal.ts';

/** As gpg numbers them (RFC 4880 and its successors). apt of Debian 13 takes no DSA, and no short RSA. */
const RSA = '1';
const DSA = '17';
const SHORTEST_RSA = 3_072;

export interface Key {
  readonly fingerprint: string;
  /** The public part, armoured. */
  readonly armoured: string;
}

/** A key to sign with, from the keyring of whoever runs this. Throws a Refusal when it is not there or does not serve. */
export function signingKey(fingerprint: string): Key {
  const wanted = fingerprint.replaceAll(' ', '').toUpperCase();
  if (!/^[0-9A-F]{40}$/.test(wanted))
    throw new Refusal(
      `“${fingerprint}” is no fingerprint: 40 hexadecimal digits, as gpg --list-secret-keys shows them`,
    );
  const { ok, stdout } = attempt('gpg', ['--batch', '--with-colons', '--list-secret-keys', wanted]);
  const [, validity, bits, algorithm, , , , , , , , can = ''] =
    stdout
      .split('\n')
      .find((line) => line.startsWith('sec:'))
      ?.split(':') ?? [];
  if (!ok || validity === undefined)
    throw new Refusal(`the keyring has no secret key ${wanted}. GNUPGHOME says which keyring is meant`);
  const wrong = { e: 'has expired', r: 'was revoked', d: 'is disabled', i: 'is not valid' }[validity];
  if (wrong !== undefined) throw new Refusal(`the key ${wanted} ${wrong}`);
  // Capital letters: what the key with all its subkeys can do now.
  if (!can.includes('S')) throw new Refusal(`the key ${wanted} cannot sign`);
  if (algorithm === DSA || (algorithm === RSA && Number(bits) < SHORTEST_RSA))
    throw new Refusal(`the key ${wanted} is too weak for apt: take an ed25519 key`);
  const words = ['--batch', '--armor', '--export-options', 'export-minimal', '--export', wanted];
  return { fingerprint: wanted, armoured: succeed('the public key could not be read', 'gpg', words) };
}

/** The fingerprint of an armoured public key, undefined when there is none in it. */
export function fingerprintOf(armoured: string): string | undefined {
  const { stdout } = attempt('gpg', ['--batch', '--with-colons', '--show-keys'], { input: armoured });
  return /^fpr:(?:[^:]*:){8}([0-9A-F]+):/m.exec(stdout)?.[1];
}

/**
 * Makes an ed25519 key without an end and without a passphrase in a new folder, which is a keyring then: who can read it can sign.
 * `project`: where it may not be. Gives the fingerprint. Throws a Refusal when the folder is in use or not private.
 */
export function newKey(folder: string, project: string): string {
  if (!relative(project, folder).startsWith('..')) throw new Refusal('a key does not belong into the project');
  for (let above = folder; above !== dirname(above); above = dirname(above))
    if (existsSync(join(above, 'public')) || existsSync(join(above, 'dists')))
      throw new Refusal(`a key does not belong into a repository, and ${above} is one`);
  const there = existsSync(folder);
  if (there && readdirSync(folder).length > 0) throw new Refusal(`${folder} is not empty: a new key gets a new folder`);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const gpg = ['--homedir', folder, '--batch', '--quiet'];
  try {
    succeed('the key could not be made', 'gpg', [
      ...[...gpg, '--pinentry-mode', 'loopback', '--passphrase', ''],
      ...['--quick-generate-key', 'Hallway packages', 'ed25519', 'sign', 'never'],
    ]);
    const listed = succeed('the key could not be read', 'gpg', [...gpg, '--with-colons', '--list-secret-keys']);
    return /^fpr:(?:[^:]*:){8}([0-9A-F]+):/m.exec(listed)![1]!;
  } catch (error) {
    if (!there) rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    attempt('gpgconf', ['--homedir', folder, '--kill', 'all']);
  }
}
