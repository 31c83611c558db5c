import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

  /** Throws a Refusal: `what`, and what apt says. */
  run(what: string, ...words: string[]): string {
    const { ok, stdout, why } = attempt('apt-get', ['-q', ...this.#options, ...words]);
    if (!ok) throw new Refusal(`${what}: ${why}`);
    return stdout;
  }

  /** The packages that it has fetched. */
  fetched(): string[] {
    const folder = join(this.#folder, 'cache/archives');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.deb'))
      .map((name) => join(folder, name));
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
