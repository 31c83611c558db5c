import type { Key } from './key.ts';

/** The suite of the published repository: there is one, and the newest version in it is the one to have. */
export const SUITE = 'stable';

/** A file for /etc/apt/sources.list.d, in deb822: where the repository is, and the only key that apt takes for it. */
export function sourcesFile(uri: string, suite: string, { armoured }: Pick<Key, 'armoured'>): string {
  const key = armoured.trim().split('\n');
  const lines = key.map((line) => ` ${line.trim() === '' ? '.' : line}`);
  return ['Types: deb', `URIs: ${uri}`, `Suites: ${suite}`, 'Components: main', 'Signed-By:', ...lines, ''].join('\n');
}

/** What such a file says. */
export function readSources(text: string): { readonly uri: string; readonly armoured: string } {
  const [, uri = ''] = /^URIs: (.*)$/m.exec(text) ?? [];
  const [, key = ''] = /^Signed-By:\n((?: .*\n)*)/m.exec(text) ?? [];
  return { uri, armoured: key.replace(/^ \.?/gm, '') };
}
