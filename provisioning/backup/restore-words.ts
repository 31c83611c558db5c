import { join } from 'node:path';
import type { Restored } from './restore.ts';
import { OLD_BOOT_FILE } from './stage.ts';

/** What was restored, what has changed with it, and what somebody must do now: sentences for the person at the terminal. */
export function restoreWords(
  { data, hostname }: { readonly data: string; readonly hostname: string },
  done: Restored,
): string[] {
  const { head, files, aside, migrated, reissued, widened, backupFolder } = done;
  const made = new Date(head.madeAt).toISOString().slice(0, 16).replace('T', ' ');
  const people = head.counts.account ?? 0;
  const moved = head.hostname !== hostname;
  return [
    `Restored: ${head.domains.join(', ')} with ${people} people and ${files} files, as of ${made} UTC.`,
    ...(aside === undefined
      ? []
      : [`What was here before is in ${aside}. Remove it when you are sure that you do not need it.`]),
    ...(migrated ? [`The backup was made by release ${head.version}; its store was brought up to date.`] : []),
    ...(moved ? [`This machine is ${hostname}; the backup was made on ${head.hostname}.`] : []),
    ...(reissued.length > 0
      ? [
          `The certificates of ${reissued.join(', ')} were issued anew by the same authority: they name this machine now.`,
        ]
      : []),
    '',
    'What is to be done now:',
    ...[
      'Start the server: systemctl start hallway',
      ...(moved
        ? [
            `Change the DNS: records that lead to ${head.hostname} must lead to ${hostname}. “hallwayctl dns DOMAIN” and the page Domains show each of them.`,
            `Keep the name ${head.hostname} leading to this machine if you can: links to files that people have sent each other begin with it.`,
            `Chat apps in which somebody typed ${head.hostname} as the server need the new name.`,
          ]
        : [
            'If this machine has another IP address than the old one: change the A and AAAA records of the DNS. “hallwayctl dns DOMAIN” shows them.',
          ]),
      ...(widened
        ? [
            'Devices that were told to trust the authority must fetch it once more (page Domains): it may speak for the new name only since now.',
          ]
        : []),
      `Compare your boot file with the old one, ${join(data, OLD_BOOT_FILE)}: ports and limits are not taken from there.`,
      ...(backupFolder === ''
        ? []
        : [
            `Backups went to ${backupFolder}: see that there is such a folder here, or choose another one on the page Backup.`,
          ]),
      'Do not start the old machine again while this one runs: two servers of one name lose messages.',
      'Administrators sign in again. Their passwords are those of the day of the backup.',
    ].map((line, index) => `  ${index + 1}. ${line}`),
  ];
}
