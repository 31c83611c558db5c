import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AptRoot } from './apt-root.ts';
import { makeRepository } from './aptly.ts';
import { ARCHITECTURES, compareVersions, type Deb, readDeb, sha256 } from './deb.ts';
import { withDraft } from './draft.ts';
import { fingerprintOf, type Key, signingKey } from './key.ts';
import { Refusal } from './refusal.ts';
import { readSources, SUITE, sourcesFile } from './sources.ts';

/**
 * A folder with a repository has in it
 *  - `public`, a link to what a web server hands out: the repository, and the sources file by which machines find and trust it;
 *  - `generation-N`, what it leads to. Each change makes a new one beside it, and the link is moved last.
 */
const LINK = 'public';
const GENERATION = /^generation-(\d+)$/;
const SOURCES = 'hallway.sources';

export interface Publish {
  readonly folder: string;
  /** Packages to add. */
  readonly files: readonly string[];
  /** The fingerprint of the key to sign with. */
  readonly key: string;
  /** Where machines will find what is in `public`; undefined: as it was. */
  readonly url: string | undefined;
  /** How many versions are kept for each architecture, the newest. */
  readonly keep: number;
}

export interface Published {
  readonly changed: boolean;
  /** What a web server is to hand out. */
  readonly folder: string;
  readonly kept: readonly Deb[];
  /** Those that were there, or were to be added, and are too old. */
  readonly dropped: readonly Deb[];
}

/**
 * Makes a signed apt repository, or adds to one. The same once more changes nothing. Throws a Refusal when something is wrong with what
 * is given, or when it breaks off: what was published is as it was then.
 */
export function publish({ folder, files, key: fingerprint, url, keep }: Publish): Published {
  const key = signingKey(fingerprint);
  const given = files.map(readDeb);
  return withDraft(folder, (draft) => {
    const link = join(folder, LINK);
    const now = present(link);
    if (now !== undefined) checkKey(now.armoured, key);
    const uri = url ?? now?.uri;
    if (uri === undefined)
      throw new Refusal('--url is lacking: the address at which machines will find the repository');
    const there = now === undefined ? [] : trusted(link, key, join(draft, 'check'));
    const [kept, dropped] = newest(merged(there, copied(given, join(draft, 'given'))), keep);
    if (kept.length === 0) throw new Refusal('there is no package to publish');
    const sources = sourcesFile(uri, SUITE, key);
    const same = (one: readonly Deb[], other: readonly Deb[]): boolean => one.every((deb) => has(other, deb));
    if (same(kept, there) && same(there, kept) && sources === now?.sources)
      return { changed: false, folder: link, kept, dropped };

    const content = { suite: SUITE, architectures: ARCHITECTURES, key: key.fingerprint };
    const made = makeRepository(draft, { ...content, files: kept.map(({ file }) => file) });
    writeFileSync(join(made, SOURCES), sources);
    replace(folder, draft, made);
    return { changed: true, folder: link, kept, dropped };
  });
}

interface Present {
  readonly uri: string;
  /** The key that it is signed with. */
  readonly armoured: string;
  /** The text of its sources file. */
  readonly sources: string;
}

function present(link: string): Present | undefined {
  const stat = lstatSync(link, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const file = join(link, SOURCES);
  if (!stat.isSymbolicLink() || !existsSync(file))
    throw new Refusal(`${link} is there, and is no repository of Hallway`);
  const sources = readFileSync(file, 'utf8');
  return { ...readSources(sources), sources };
}

/** Machines that trust the key of before would take nothing that another has signed. */
function checkKey(armoured: string, { fingerprint }: Key): void {
  const before = fingerprintOf(armoured);
  if (before !== fingerprint)
    throw new Refusal(
      `the repository is signed with the key ${before ?? 'that nobody can read'}, and machines that have it take no other: another key needs another folder`,
    );
}

/**
 * The packages that are published, each as its signed index says: this folder may have been in reach of a web server, and what
 * somebody has put there must not be signed anew. So the key to check it with is none that lies there.
 */
function trusted(link: string, { armoured }: Key, scratch: string): Deb[] {
  // Copied, so that what is read is what was checked.
  const sources = sourcesFile(pathToFileURL(link).href.replace(/^file:/, 'copy:'), SUITE, { armoured });
  const apt = new AptRoot(scratch, ARCHITECTURES.join(), sources);
  apt.run(`what is in ${link} is not what was signed`, 'update');
  const index = apt.index();
  if (index.length !== globSync('pool/**/*.deb', { cwd: link }).length)
    throw new Refusal(`in ${join(link, 'pool')} is not what was signed`);
  return index.map((fields) => {
    const file = join(link, fields.get('Filename') ?? '');
    const sum = fields.get('SHA256') ?? '';
    if (!existsSync(file) || sha256(file) !== sum) throw new Refusal(`${file} is not what was signed`);
    return { file, version: fields.get('Version') ?? '', architecture: fields.get('Architecture') ?? '', sha256: sum };
  });
}

/** Whoever changes a file of theirs later changes nothing that is published. */
function copied(debs: readonly Deb[], folder: string): Deb[] {
  mkdirSync(folder);
  return debs.map((deb, index) => {
    const file = join(folder, String(index), `hallway_${deb.version}_${deb.architecture}.deb`);
    mkdirSync(dirname(file));
    copyFileSync(deb.file, file);
    chmodSync(file, 0o644);
    return { ...deb, file };
  });
}

function has(debs: readonly Deb[], { sha256: sum }: Deb): boolean {
  return debs.some((deb) => deb.sha256 === sum);
}

function merged(there: readonly Deb[], given: readonly Deb[]): Deb[] {
  const all = [...there];
  for (const deb of given) {
    const other = all.find((one) => one.version === deb.version && one.architecture === deb.architecture);
    if (other === undefined) all.push(deb);
    else if (other.sha256 !== deb.sha256)
      throw new Refusal(
        `hallway ${deb.version} for ${deb.architecture} is there already, and the one given is another file: a new package needs a new version`,
      );
  }
  return all;
}

function newest(debs: readonly Deb[], keep: number): [kept: Deb[], dropped: Deb[]] {
  const kept = ARCHITECTURES.flatMap((architecture) =>
    debs
      .filter((deb) => deb.architecture === architecture)
      .sort((a, b) => compareVersions(b.version, a.version))
      .slice(0, keep),
  );
  return [kept, debs.filter((deb) => !kept.includes(deb))];
}

/** Puts what was made in the place of what is there, in one step. */
function replace(folder: string, draft: string, made: string): void {
  const before = readdirSync(folder).filter((name) => GENERATION.test(name));
  const last = Math.max(0, ...before.map((name) => Number(GENERATION.exec(name)![1])));
  const name = `generation-${last + 1}`;
  renameSync(made, join(folder, name));
  symlinkSync(name, join(draft, LINK));
  renameSync(join(draft, LINK), join(folder, LINK));
  for (const old of before) rmSync(join(folder, old), { recursive: true, force: true });
}
