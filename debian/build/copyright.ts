import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
  readonly author?: string | { readonly name: string };
  readonly homepage?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What is in the package besides ours. */
interface Part {
  /** Where it lies, seen from the folder in which the package is built. */
  readonly files: string;
  readonly comment: string;
  readonly holders: readonly string[];
  /** SPDX. */
  readonly license: string;
  /** '' where the package has none. */
  readonly text: string;
}

const FILE = /^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i;
const HOLDER =
  /^[\s*#/]*(?:copyright\b(?! notice| holder| owner| licen[cs]e| law).*\d{4}.*|copyright (?:\(c\)|©).*|\(c\) .*\d{4}.*)$/i;

/** Licences that every Debian has the text of, and how it calls them. */
const COMMON: Readonly<Record<string, string>> = {
  'Apache-2.0': 'Apache-2.0',
  'MPL-2.0': 'MPL-2.0',
  'GPL-2.0': 'GPL-2',
};
const GNU = /^\s*GNU GENERAL PUBLIC LICENSE\s*$/m;

/** Where the text of licences is that are not told at length. */
function elsewhere(ids: readonly string[]): string {
  const files = ids.map((id) => `/usr/share/common-licenses/${COMMON[id]!}`).join(' and ');
  return `On Debian systems, the text of this licence is in ${files}.`;
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function licenseOf({ name, license, licenses }: Manifest): string {
  const one = license ?? licenses?.[0];
  const id = typeof one === 'string' ? one : one?.type;
  if (id === undefined) throw new Error(`${name} does not say under which licence it is`);
  return id;
}

/** What one package says of itself. */
function partOf(folder: string): Part {
  const about = manifest(folder);
  const license = licenseOf(about);
  const file = readdirSync(folder).find((name) => FILE.test(name));
  const whole = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').replaceAll('\r', '');
  const lines = whole.split('\n');
  const holders = lines.filter((line) => HOLDER.test(line)).map((line) => line.replace(/^[\s*#/]+/, '').trim());
  const author = typeof about.author === 'object' ? about.author.name : about.author;
  const text = lines
    .filter((line) => !HOLDER.test(line))
    .join('\n')
    .trim();
  return {
    files: `node_modules/${folder.split('/node_modules/').slice(1).join('/node_modules/')}/*`,
    comment: `${about.name} ${about.version}${about.homepage === undefined ? '' : `, ${about.homepage}`}`,
    holders: holders.length > 0 ? holders : [author ?? `the authors of ${about.name}`],
    license,
    text,
  };
}

/** A package and all that it needs, as some are published with that inside them. */
export function withNeeds(root: string, name: string, from = root, found = new Set<string>()): Set<string> {
  const folder = [join(from, 'node_modules', name), join(root, 'node_modules', name)].find((one) => existsSync(one));
  if (folder === undefined || found.has(folder)) return found;
  found.add(folder);
  for (const need of Object.keys(manifest(folder).dependencies ?? {})) withNeeds(root, need, folder, found);
  return found;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}

/** Texts that differ in nothing but how they are broken into lines are one. */
function sameText(text: string): string {
  return text
    .replace(/[\s*_#>-]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** The text of a licence, or of several to choose from, without what every Debian has. */
function told(ids: readonly string[], common: readonly string[], text: string): string {
  if (common.length === ids.length) return elsewhere(ids);
  const [own = ''] = text.split(GNU);
  return own.length === text.length ? text : `${own.trim()}\n\n${elsewhere(common)}`;
}

class Texts {
  readonly #names = new Map<string, string>();
  readonly #taken = new Map<string, number>();
  readonly #stanzas: string[] = [];

  /** The name under which the text of a licence is in the file. */
  name(license: string, text: string): string {
    const ids = license.replace(/[()]/g, '').split(/ or /i);
    const common = ids.filter((id) => id in COMMON);
    const key = common.length === ids.length ? ids.join() : `${license} ${sameText(text)}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const id = ids.join(' or ');
    const count = (this.#taken.get(id) ?? 0) + 1;
    this.#taken.set(id, count);
    const name = count === 1 ? id : `${id}~${count}`;
    this.#names.set(key, name);
    this.#stanzas.push(`License: ${name}\n${indented(told(ids, common, text))}`);
    return name;
  }

  get stanzas(): readonly string[] {
    return this.#stanzas;
  }
}

const HEAD = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Hallway
Comment:
 This package holds Node.js and the libraries that the server and its panel are made of, in exactly the versions that they were
 tested with. What follows was put together from these libraries when the package was built. Paths are those of the folder in
 which it is built.

Files: *
Copyright: 2026 the authors of Hallway
License: GPL-3+
 This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as
 published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.
 .
 This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of
 MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.
 .
 On Debian systems, the text of this licence is in /usr/share/common-licenses/GPL-3.`;

const PERL = `This is free software; you can redistribute it and/or modify it under the same terms as Perl itself, which are the
GNU General Public License, version 1 or later, or the Artistic License.

On Debian systems, their texts are in /usr/share/common-licenses/GPL-1 and /usr/share/common-licenses/Artistic.`;

/** The file debian/copyright of a package that holds these packages of npm's (their folders), Node and ExifTool. */
export function copyrightFile(packages: Iterable<string>, node: string, exiftool: string): string {
  const texts = new Texts();
  const perl: Part = {
    ...partOf(exiftool),
    holders: ['Phil Harvey (ExifTool)', 'Matthew McEachen (its package)'],
    license: 'Perl',
    text: PERL,
  };
  const parts = [...[...packages].map(partOf), perl].sort((one, other) => (one.files < other.files ? -1 : 1));
  const stanzas = parts.map(({ files, comment, holders, license, text }) => {
    // One that only names its licence is under the same words as others of that name; of two to choose from we take the first.
    const [id] = license.replace(/[()]/g, '').split(/ or /i);
    const words = text === '' ? parts.find((other) => other.license === id && other.text !== '')?.text : text;
    if (words === undefined) throw new Error(`${comment} has no text of its licence (${license})`);
    const who = indented([...new Set(holders)].join('\n'));
    return `Files: ${files}\nCopyright:\n${who}\nLicense: ${texts.name(license, words)}\nComment: ${comment}`;
  });
  const { version } = manifest(node);
  const own = `Files: node_modules/node-linux-*/*
Copyright: Node.js contributors, Joyent, Inc. and other Node contributors, and those named below
License: Node.js
Comment: Node.js ${version} with the libraries that it is built of: V8, OpenSSL, ICU, libuv, zlib and others`;
  const [, text] = /"""\n([\s\S]*?)\n"""/.exec(readFileSync(join(node, 'LICENSE'), 'utf8'))!;
  const more = 'The licences of all that it is built of are in /usr/share/doc/hallway/nodejs.txt.gz.';
  const license = `License: Node.js\n${indented(`${text}\n\n${more}`)}`;
  return `${[HEAD, own, ...stanzas, ...texts.stanzas, license].join('\n\n')}\n`;
}
