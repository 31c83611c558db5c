/**
 * What becomes of each thing in a data folder. `saved`: it is in every backup. `apart`: it belongs to the house, but what a backup is
 * made for does without it; where another house takes its place it goes aside with the rest. `stays`: no part of the house.
 * Whatever is put into the data folder must be named here (test/provisioning/entries.test.ts), and what is `saved` in write.ts.
 */
export type Fate = 'saved' | 'apart' | 'stays';

const ENTRIES: readonly (readonly [name: string | RegExp, fate: Fate])[] = [
  ['hallway.db', 'saved'],
  [/^hallway\.db-(wal|shm|journal)$/, 'saved'], // what is in it is in the copy of the store
  [/^hallway\.db\.before-\d+(\.draft)?$/, 'apart'], // the store of before an upgrade
  ['uploads', 'saved'],
  ['tokens.key', 'saved'],
  ['backup.key', 'saved'],
  ['hostname', 'apart'], // the head of the backup says it; the next machine may have another
  ['exports', 'apart'], // for whoever asked for them, and to be had again
  ['boot-file-of-the-backup.toml', 'apart'],
  [/^(tokens|backup)\.key\.[0-9a-f]{12}$/, 'apart'], // a key that is being made
  [/^doctor-[0-9a-f]{12}$/, 'apart'], // how fast the disk is
  ['backups', 'stays'],
  ['backup-work', 'stays'],
  ['incoming', 'stays'],
  ['moving', 'stays'], // files of another server, while people move in
  ['restoring', 'stays'],
  ['restore.json', 'stays'],
  [/^before-restore-/, 'stays'],
  [/^after-upgrade-/, 'stays'],
  ['hallwayctl.sock', 'stays'],
  ['lost+found', 'stays'],
];

/** What becomes of what has this name in the data folder; undefined for what nobody thought of. */
export function fateOf(name: string): Fate | undefined {
  return ENTRIES.find(([one]) => (typeof one === 'string' ? one === name : one.test(name)))?.[1];
}
