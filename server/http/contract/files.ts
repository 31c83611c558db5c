import { Type } from 'typebox';
import { closed, DomainName, Done, Time } from './shapes.ts';

const Jid = Type.String({ minLength: 1, maxLength: 3_071 });
const Bytes = Type.Integer({ minimum: 0 });
const Limit = Type.Integer({ minimum: 1, maximum: 200 });
/** The `next` of the page before. */
const After = Type.String({ minLength: 1, maxLength: 3_100 });
const Next = Type.Union([Type.String(), Type.Null()]);
const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' });
const use = { files: Type.Integer(), bytes: Bytes } as const;

/** A file that somebody uploaded: what is known of it. Nothing leads from here to what is in it. */
export const SharedFile = closed({
  id: Type.Integer(),
  /** Whose it is. */
  jid: Type.String(),
  name: Type.String(),
  /** As `image/png`, or '' when nobody said. */
  type: Type.String(),
  bytes: Bytes,
  purpose: Type.Union([Type.Literal('message'), Type.Literal('profile'), Type.Literal('ephemeral')]),
  /** The room it was first shown to, '' for none that is known. */
  room: Type.String(),
  createdAt: Time,
  /** When it goes by itself, as its owner wished. */
  expiresAt: Type.Union([Time, Type.Null()]),
});

export const FileUse = closed(use);

/** Sizes in bytes. Of limits 0 stands for none. */
export const FileOverview = closed({
  ...use,
  /** Space on the disk, and how much of it stays free. */
  free: Type.Integer(),
  reserve: Bytes,
  /** What all files together may have. */
  most: Bytes,
  /** What may still come before the disk or this limit is full. */
  left: Bytes,
  domains: Type.Array(
    closed({
      domain: Type.String(),
      /** New files are taken. */
      on: Type.Boolean(),
      largest: Bytes,
      daily: Bytes,
      person: Bytes,
      /** Days after which files are deleted. */
      days: Type.Integer(),
    }),
  ),
});

/** A file that two clients send each other through the proxy at this moment. */
export const Transfer = closed({
  id: Type.String(),
  state: Type.Union([Type.Literal('waiting'), Type.Literal('active')]),
  /** Full addresses; null while it waits, as nobody has said yet whose it is. */
  requester: Type.Union([Type.String(), Type.Null()]),
  target: Type.Union([Type.String(), Type.Null()]),
  since: Time,
  /** Bytes from requester to target, and back. */
  sent: Bytes,
  received: Bytes,
  /** The IP addresses of both sides. */
  addresses: Type.Array(Type.String()),
});

/** Of a person, of a room, or from before a day: exactly one. */
const lot = {
  person: Type.Optional(Jid),
  room: Type.Optional(Jid),
  /** As `2026-01-31`. Pictures of profiles do not count. */
  before: Type.Optional(Day),
} as const;

export const files = {
  'GET /api/files': { reply: FileOverview },

  /** `total` is all that fit. A page further on: `after` = the `next` of this one. */
  'GET /api/files/list': {
    query: closed({
      /** Default: newest. */
      order: Type.Optional(Type.Union([Type.Literal('largest'), Type.Literal('oldest'), Type.Literal('newest')])),
      /** Those of one person or those shown to one room. */
      person: Type.Optional(Jid),
      room: Type.Optional(Jid),
      after: Type.Optional(After),
      limit: Type.Optional(Limit),
    }),
    reply: closed({ files: Type.Array(SharedFile), total: FileUse, next: Next }),
  },

  /** Who has most first. */
  'GET /api/files/people': {
    query: closed({
      domain: Type.Optional(DomainName),
      after: Type.Optional(After),
      limit: Type.Optional(Limit),
    }),
    reply: closed({ people: Type.Array(closed({ jid: Type.String(), ...use })), next: Next }),
  },

  /** The rooms to which most was shown first. */
  'GET /api/files/rooms': {
    query: closed({ after: Type.Optional(After), limit: Type.Optional(Limit) }),
    reply: closed({ rooms: Type.Array(closed({ room: Type.String(), ...use })), next: Next }),
  },

  /** Which file a link leads to. A POST, so that the link stands in nobody's log. 404 `file-not-found`. */
  'POST /api/files/find': {
    body: closed({ link: Type.String({ minLength: 1, maxLength: 4_000 }) }),
    reply: closed({ file: SharedFile }),
  },

  /** What would go with `DELETE /api/files` of the same. */
  'GET /api/files/count': { query: closed(lot), reply: FileUse },

  /** Takes several away; those that are gone already do not matter. Gives what went. */
  'POST /api/files/remove': {
    body: closed({ ids: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 200 }) }),
    reply: FileUse,
  },

  /** Takes all of a lot away. `confirm` is the address of the person or of the room, or the day. 422 `not-confirmed`. */
  'DELETE /api/files': {
    query: closed({ ...lot, confirm: Type.String({ minLength: 1, maxLength: 3_071 }) }),
    reply: FileUse,
  },

  /** Takes one away: from now on its link leads nowhere. */
  'DELETE /api/files/:id': { params: closed({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) }), reply: Done },

  /** At most 200, the active ones first; `total` is how many there are. */
  'GET /api/transfers': { reply: closed({ transfers: Type.Array(Transfer), total: Type.Integer() }) },

  /** Breaks one off. */
  'DELETE /api/transfers/:transfer': {
    params: closed({ transfer: Type.String({ minLength: 1, maxLength: 200 }) }),
    reply: Done,
  },
} as const;
