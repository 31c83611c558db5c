import type { FileUse } from '../../../../server/http/contract/index.ts';
import { bytes } from '../../format.ts';
import { t } from '../../language.ts';

/** What others called a file, with a sign for what would turn the order of letters round or cannot be seen. */
export const nameShown = (name: string): string => name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');

/** The same, of a long one the two ends: what kind of file it is stands at the last. */
export function nameInShort(name: string): string {
  const letters = [...nameShown(name)];
  return letters.length <= 80 ? letters.join('') : `${letters.slice(0, 50).join('')} … ${letters.slice(-25).join('')}`;
}

/** The same in a sentence of ours: its direction stays inside. */
export const quoted = (name: string): string => t('“{text}”', { text: `\u2068${nameInShort(name)}\u2069` });

export const filesOf = (files: number): string => t('one file | {n} files', files);

/** As "12 files (340 MB)". */
export const useWords = ({ files, bytes: size }: FileUse): string =>
  files === 0 ? t('no files') : `${filesOf(files)} (${bytes(size)})`;

/** The page of a person. */
export function personPath(jid: string): string {
  const at = jid.indexOf('@');
  return `/people/${encodeURIComponent(jid.slice(at + 1))}/${encodeURIComponent(jid.slice(0, at))}`;
}

/** The page of a room, undefined when it is not one of the house. */
export function roomPath(room: string): string | undefined {
  const [, name, domain] = /^([^@]+)@conference\.(.+)$/.exec(room) ?? [];
  return name && domain && `/rooms/${encodeURIComponent(domain)}/${encodeURIComponent(name)}`;
}
