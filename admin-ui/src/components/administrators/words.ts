import type { Role } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';

/** The roles, as they are chosen from. */
export const roles: readonly { value: Role; label: string; hint: string }[] = [
  { value: 'owner', label: t('Owner'), hint: t('May do everything, and decides who the administrators are.') },
  {
    value: 'admin',
    label: t('Administrator'),
    hint: t('Runs the house: people, rooms, domains, settings. Does not read what people say to each other.'),
  },
  {
    value: 'help-desk',
    label: t('Help desk'),
    hint: t('Sees people, resets passwords, disables and enables. Nothing else.'),
  },
  { value: 'auditor', label: t('Auditor'), hint: t('Reads everything, also what people say. Changes nothing.') },
];

export function roleWords(role: string): string {
  return roles.find(({ value }) => value === role)?.label ?? role;
}
