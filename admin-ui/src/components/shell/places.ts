import type { Right } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';
import type { IconName } from '../kit/icon-paths.ts';

/** `needs`: whoever has not this right is not shown the way: `look` unless it says otherwise. */
export interface Place {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
  readonly needs?: Right;
}

/** Where one can go, as an office thinks of it: who is here, what they say, where they are reached, and how the house is kept. */
export const groups: readonly { readonly title: string; readonly places: readonly Place[] }[] = [
  { title: '', places: [{ to: '/', label: t('Overview'), icon: 'overview' }] },
  {
    title: t('Who is here'),
    places: [
      { to: '/people', label: t('People'), icon: 'people', needs: 'people' },
      { to: '/departments', label: t('Departments'), icon: 'departments' },
      { to: '/invitations', label: t('Invitations'), icon: 'mail' },
    ],
  },
  {
    title: t('Conversations'),
    places: [
      { to: '/rooms', label: t('Rooms'), icon: 'room' },
      { to: '/files', label: t('Files'), icon: 'file' },
      { to: '/archive', label: t('Archive'), icon: 'search' },
      { to: '/announcements', label: t('Announcements'), icon: 'info' },
      { to: '/reports', label: t('Reports'), icon: 'shield' },
    ],
  },
  {
    title: t('Connections'),
    places: [
      { to: '/domains', label: t('Domains'), icon: 'domain' },
      { to: '/certificates', label: t('Certificates'), icon: 'lock' },
      { to: '/federation', label: t('Other servers'), icon: 'servers' },
      { to: '/components', label: t('Components'), icon: 'plug' },
    ],
  },
  {
    title: t('Operation'),
    places: [
      { to: '/doctor', label: t('Doctor'), icon: 'doctor' },
      { to: '/backup', label: t('Backup'), icon: 'backup' },
      { to: '/settings', label: t('Settings'), icon: 'settings' },
      { to: '/figures', label: t('Figures'), icon: 'overview' },
      { to: '/log', label: t('Log'), icon: 'eye' },
      { to: '/activity', label: t('Activity'), icon: 'activity' },
      { to: '/administrators', label: t('Administrators'), icon: 'key', needs: 'owner' },
    ],
  },
];
