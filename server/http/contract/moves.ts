import { Type } from 'typebox';
import { closed, DomainName, Done } from './shapes.ts';

const MoveParams = closed({ id: Type.String({ pattern: '^[\\w-]{10,40}$' }) });

/** What was taken, or is in the files, and what was not. */
export const MoveReport = closed({
  taken: closed({
    contacts: Type.Integer(),
    requests: Type.Integer(),
    cards: Type.Integer(),
    messages: Type.Integer(),
    waiting: Type.Integer(),
    items: Type.Integer(),
    notes: Type.Integer(),
    blocked: Type.Integer(),
  }),
  /** In words, with how often. */
  left: Type.Array(closed({ what: Type.String(), count: Type.Integer() })),
});

const What = Type.Union([
  Type.Literal('make'),
  /** Without a password that is of use: they get a link to choose one. */
  Type.Literal('link'),
  /** Somebody has the address, and is left as they are. */
  Type.Literal('there'),
  Type.Literal('wrong'),
]);

/** One person of the files, as it would be done. */
export const MovedPerson = closed({
  position: Type.Integer(),
  jid: Type.String(),
  name: Type.String(),
  what: What,
  why: Type.String(),
  report: MoveReport,
});

export const MoveState = closed({
  step: Type.Union([
    Type.Literal('receiving'),
    Type.Literal('reading'),
    Type.Literal('read'),
    Type.Literal('running'),
    Type.Literal('done'),
  ]),
  /** How far the step is, 0 to 1. */
  part: Type.Number(),
  /** Why the last step brought nothing; '' when it did. */
  problem: Type.String(),
  files: Type.Integer(),
  bytes: Type.Integer(),
  /** What would be done, once the files were read. */
  check: Type.Union([
    closed({
      /** The domains in the files, and what they are to be here. */
      hosts: Type.Array(
        closed({ name: Type.String(), domain: Type.String(), served: Type.Boolean(), people: Type.Integer() }),
      ),
      counts: closed({ make: Type.Integer(), link: Type.Integer(), there: Type.Integer(), wrong: Type.Integer() }),
      total: MoveReport,
      digest: Type.String(),
      /** The import that was cut short and goes on. */
      continues: Type.Union([Type.Integer(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  /** The number of the import, once it is begun. */
  import: Type.Union([Type.Integer(), Type.Null()]),
});

/** People of another server with all that it kept of them, from the files that servers write for that (XEP-0227). */
export const moves = {
  /** Begins; what was begun before is over. 409 `import-running` while it is not. */
  'POST /api/people/moves': {
    body: closed({ name: Type.String({ minLength: 1, maxLength: 200 }) }),
    reply: closed({ id: Type.String() }),
  },

  /** One of the files, as it is (application/octet-stream), its length said before. `name`: with its folders, from the top. */
  'PUT /api/people/moves/:id/file': {
    params: MoveParams,
    query: closed({ name: Type.String({ minLength: 1, maxLength: 500 }) }),
    reply: Done,
  },

  /** Begins to read the files; changes nothing. */
  'POST /api/people/moves/:id/check': {
    params: MoveParams,
    body: closed({
      /** Domains that are called otherwise here. */
      domains: Type.Array(closed({ from: Type.String({ minLength: 1, maxLength: 1_023 }), to: DomainName }), {
        maxItems: 100,
      }),
    }),
    reply: Done,
  },

  'GET /api/people/moves/:id': { params: MoveParams, reply: MoveState },

  /** Who is in the files, those first with whom something is wrong; 100 of them. */
  'GET /api/people/moves/:id/people': {
    params: MoveParams,
    query: closed({ offset: Type.Optional(Type.Integer({ minimum: 0 })) }),
    reply: closed({ people: Type.Array(MovedPerson), total: Type.Integer() }),
  },

  /** Begins to move them in. 409 `import-changed` when it is not any more as it was when it was looked at. */
  'POST /api/people/moves/:id/start': {
    params: MoveParams,
    body: closed({ digest: Type.String({ minLength: 1, maxLength: 100 }) }),
    reply: closed({ id: Type.Integer() }),
  },

  /** Lets go of it, and of its files; who has moved in stays. */
  'DELETE /api/people/moves/:id': { params: MoveParams, reply: Done },

  /** What became of everybody whom an import has moved in; 100 of them, by their order in the files. */
  'GET /api/people/imports/:id/moved': {
    params: closed({ id: Type.String({ pattern: '^\\d{1,15}$' }) }),
    query: closed({ after: Type.Optional(Type.Integer({ minimum: 0 })) }),
    reply: closed({
      people: Type.Array(
        closed({
          position: Type.Integer(),
          jid: Type.String(),
          /** All of it is here. */
          done: Type.Boolean(),
          /** Why they were not moved in; '' else. */
          why: Type.String(),
          report: Type.Union([MoveReport, Type.Null()]),
        }),
      ),
      more: Type.Boolean(),
    }),
  },
} as const;
