import type { BodyOf, ImportCheck, ImportRow, PeopleImport } from '../../../../server/http/contract/index.ts';
import { count } from '../../format.ts';
import { t } from '../../language.ts';

export type Wish = BodyOf<'POST /api/people/imports/check'>;
export type Field = ImportCheck['columns'][number]['field'];

/** What a column can be. */
export const FIELDS: readonly { value: Field; label: string }[] = [
  { value: 'ignore', label: t('Nothing') },
  { value: 'address', label: t('Address') },
  { value: 'email', label: t('E-mail') },
  { value: 'name', label: t('Full name') },
  { value: 'given', label: t('First name') },
  { value: 'family', label: t('Family name') },
  { value: 'department', label: t('Department') },
  { value: 'password', label: t('Password') },
];

export const fieldName = (field: Field): string => FIELDS.find(({ value }) => value === field)?.label ?? field;

/** What rows that were pasted are called in place of a file. */
export const PASTED = t('Pasted rows');

export const WHAT: Readonly<
  Record<ImportRow['what'], { label: string; tone: 'ok' | 'accent' | 'neutral' | 'danger' }>
> = {
  create: { label: t('New'), tone: 'ok' },
  invite: { label: t('Invited'), tone: 'ok' },
  change: { label: t('Changes'), tone: 'accent' },
  same: { label: t('As it is'), tone: 'neutral' },
  skip: { label: t('Left alone'), tone: 'neutral' },
  wrong: { label: t('Error'), tone: 'danger' },
};

export const STATES: Readonly<
  Record<PeopleImport['state'], { label: string; tone: 'ok' | 'accent' | 'neutral' | 'warn' }>
> = {
  running: { label: t('Under way'), tone: 'accent' },
  done: { label: t('Done'), tone: 'ok' },
  stopped: { label: t('Cut short'), tone: 'warn' },
  undoing: { label: t('Is being taken back'), tone: 'accent' },
  undone: { label: t('Taken back'), tone: 'neutral' },
};

/** How many rows of each sort there are, in words. */
export const HOW_MANY: Readonly<Record<ImportRow['what'], (n: number) => string>> = {
  create: (n) => t('{n} new | {n} new', n),
  invite: (n) => t('{n} to invite | {n} to invite', n),
  change: (n) => t('{n} to change | {n} to change', n),
  same: (n) => t('{n} as it is | {n} as they are', n),
  skip: (n) => t('{n} left alone | {n} left alone', n),
  wrong: (n) => t('{n} error | {n} errors', n),
};

/** What an import did, in a few words. */
export function didWords(one: PeopleImport): string {
  const gone = one.made + one.invited + one.changed + one.failed;
  const parts = [
    one.state === 'running' && gone > 0 ? t('{done} of {total}', { done: count(gone), total: count(one.total) }) : '',
    one.made > 0 ? t('{n} account made | {n} accounts made', one.made) : '',
    one.invited > 0 ? t('{n} invited | {n} people invited', one.invited) : '',
    one.changed > 0 ? t('{n} changed | {n} people changed', one.changed) : '',
    one.failed > 0 ? t('{n} not done | {n} people not done', one.failed) : '',
    one.leftOut > 0 ? t('{n} row left out | {n} rows left out', one.leftOut) : '',
    one.undone > 0 ? t('{n} taken back | {n} people taken back', one.undone) : '',
    one.kept > 0 ? t('{n} kept, in use | {n} people kept, in use', one.kept) : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** The bytes in base 64. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += 32_768) {
    text += String.fromCharCode(...bytes.subarray(from, from + 32_768));
  }
  return btoa(text);
}
