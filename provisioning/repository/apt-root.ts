import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './program.ts';
import { Refusal } from './refusal.ts';

/** An apt that knows nothing of this machine: no package is installed, and there are no sources but the given. */
export class AptRoot {
  readonly #folder: string;
  readonly #options: readonly string[];

  /** `folder`: empty or not there; `sources`: the text of a sources file in deb822. */
  constructor(folder: string, architecture: string, sources: string) {
    this.#folder = folder;
    for (const name of ['sources', 'lists/partial', 'cache/archives/partial'])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'sources/one.sources'), sources);
    writeFileSync(join(folder, 'status'), '');
    const options = {
      'Dir::Etc::SourceList': '/dev/null',
      'Dir::Etc::SourceParts': join(folder, 'sources'),
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      'Dir::State': folder,
      'Dir::State::Lists': join(folder, 'lists'),
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': join(folder, 'cache'),
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'APT::Sandbox::User': 'root', // the folder may be private to whoever runs this
      'APT::Update::Error-Mode': 'any',
      'APT::Install-Recommends': 'false',
      'Acquire::Languages': 'none',
      'Acquire::GzipIndexes': 'false',
      'Debug::NoLocking': 'true',
    };
    this.#options = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** Runs apt-get. Throws a Refusal: `what`, and what it says. */
  run(what: string, ...words: readonly string[]): string {
    const { ok, stdout, why } = attempt('apt-get', ['-q', ...this.#options, ...words], { cwd: this.#folder });
    if (!ok) throw new Refusal(`${what}: ${why}`);
    return stdout;
  }

  /** Fetches packages, each as `name=version`, as their indexes say they are. Gives their files. Throws as `run` does. */
  fetch(what: string, packages: readonly string[]): string[] {
    if (packages.length > 0) this.run(what, 'download', ...packages);
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.deb'))
      .map((name) => {
        // With an epoch a file has a sign in its name that stands for another one in an address: Debian has none there.
        const file = join(this.#folder, name.replace(/_\d+%3a/, '_'));
        renameSync(join(this.#folder, name), file);
        return file;
      });
  }

  /** What the indexes say, whose signature was good: for each package its fields. */
  index(): ReadonlyMap<string, string>[] {
    const lists = join(this.#folder, 'lists');
    const texts = readdirSync(lists).filter((name) => name.endsWith('_Packages'));
    return texts.flatMap((name) =>
      readFileSync(join(lists, name), 'utf8')
        .split(/\n{2,}/)
        .filter((stanza) => stanza.trim() !== '')
        .map((stanza) => new Map([...stanza.matchAll(/^([\w-]+): (.*)$/gm)].map(([, key, value]) => [key!, value!]))),
    );
  }
}
