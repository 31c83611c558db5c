import { Type } from 'typebox';
import { Code, closed, DomainName, Done, Time } from './shapes.ts';

const Token = closed({ token: Type.String({ pattern: '^[\\w-]{20,64}$' }) });

export const Restore = closed({
  step: Type.Union([
    Type.Literal('waiting'),
    Type.Literal('receiving'),
    Type.Literal('here'),
    Type.Literal('looking'),
    Type.Literal('known'),
    Type.Literal('restoring'),
    Type.Literal('done'),
  ]),
  /** How far the step is, 0 to 1. */
  part: Type.Number(),
  /** Why the last step brought nothing; '' when it did. */
  problem: Type.String(),
  /** What is in the backup, once it was looked into. */
  backup: Type.Union([
    closed({
      madeAt: Time,
      hostname: Type.String(),
      domains: Type.Array(Type.String()),
      people: Type.Integer(),
      files: Type.Integer(),
      version: Type.String(),
    }),
    Type.Null(),
  ]),
  /** This machine's name; `nameGiven`: its boot file says it, and no other may be chosen. */
  hostname: Type.String(),
  nameGiven: Type.Boolean(),
  /** What has changed: the server starts anew, as the house of the backup. */
  done: Type.Union([
    closed({
      hostname: Type.String(),
      /** Domains whose certificates were issued anew. */
      reissued: Type.Array(Type.String()),
      /** Who trusts the house's authority must fetch it again. */
      widened: Type.Boolean(),
      /** The folder for backups that was chosen on the old machine, '' for none. */
      backupFolder: Type.String(),
    }),
    Type.Null(),
  ]),
});

/** A backup in the place of a house that nobody has claimed. Refused with 409 once somebody has. */
export const restore = {
  /** Begins, by the claim code, which stays good. What was begun before is over. */
  'POST /api/restore': { body: closed({ code: Code }), reply: closed({ token: Type.String() }) },

  /** How far it is. */
  'GET /api/restore/:token': { params: Token, reply: Restore },

  /** The file, as it is (application/octet-stream), its length said before. */
  'PUT /api/restore/:token/file': { params: Token, reply: Done },

  /** Begins to look into it: a test restore. */
  'POST /api/restore/:token/look': {
    params: Token,
    body: closed({ key: Type.String({ minLength: 1, maxLength: 4_096 }) }),
    reply: Done,
  },

  /** Begins to restore it. */
  'POST /api/restore/:token/go': {
    params: Token,
    body: closed({ hostname: Type.Optional(DomainName) }),
    reply: Done,
  },
} as const;
