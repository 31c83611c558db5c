import { Type } from 'typebox';
import { closed, Time } from './shapes.ts';

/** One deed of an administrator or of the server itself. */
export const AuditRow = closed({
  id: Type.Integer(),
  time: Time,
  /** Who: an administrator's name, or 'root' and its kin at the command line. */
  actor: Type.String(),
  /** Through which door. */
  door: Type.Union([Type.Literal('panel'), Type.Literal('cli'), Type.Literal('chat'), Type.Literal('house')]),
  /** What, as 'account.create'. */
  action: Type.String(),
  /** To whom or what, as a bare address; '' for nothing in particular. */
  subject: Type.String(),
  /** More, for people to read: names and plain values, never a secret. */
  detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
});

export const audit = {
  /** The newest first; further back: `before` = the last id shown. */
  'GET /api/audit': {
    query: closed({
      before: Type.Optional(Type.Integer({ minimum: 1 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({ rows: Type.Array(AuditRow), hasMore: Type.Boolean() }),
  },
} as const;
