import { Type } from 'typebox';
import { closed, Door, Time } from './shapes.ts';

/** One deed of an administrator or of the server itself. */
export const AuditRow = closed({
  id: Type.Integer(),
  time: Time,
  /** Who: an administrator's name, or 'root' and its kin at the command line. */
  actor: Type.String(),
  /** Through which door. */
  door: Door,
  /** What, as 'account.create'. */
  action: Type.String(),
  /** To whom or what, as a bare address; '' for nothing in particular. */
  subject: Type.String(),
  /** More, for people to read: names and plain values, never a secret. */
  detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
});

const Filter = {
  /** By whom, exactly. */
  actor: Type.Optional(Type.String({ maxLength: 3_071 })),
  /** What, exactly. */
  action: Type.Optional(Type.String({ maxLength: 100 })),
  /** Part of the subject. */
  subject: Type.Optional(Type.String({ maxLength: 200 })),
  /** From this moment on, and before that one. */
  from: Type.Optional(Time),
  until: Type.Optional(Time),
};

/** Whether the chain of hashes holds. */
export const AuditVerdict = closed({
  ok: Type.Boolean(),
  /** Rows that were found right. */
  rows: Type.Integer(),
  /** The first that is not, or is missing. */
  brokenAt: Type.Optional(Type.Integer()),
  /**
   * `changed`: this row, or what was before it, was changed. `cut`: rows that were written are missing at the end. `start`: the oldest are
   * missing without a record of that. `seal`: the row of the seal that was given is another now, or is missing.
   */
  fault: Type.Optional(
    Type.Union([Type.Literal('changed'), Type.Literal('cut'), Type.Literal('start'), Type.Literal('seal')]),
  ),
  /** Of the last row that is right. */
  seal: Type.String(),
  last: Type.Integer(),
  /** Rows up to this number were deleted by age; 0 when none was. */
  deletedUpTo: Type.Integer(),
});

export const audit = {
  /** The newest first; further back: `before` = `next` of the page before. */
  'GET /api/audit': {
    query: closed({
      before: Type.Optional(Type.Integer({ minimum: 1 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
      ...Filter,
    }),
    reply: closed({
      rows: Type.Array(AuditRow),
      hasMore: Type.Boolean(),
      next: Type.Union([Type.Integer(), Type.Null()]),
    }),
  },

  /** Who is in the log and what was done, to choose from: at most 200 of each. */
  'GET /api/audit/names': {
    reply: closed({ actors: Type.Array(Type.String()), actions: Type.Array(Type.String()) }),
  },

  /** The number and the hash of the last row, to be noted elsewhere. */
  'GET /api/audit/seal': { reply: closed({ seal: Type.String(), last: Type.Integer() }) },

  /** Walks the whole chain. 422 with `field` for what is no seal. */
  'POST /api/audit/verify': {
    body: closed({ seal: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) }),
    reply: AuditVerdict,
  },

  /** All rows that fit, as CSV; not JSON. */
  'GET /api/audit/export': { query: closed(Filter), text: 'text/csv' },
} as const;
