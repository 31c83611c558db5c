import { readFileSync } from 'node:fs';
import { AptRoot } from './apt-root.ts';
import { succeed } from './program.ts';
import { Refusal } from './refusal.ts';
import { RELEASES, type Release } from './release.ts';

/** In each Debian: the keys of the archive, also those of the next release. */
const ARCHIVE_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SECURITY = 'Debian-Security';

/** Where this machine has its Debian from, for another release of it: the text of a sources file. */
function ownSources(release: Release): string {
  const format = '$(ORIGIN)|$(LABEL)|$(CODENAME)|$(REPO_URI)';
  const listed = succeed('apt does not say where its packages are from', 'apt-get', [
    'indextargets',
    '--format',
    format,
  ]);
  const suites = new Map<string, string>();
  for (const line of listed.split('\n')) {
    const [origin, label, codename = '', uri = ''] = line.split('|');
    const base = Object.keys(RELEASES).find((name) => codename === name || codename.startsWith(`${name}-`));
    if (origin !== 'Debian' || base === undefined || (label !== 'Debian' && label !== SECURITY)) continue;
    const suite = codename.replace(base, release);
    if (label === SECURITY || !suite.endsWith('-security')) suites.set(suite, uri);
  }
  if (!suites.has(release))
    throw new Refusal(
      'this machine has no packages of Debian at hand: apt-get update, or --sources FILE to say where they are',
    );
  return [...suites]
    .map(([suite, uri]) => `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${ARCHIVE_KEYS}\n`)
    .join('\n');
}

export interface Wanted {
  readonly release: Release;
  readonly architecture: string;
  /** The package itself. */
  readonly deb: string;
  /** A sources file to use in the place of this machine's. */
  readonly sources: string | undefined;
}

function given(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Refusal(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** The names that a package recommends, of alternatives the first. */
function recommended(deb: string): string[] {
  const field = succeed(`${deb} cannot be read`, 'dpkg-deb', ['--field', deb, 'Recommends']);
  return [...field.matchAll(/(?:^|,)\s*([a-z0-9][a-z0-9+.-]+)/g)].map(([, name]) => name!);
}

/**
 * Fetches what the package may need beside itself on whatever installation of that release, what it recommends included, into `scratch`.
 * That is all of it, down to the C library: what a machine has already it does not take from here, and which of it is old enough
 * there to be needed anew nobody can know. Gives the files.
 */
export function fetchNeeds({ release, architecture, deb, sources }: Wanted, scratch: string): string[] {
  const apt = new AptRoot(scratch, architecture, sources === undefined ? ownSources(release) : given(sources));
  apt.run(`Debian’s packages for ${release} (${architecture}) cannot be looked up`, 'update');
  const what = `what Hallway needs of ${release} (${architecture}) cannot be fetched`;
  const said = apt.run(what, 'install', '--yes', '--simulate', deb, ...recommended(deb));
  const needs = [...said.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name, version]) => `${name}=${version}`);
  return apt.fetch(
    what,
    needs.filter((need) => !need.startsWith('hallway=')),
  );
}
