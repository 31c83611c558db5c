import { Type } from 'typebox';
import { closed, Done, Time } from './shapes.ts';

const State = Type.Union([Type.Literal('unchecked'), Type.Literal('good'), Type.Literal('bad')]);

/** One backup, as its file is in the folder. */
export const Backup = closed({
  name: Type.String(),
  madeAt: Time,
  bytes: Type.Integer(),
  /** How its last test restore ended. */
  state: State,
  /** What is wrong with a bad one, or why it could not be tested. */
  problem: Type.String(),
  checkedAt: Type.Union([Time, Type.Null()]),
  /** Null, as what follows, for one that somebody put into the folder. */
  how: Type.Union([Type.Literal('timer'), Type.Literal('panel'), Type.Literal('cli'), Type.Null()]),
  people: Type.Union([Type.Integer(), Type.Null()]),
  files: Type.Union([Type.Integer(), Type.Null()]),
});

export const Backups = closed({
  /** The newest first. */
  rows: Type.Array(Backup),
  /** What is under way; `part` is from 0 to 1. */
  running: Type.Union([
    closed({
      name: Type.String(),
      step: Type.Union([
        Type.Literal('store'),
        Type.Literal('writing'),
        Type.Literal('checking'),
        Type.Literal('deleting'),
      ]),
      part: Type.Number(),
    }),
    Type.Null(),
  ]),
  /** The last try, when it brought nothing. */
  failure: Type.Union([closed({ time: Time, text: Type.String() }), Type.Null()]),
  folder: Type.String(),
  /** The folder is on the disk that the data is on. */
  sameDisk: Type.Boolean(),
  schedule: Type.Union([Type.Literal('off'), Type.Literal('daily'), Type.Literal('weekly')]),
  next: Type.Union([Time, Type.Null()]),
});

const Name = closed({ name: Type.String({ pattern: '^hallway-[a-z0-9.-]{1,280}\\.age$' }) });

export const backups = {
  'GET /api/backups': { reply: Backups },

  /** Begins one; `GET /api/backups` tells how far it is. */
  'POST /api/backups': { reply: closed({ name: Type.String() }) },

  /** Begins a test restore. */
  'POST /api/backups/:name/check': { params: Name, reply: Done },

  'DELETE /api/backups/:name': { params: Name, reply: Done },

  /** The recovery key. `identity` opens every backup of the house. */
  'POST /api/backup-key': { reply: closed({ identity: Type.String(), recipient: Type.String() }) },

  /** A token for the route below, good once, for a minute. */
  'POST /api/backups/:name/link': { params: Name, reply: closed({ token: Type.String() }) },

  /** The file. */
  'GET /api/backup-files/:token': {
    params: closed({ token: Type.String({ pattern: '^[\\w-]{20,64}$' }) }),
    text: 'application/octet-stream',
  },
} as const;
