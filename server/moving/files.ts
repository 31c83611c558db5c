// XEP-0227 1.1
import { posix } from 'node:path';
import { PieError } from '../stream/portable-words.ts';

/** The files that were given, by name, with `/` between folders; each leads to where it is really kept. */
export type Files = ReadonlyMap<string, string>;

export const MOST_FILES = 20_000;
export const LONGEST_NAME = 500;

/** A name for a file that may be kept, or undefined: it leads nowhere else than into its folder. */
export function checkName(name: string): string | undefined {
  const clean = posix.normalize(name);
  const odd = clean.startsWith('/') || clean.startsWith('..') || clean === '.' || clean.endsWith('/');
  return odd || name.length > LONGEST_NAME || /[\p{Cc}\\]/u.test(name) ? undefined : clean;
}

/**
 * The file that an `<include/>` means (XEP-0227 §4): a relative address, in the folder of what includes it or below the top folder.
 * Only what was given can be meant, so nothing else of this machine is ever opened. Throws PieError.
 */
export function included(files: Files, from: string, attrs: Readonly<Record<string, string>>): string {
  const { href = '', parse, xpointer } = attrs;
  const shown = href.slice(0, 200);
  if (href === '' || (parse !== undefined && parse !== 'xml') || xpointer !== undefined) {
    throw new PieError('It includes another file in a way that is not understood.');
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) || href.startsWith('/') || /[?#\\]/.test(href)) {
    throw new PieError(`It includes “${shown}”, which is no file beside it.`);
  }
  let path: string;
  try {
    path = decodeURIComponent(href);
  } catch {
    path = href;
  }
  const folder = posix.dirname(from);
  // Some servers write the name as it is, others as an address has it.
  for (const one of [href, path]) {
    const name = checkName(posix.join(folder, one));
    if (name !== undefined && files.has(name)) return name;
  }
  if (checkName(posix.join(folder, path)) === undefined) {
    throw new PieError(`It includes “${shown}”, which is not in the folder.`);
  }
  throw new PieError(`It includes “${shown}”, which was not given: take the whole folder.`);
}
