import { isAbsolute } from 'node:path';
import { choiceOption, numberOption, type Option, textOption } from '../host/options.ts';

const group = 'Backup';

/** Off until somebody decides: copies that nobody asked for fill the disk. The doctor says that there are none. */
export const backupSchedule: Option<'off' | 'daily' | 'weekly'> = choiceOption({
  key: 'backup.schedule',
  scope: 'house',
  group,
  title: 'Backups by themselves',
  help: 'Each is restored as a test right after it was made, and marked good or bad.',
  choices: { off: 'None', daily: 'Every night', weekly: 'Every week, in the night to Sunday' },
  default: 'off',
});

export const backupHour: Option<number> = numberOption({
  key: 'backup.hour',
  scope: 'house',
  group,
  title: 'Hour of the backup',
  help: 'By the clock of this machine. One that was missed is made up for when the server is there again.',
  least: 0,
  most: 23,
  unit: 'o’clock',
  default: 3,
});

export const backupFolder: Option<string> = textOption({
  key: 'backup.folder',
  scope: 'house',
  group,
  title: 'Folder for backups',
  help: 'Best on another disk, or on a share of another machine. It must be there, and the server must be allowed to write to it. Empty: in the data folder.',
  longest: 1_000,
  default: '',
  owner: true,
  wrong: (value) => (value === '' || isAbsolute(value) ? undefined : 'It begins with a slash, as /mnt/backup.'),
});

export const backupKeep: Option<number> = numberOption({
  key: 'backup.keep',
  scope: 'house',
  group,
  title: 'How many are kept',
  help: 'So many good ones stay; an older one goes when a newer one was found good.',
  least: 1,
  most: 100,
  default: 7,
  owner: true,
});

export const backupOptions: readonly Option[] = [backupSchedule, backupHour, backupFolder, backupKeep];

/** The last moment at which a backup was due, ms since 1970; undefined when none ever is. */
export function lastDue(schedule: 'off' | 'daily' | 'weekly', hour: number, now: number): number | undefined {
  if (schedule === 'off') return undefined;
  const at = new Date(now);
  at.setHours(hour, 0, 0, 0);
  if (at.getTime() > now) at.setDate(at.getDate() - 1);
  while (schedule === 'weekly' && at.getDay() !== 0) at.setDate(at.getDate() - 1);
  return at.getTime();
}

/** The next such moment. */
export function nextDue(schedule: 'off' | 'daily' | 'weekly', hour: number, now: number): number | undefined {
  const last = lastDue(schedule, hour, now);
  if (last === undefined) return undefined;
  const at = new Date(last);
  at.setDate(at.getDate() + (schedule === 'weekly' ? 7 : 1));
  return at.getTime();
}
