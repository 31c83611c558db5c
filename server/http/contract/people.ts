import { Type } from 'typebox';
import { Account } from './accounts.ts';
import { closed, DomainName } from './shapes.ts';

/** One person in the list of all. */
export const Person = closed({
  ...Account.properties,
  files: Type.Integer(),
  fileBytes: Type.Integer(),
  /** Bytes of files that they may have; 0 for no limit. */
  fileLimit: Type.Integer(),
  /** The names of the departments that they are in. */
  departments: Type.Array(Type.String()),
});

const Jids = Type.Array(Type.String({ minLength: 1, maxLength: 3071 }), { minItems: 1, maxItems: 200 });
const Chosen = closed({ people: Jids });

/** What became of each; what was done of some stays done when others are refused. */
const Results = closed({
  results: Type.Array(
    closed({
      jid: Type.String(),
      done: Type.Boolean(),
      /** Why not, in plain English; '' when it was done. */
      message: Type.String(),
      /** The link that was made, '' where none was. */
      url: Type.String(),
    }),
  ),
});

const Edge = Type.String({ minLength: 1, maxLength: 3_000 });

export const people = {
  /**
   * The people of all domains, or of one. Without a `status`, those who stay; `all` also those to be deleted, `online` those with a client connected, `leaving` those to be deleted, `never`
   * who never signed in, `full` who has little space left for files. A page further on: `after` = the `last` of the page shown;
   * back: `before` = its `first`.
   */
  'GET /api/people': {
    query: closed({
      domain: Type.Optional(DomainName),
      search: Type.Optional(Type.String({ maxLength: 200 })),
      status: Type.Optional(
        Type.Union([
          Type.Literal('all'),
          Type.Literal('active'),
          Type.Literal('disabled'),
          Type.Literal('online'),
          Type.Literal('leaving'),
          Type.Literal('never'),
          Type.Literal('full'),
        ]),
      ),
      role: Type.Optional(Type.Literal('chat-admin')),
      /** The number of a department. */
      department: Type.Optional(Type.Integer({ minimum: 1 })),
      sort: Type.Optional(
        Type.Union([Type.Literal('address'), Type.Literal('name'), Type.Literal('seen'), Type.Literal('created')]),
      ),
      order: Type.Optional(Type.Union([Type.Literal('up'), Type.Literal('down')])),
      after: Type.Optional(Edge),
      before: Type.Optional(Edge),
      /** Default 50. */
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({
      people: Type.Array(Person),
      /** All that fit, on whatever page. */
      total: Type.Integer(),
      hasBefore: Type.Boolean(),
      hasAfter: Type.Boolean(),
      first: Type.String(),
      last: Type.String(),
      /** Days for which somebody who is deleted can be brought back; 0 for none. */
      graceDays: Type.Integer(),
      /** All there are, in the domain or in all. */
      departments: Type.Array(closed({ id: Type.Integer(), domain: Type.String(), name: Type.String() })),
    }),
  },

  'POST /api/people/disable': {
    body: closed({ people: Jids, reason: Type.Optional(Type.String({ maxLength: 500 })) }),
    reply: Results,
  },
  'POST /api/people/enable': { body: Chosen, reply: Results },
  /** As deleting one by one. `confirm` is how many they are, typed by the administrator. */
  'POST /api/people/delete': { body: closed({ people: Jids, confirm: Type.Integer() }), reply: Results },
  /** Into a department, or out of it; each must be of its domain. */
  'POST /api/people/department': {
    body: closed({ people: Jids, department: Type.Integer({ minimum: 1 }), member: Type.Boolean() }),
    reply: Results,
  },
  'POST /api/people/restore': { body: Chosen, reply: Results },
  /** A link for each by which they choose a password; those made before stop working. */
  'POST /api/people/reset-links': { body: Chosen, reply: Results },
} as const;
