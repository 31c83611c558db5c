import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AptRoot } from './apt-root.ts';
import { makeRepository } from './aptly.ts';
import { readDeb } from './deb.ts';
import { fetchNeeds } from './debian.ts';
import { withDraft } from './draft.ts';
import { signingKey } from './key.ts';
import { succeed } from './program.ts';
import { RELEASES, type Release } from './release.ts';
import { sourcesFile } from './sources.ts';

export interface Bundle {
  /** Where it is to lie. */
  readonly folder: string;
  readonly deb: string;
  /** The fingerprint of the key to sign with. */
  readonly key: string;
  readonly release: Release;
  /** A file that says where Debian's packages are; undefined: where this machine has its own from. */
  readonly sources: string | undefined;
}

export interface BundleMade {
  readonly file: string;
  readonly bytes: number;
  readonly packages: number;
}

/** What both texts for the machine say of the bundle they are in. */
const GAP = /@([A-Z]+)@/g;
const TEXTS = [new URL('./install.sh', import.meta.url), new URL('./README.txt', import.meta.url)];

/**
 * Makes one file by which the package is installed on a machine that has no other repository, beside it its signature. Throws a Refusal
 * when something is wrong with what is given or cannot be fetched; a bundle that was there is as it was then.
 */
export function makeBundle({ folder, deb: file, key: fingerprint, release, sources }: Bundle): BundleMade {
  const key = signingKey(fingerprint);
  const deb = readDeb(file);
  const { version, architecture } = deb;
  return withDraft(folder, (draft) => {
    const needs = fetchNeeds({ release, architecture, deb: file, sources }, join(draft, 'apt'));
    const name = `hallway_${version}_${release}_${architecture}`;
    const inside = join(draft, name);
    mkdirSync(inside);
    const files = [file, ...needs];
    const content = { suite: release, architectures: [architecture], key: key.fingerprint, files };
    renameSync(makeRepository(draft, content), join(inside, 'repository'));
    writeFileSync(join(inside, 'key.asc'), key.armoured);
    const facts: Readonly<Record<string, string>> = {
      VERSION: version,
      RELEASE: release,
      DEBIAN: String(RELEASES[release]),
      ARCHITECTURE: architecture,
      NAME: name,
      FINGERPRINT: key.fingerprint,
    };
    for (const text of TEXTS) {
      const filled = readFileSync(text, 'utf8').replace(GAP, (_gap, fact: string) => facts[fact]!);
      writeFileSync(join(inside, basename(text.pathname)), filled);
    }
    tryOut(join(inside, 'repository'), { release, architecture, armoured: key.armoured }, join(draft, 'check'));

    const tar = join(draft, `${name}.tar`);
    const words = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-C', draft, '-cf', tar, name];
    succeed('the bundle could not be written', 'tar', words);
    const sign = ['--batch', '--yes', '--local-user', key.fingerprint, '--armor', '--detach-sign', tar];
    succeed('the bundle could not be signed', 'gpg', sign, { asks: true });
    const to = join(folder, basename(tar));
    renameSync(tar, to);
    renameSync(`${tar}.asc`, `${to}.asc`);
    return { file: to, bytes: statSync(to).size, packages: files.length };
  });
}

/** An apt that has nothing but this repository must find all it needs in it. */
function tryOut(
  repository: string,
  { release, architecture, armoured }: { release: Release; architecture: string; armoured: string },
  scratch: string,
): void {
  const apt = new AptRoot(scratch, architecture, sourcesFile(pathToFileURL(repository).href, release, { armoured }));
  apt.run('the bundle that was made cannot be read', 'update');
  apt.run('the bundle that was made is not whole', 'install', '--yes', '--simulate', 'hallway');
}
