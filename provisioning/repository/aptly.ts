import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from './program.ts';

export interface Content {
  /** A name of a release, as a sources file has it under Suites. */
  readonly suite: string;
  readonly architectures: readonly string[];
  /** The packages. They may become one file with those of the repository, by a hard link. */
  readonly files: readonly string[];
  /** The fingerprint of the key in the caller's keyring to sign with. */
  readonly key: string;
}

/** Has aptly make a signed repository in `draft`, an empty folder, and keep nothing anywhere else. Gives the repository's folder. */
export function makeRepository(draft: string, { suite, architectures, files, key }: Content): string {
  const root = join(draft, 'aptly');
  mkdirSync(root, { recursive: true });
  const config = join(draft, 'aptly.conf');
  // All debs are checked already; a signature is for who fetches, and aptly fetches nothing here.
  writeFileSync(config, JSON.stringify({ rootDir: root, gpgProvider: 'gpg2', gpgDisableVerify: true }));
  const aptly = (...words: string[]): string =>
    succeed('the repository could not be made', 'aptly', [`-config=${config}`, ...words], { asks: true });
  aptly('repo', 'create', '-component=main', 'hallway');
  aptly('repo', 'add', 'hallway', ...files);
  aptly(
    ...['publish', 'repo', `-distribution=${suite}`, `-architectures=${architectures.join()}`],
    ...['-origin=Hallway', '-label=Hallway', '-skip-contents', '-skip-bz2', `-gpg-key=${key}`],
    'hallway',
  );
  return join(root, 'public');
}
