import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBundle } from './bundle.ts';
import { newKey } from './key.ts';
import { publish } from './publish.ts';
import { Refusal } from './refusal.ts';
import { RELEASES, type Release } from './release.ts';

/** `npm run repository`: for whoever ships the package. Exit code 1: it was refused or failed, 2: it was called wrongly. */
const HELP = `npm run repository -- new-key FOLDER
  Makes a key to sign with, in a new folder outside of the project. Keep it to yourself.

npm run repository -- publish --to FOLDER --key FINGERPRINT [--url URL] [--keep N] DEB...
  Makes a signed apt repository in FOLDER, or adds packages to it. FOLDER/public is for any static web server; URL is
  where it will be found, and is needed the first time. N versions are kept for each architecture, 5 when left out.

npm run repository -- bundle --to FOLDER --key FINGERPRINT --release ${Object.keys(RELEASES).join('|')} [--sources FILE] DEB
  Makes one file for machines without the internet: the package, and all of that release of Debian that it may need.
  The latter is fetched from where this machine has its Debian from, or as FILE says, in the format of sources.list(5)
  that has fields.

The key is looked for in your keyring; GNUPGHOME=FOLDER says that it is in that folder.
`;
const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const KEEP = '5';
const MOST_KEPT = 1_000;

/** npm runs this in the project's folder; who calls npm may be in another. */
const path = (name: string): string => resolve(process.env.INIT_CWD ?? '.', name);

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

class Usage extends Error {}

function given(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new Usage(`--${name} is lacking`);
  return value;
}

const OPTIONS = {
  to: { type: 'string' },
  key: { type: 'string' },
  url: { type: 'string' },
  keep: { type: 'string' },
  release: { type: 'string' },
  sources: { type: 'string' },
} as const;
type Values = { readonly [name in keyof typeof OPTIONS]?: string };

interface Verb {
  readonly options: readonly (keyof typeof OPTIONS)[];
  run(values: Values, words: readonly string[]): void;
}

const VERBS: Readonly<Record<string, Verb>> = {
  'new-key': {
    options: [],
    run(_values, words) {
      if (words.length !== 1) throw new Usage('new-key takes one folder');
      const folder = path(words[0]!);
      const fingerprint = newKey(folder, PROJECT);
      say(fingerprint, `Sign with it so: GNUPGHOME=${folder} npm run repository -- publish --key ${fingerprint} …`);
    },
  },
  publish: {
    options: ['to', 'key', 'url', 'keep'],
    run({ to, key, url, keep = KEEP }, words) {
      if (url !== undefined && !/^(?:https?:\/\/|file:\/)[^\s[\]]+$/.test(url)) throw new Usage(`${url} is no address`);
      if (!/^[1-9]\d*$/.test(keep) || Number(keep) > MOST_KEPT)
        throw new Usage(`--keep takes a number from 1 to ${MOST_KEPT}`);
      const files = words.map(path);
      const made = publish({ folder: path(given(to, 'to')), key: given(key, 'key'), url, keep: Number(keep), files });
      for (const { version, architecture } of made.dropped) say(`no longer kept: hallway ${version} ${architecture}`);
      for (const { version, architecture } of made.kept) say(`hallway ${version} ${architecture}`);
      say(made.changed ? `Published in ${made.folder}` : `Nothing has changed in ${made.folder}`);
    },
  },
  bundle: {
    options: ['to', 'key', 'release', 'sources'],
    run({ to, key, release, sources }, words) {
      if (words.length !== 1) throw new Usage('bundle takes one package');
      if (release === undefined || !Object.hasOwn(RELEASES, release))
        throw new Usage(`--release takes ${Object.keys(RELEASES).join(' or ')}`);
      const made = makeBundle({
        folder: path(given(to, 'to')),
        deb: path(words[0]!),
        key: given(key, 'key'),
        release: release as Release,
        sources: sources === undefined ? undefined : path(sources),
      });
      say(made.file, `${made.packages} packages, ${(made.bytes / 1e6).toFixed(0)} MB, signed in ${made.file}.asc`);
    },
  },
};

function run(words: readonly string[]): void {
  const [name = '', ...rest] = words;
  if (['help', '--help', '-h'].includes(name)) {
    say(HELP.trimEnd());
    return;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw new Usage(HELP.trimEnd());
  const options = Object.fromEntries(verb.options.map((option) => [option, OPTIONS[option]]));
  let read: { values: Values; positionals: string[] };
  try {
    read = parseArgs({ args: rest, options, allowPositionals: true });
  } catch (error) {
    throw new Usage((error as Error).message);
  }
  verb.run(read.values, read.positionals);
}

process.umask(0o022); // what is published is for everybody to read
try {
  run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal) && !(error instanceof Usage)) throw error;
  process.stderr.write(`npm run repository: ${error.message}\n`);
  process.exitCode = error instanceof Usage ? 2 : 1;
}
