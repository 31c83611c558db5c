import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Names of an architecture: as Debian says it, as Node says it, and as programs that strip and run it begin. */
export interface Architecture {
  readonly debian: 'amd64' | 'arm64';
  readonly node: 'x64' | 'arm64';
}

export const ARCHITECTURES: readonly Architecture[] = [
  { debian: 'amd64', node: 'x64' },
  { debian: 'arm64', node: 'arm64' },
];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string } | undefined>>;
}

/**
 * The folder of a package in exactly the version that package-lock.json pins: that of node_modules, or, for the package of another
 * machine, one that npm fetches and that is checked against the lock before anything is taken from it. Throws an Error.
 */
export function pinnedPackage(root: string, name: string): string {
  const installed = join(root, 'node_modules', name);
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not pin ${name}`);
  if (versionIn(installed) === version) return installed;
  const cache = join(root, 'node_modules', '.cache', 'hallway-deb');
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) fetch(`${name}@${version}`, integrity, cache, folder);
  return folder;
}

function versionIn(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : undefined;
}

function fetch(what: string, integrity: string, cache: string, folder: string): void {
  const aside = join(cache, `.${process.pid}`);
  mkdirSync(aside, { recursive: true });
  try {
    const args = ['pack', what, '--json', '--silent', '--pack-destination', aside];
    const packed = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' })) as
      | readonly { filename: string }[]
      | Record<string, { filename: string }>;
    const archive = join(aside, Object.values(packed)[0]!.filename);
    checkIntegrity(readFileSync(archive), integrity, what);
    execFileSync('tar', ['--extract', '--no-same-owner', '--file', archive, '--directory', aside]);
    renameSync(join(aside, 'package'), folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Throws an Error when these are not the bytes that the lock file names. */
export function checkIntegrity(bytes: Buffer, integrity: string, what: string): void {
  const [algorithm = '', expected] = integrity.split('-');
  if (createHash(algorithm).update(bytes).digest('base64') !== expected)
    throw new Error(`${what} is not what package-lock.json says: it was changed on its way, or there`);
}
