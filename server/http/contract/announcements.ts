import { Type } from 'typebox';
import { closed, DomainName, Done, Time } from './shapes.ts';

const Audience = Type.Union([Type.Literal('all'), Type.Literal('online')]);
const Text = Type.String({ minLength: 1, maxLength: 10_000 });
const DepartmentNumber = Type.Integer({ minimum: 1 });
const Where = closed({ domain: Type.Optional(DomainName) });

/** Something told to everybody of a domain; `given` counts whom it has reached so far. */
export const Announcement = closed({
  id: Type.Integer(),
  domain: Type.String(),
  text: Type.String(),
  audience: Audience,
  /** What the department is called, or was, that it was for; '' for everybody. */
  department: Type.String(),
  actor: Type.String(),
  createdAt: Time,
  given: Type.Integer(),
  finished: Type.Boolean(),
});

/** The message of the day of a domain: `text` of '' is none. */
export const Motd = closed({
  domain: Type.String(),
  text: Type.String(),
  setAt: Type.Union([Time, Type.Null()]),
  /** The last moment at which it is given to anybody. */
  until: Type.Union([Time, Type.Null()]),
});

/** Everywhere: without a domain it is for all of them. */
export const announcements = {
  /** The last fifty of each domain. */
  'GET /api/announcements': { query: Where, reply: closed({ announcements: Type.Array(Announcement) }) },
  /** How many people would be told now. */
  'GET /api/announcements/reach': {
    query: closed({
      audience: Audience,
      domain: Type.Optional(DomainName),
      department: Type.Optional(DepartmentNumber),
    }),
    reply: closed({ people: Type.Integer() }),
  },
  /** Stored when answered, told in the background. 422 for a text that cannot be told, 429 for too many at once. */
  'POST /api/announcements': {
    body: closed({
      text: Text,
      audience: Audience,
      domain: Type.Optional(DomainName),
      /** The number of a department, whose people alone are told. 404 `department-not-found`. */
      department: Type.Optional(DepartmentNumber),
    }),
    reply: closed({ domains: Type.Array(Type.String()) }),
  },
  'GET /api/motd': { query: Where, reply: closed({ motds: Type.Array(Motd) }) },
  /** With `edit` those who have seen the one before are not given this one; without `until` it ends then when that did. */
  'PUT /api/motd': {
    body: closed({
      text: Text,
      domain: Type.Optional(DomainName),
      edit: Type.Optional(Type.Boolean()),
      until: Type.Optional(Type.Union([Time, Type.Null()])),
    }),
    reply: closed({ motds: Type.Array(Motd) }),
  },
  'DELETE /api/motd': { query: Where, reply: Done },
} as const;
