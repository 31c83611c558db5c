import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { attempt } from './program.ts';
import { Refusal } from './refusal.ts';

/** What the package is made for. A published repository has an index for each, though it may be empty. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

/** One version of the package, for one architecture. */
export interface Deb {
  readonly file: string;
  readonly version: string;
  readonly architecture: string;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
}

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Reads a file to its end. Throws a Refusal when it is not a whole package of Hallway. */
export function readDeb(file: string): Deb {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Refusal(`there is no file ${file}`);
  const { ok, stdout, why } = attempt('dpkg-deb', ['--field', file, 'Package', 'Version', 'Architecture']);
  if (!ok) throw new Refusal(`${file} is no Debian package: ${why}`);
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stdout)?.[1] ?? '';
  const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
  if (name !== 'hallway') throw new Refusal(`${file} is the package ${name}, not hallway`);
  if (!ARCHITECTURES.some((known) => known === architecture))
    throw new Refusal(`${file} is for ${architecture}; Hallway is made for ${ARCHITECTURES.join(' and ')}`);
  const { ok: whole, why: broken } = attempt('dpkg-deb', ['--contents', file]);
  if (!whole) throw new Refusal(`${file} is damaged: ${broken}`);
  return { file, version, architecture, sha256: sha256(file) };
}

/** Negative when `one` is the older version, by Debian's order. */
export function compareVersions(one: string, other: string): number {
  const is = (relation: string): boolean => attempt('dpkg', ['--compare-versions', one, relation, other]).ok;
  return one === other ? 0 : is('lt') ? -1 : 1;
}
