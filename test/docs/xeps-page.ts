// Writes docs/XEPS.md from what the files of the server say of themselves:  npm run docs
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TITLES } from './xep-titles.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PAGE = 'docs/XEPS.md';

/** One XEP, the version that was read, where it is and which tests name it. */
interface Entry {
  readonly number: number;
  readonly versions: Set<string>;
  readonly files: Set<string>;
  readonly tests: string[];
}

/** `xep: [191, '1.3']` in the header of a module, a feature or a component; `also: [[30, '2.5'], …]` for more in one file. */
const VALUE = /\bxep: \[(\d+), '([^']+)'\]/g;
const MORE = /\balso: \[((?:\s*\[\d+, '[^']+'\],?)+)\s*\]/g;
/** `// XEP-0059 1.0.0, XEP-0068 1.3.0` in a line of its own, where there is no such header. */
const COMMENT = /^\/\/ (XEP-\d{4} \d[\w.]*(?:, XEP-\d{4} \d[\w.]*)*)$/gm;

function declared(text: string): (readonly [number: number, version: string])[] {
  const found: [number, string][] = [];
  for (const [, number, version] of text.matchAll(VALUE)) found.push([Number(number), version!]);
  for (const [, list] of text.matchAll(MORE)) {
    for (const [, number, version] of list!.matchAll(/\[(\d+), '([^']+)'\]/g)) found.push([Number(number), version!]);
  }
  for (const [, list] of text.matchAll(COMMENT)) {
    for (const [, number, version] of list!.matchAll(/XEP-(\d{4}) ([\w.]+)/g)) found.push([Number(number), version!]);
  }
  return found;
}

const name = (number: number): string => `XEP-${String(number).padStart(4, '0')}`;

/** All that is declared, in the order of the numbers. */
export function entries(): Entry[] {
  const all = new Map<number, Entry>();
  for (const file of globSync('server/**/*.ts', { cwd: ROOT }).sort()) {
    for (const [number, version] of declared(readFileSync(`${ROOT}/${file}`, 'utf8'))) {
      const entry = all.get(number) ?? { number, versions: new Set(), files: new Set(), tests: [] };
      all.set(number, entry);
      entry.versions.add(version);
      entry.files.add(file);
    }
  }
  const tests = globSync('test/**/*.{ts,py}', { cwd: ROOT, exclude: (path) => path.endsWith('docs') }).sort();
  for (const test of tests) {
    const text = readFileSync(`${ROOT}/${test}`, 'utf8');
    for (const entry of all.values()) if (text.includes(name(entry.number))) entry.tests.push(test);
  }
  return [...all.values()].sort((one, other) => one.number - other.number);
}

/** The page as it must be. */
export function page(): string {
  const link = (path: string): string => `[${path.replace(/^(?:server|test)\//, '')}](../${path})`;
  const rows = entries().map(({ number, versions, files, tests }) => {
    const cells = [
      `[${name(number)}](https://xmpp.org/extensions/${name(number).toLowerCase()}.html)`,
      TITLES[number] ?? '?',
      [...versions].join(', '),
      [...files].map(link).join(' '),
      tests.slice(0, 4).map(link).join(' '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `# What is spoken here

The extensions that the server implements, with the version that was read, where each is, and tests that name it (four at most). This
page is made by \`npm run docs\` from the headers of the files, and a test fails when it is stale. The core is RFC 6120, 6121, 6122 in
the form of 7622, 7395, 7590 and XEP-0368.

| number | name | version | where | shown by |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(`${ROOT}/${PAGE}`, page());
