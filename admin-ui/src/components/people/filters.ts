import { t } from '../../language.ts';

/** Whom the list shows: by state, or those who administer from chat. */
export const STATUSES = [
  { value: 'all', label: t('Everybody') },
  { value: 'online', label: t('Online now') },
  { value: 'active', label: t('May log in') },
  { value: 'disabled', label: t('Disabled') },
  { value: 'leaving', label: t('To be deleted') },
  { value: 'never', label: t('Never signed in') },
  { value: 'full', label: t('Little space left') },
  { value: 'chat-admin', label: t('Administer from chat') },
] as const;

export type StatusFilter = (typeof STATUSES)[number]['value'];

export const SORTS = [
  { value: 'address', label: t('By address') },
  { value: 'name', label: t('By name') },
  { value: 'seen', label: t('By last seen') },
  { value: 'created', label: t('By age') },
] as const;

export type Sort = (typeof SORTS)[number]['value'];

/** Those whom the list shows, from what stands in the address of the page. */
export function statusOf(text: string): StatusFilter {
  return STATUSES.find(({ value }) => value === text)?.value ?? 'all';
}

export function sortOf(text: string): Sort {
  return SORTS.find(({ value }) => value === text)?.value ?? 'address';
}

/** What is latest comes first, unless somebody turns it round. */
export const fallsFirst = (sort: Sort): boolean => sort === 'seen' || sort === 'created';
