import type { DepartmentRelation } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';

export type Wish = DepartmentRelation['relation'] | 'usual';

/** What can be decided between two departments, as sentences; what is usual says what that is. */
export function choicesOf(
  one: string,
  other: string,
  usually: 'hidden' | 'mutual',
): readonly { value: Wish; label: string }[] {
  const names = { one, other };
  const mutual = t('{one} and {other} have each other', names);
  const hidden = t('Neither has the other', names);
  return [
    { value: 'usual', label: t('As usual: {what}', { what: usually === 'mutual' ? mutual : hidden }) },
    { value: 'mutual', label: mutual },
    { value: 'sees', label: t('Only {one} has {other}', names) },
    { value: 'seen', label: t('Only {other} has {one}', { one, other }) },
    { value: 'hidden', label: hidden },
  ];
}

/** The same of one department with itself. */
export function insideChoices(): readonly { value: Wish; label: string }[] {
  return [
    { value: 'usual', label: t('They have each other') },
    { value: 'hidden', label: t('They do not have each other') },
  ];
}

export const departmentPath = (id: number): string => `/departments/${id}`;
