import { Type } from 'typebox';
import { closed, DomainName, Done, Time } from './shapes.ts';

const Field = Type.Union([
  Type.Literal('address'),
  Type.Literal('email'),
  Type.Literal('name'),
  Type.Literal('given'),
  Type.Literal('family'),
  Type.Literal('password'),
  Type.Literal('department'),
  Type.Literal('ignore'),
]);
const Encoding = Type.Union([
  Type.Literal('utf-8'),
  Type.Literal('utf-16le'),
  Type.Literal('utf-16be'),
  Type.Literal('windows-1252'),
]);
const Separator = Type.Union([Type.Literal(';'), Type.Literal(','), Type.Literal('\t')]);

/** A file, and how it is read and what is done with it. What is left out is found out. */
const Wish = {
  /** The bytes of the file in base 64, at most 5 MB of them. */
  file: Type.String(),
  /** Of addresses that do not say one. */
  domain: DomainName,
  encoding: Type.Optional(Encoding),
  separator: Type.Optional(Separator),
  /** Whether the first row names the columns. */
  headings: Type.Optional(Type.Boolean()),
  columns: Type.Optional(Type.Array(Field, { maxItems: 50 })),
  /** By a password that is made, by the one of the file, or by a link with which they make the account themselves. */
  way: Type.Union([Type.Literal('generate'), Type.Literal('file'), Type.Literal('invite')]),
  existing: Type.Union([Type.Literal('refuse'), Type.Literal('skip'), Type.Literal('update')]),
  makeDepartments: Type.Boolean(),
  /** How long invitations are good for. */
  days: Type.Integer({ minimum: 1, maximum: 90 }),
};

const What = Type.Union([
  Type.Literal('create'),
  Type.Literal('invite'),
  Type.Literal('change'),
  Type.Literal('same'),
  Type.Literal('skip'),
  Type.Literal('wrong'),
]);

/** One row as it would be done. */
export const ImportRow = closed({
  line: Type.Integer(),
  jid: Type.String(),
  /** The e-mail address of another domain that gave the name, else ''. */
  elsewhere: Type.String(),
  name: Type.String(),
  departments: Type.Array(Type.String()),
  what: What,
  problems: Type.Array(
    closed({
      field: Field,
      text: Type.String(),
      /** A department that there is not. */ unknown: Type.Optional(Type.String()),
    }),
  ),
  /** Of somebody who is there: what changes. */
  changes: Type.Array(Field),
});

export const ImportCheck = closed({
  encoding: Encoding,
  separator: Separator,
  headings: Type.Boolean(),
  columns: Type.Array(closed({ heading: Type.String(), field: Field, samples: Type.Array(Type.String()) })),
  counts: closed({
    create: Type.Integer(),
    invite: Type.Integer(),
    change: Type.Integer(),
    same: Type.Integer(),
    skip: Type.Integer(),
    wrong: Type.Integer(),
  }),
  total: Type.Integer(),
  newDepartments: Type.Array(Type.String()),
  unknownDepartments: Type.Array(Type.String()),
  /** 100 of them, those with errors first. */
  rows: Type.Array(ImportRow),
  /** Says what would be done, to be given back with the wish to do it. */
  digest: Type.String(),
});

/** One import that was begun. */
export const PeopleImport = closed({
  id: Type.Integer(),
  startedAt: Time,
  endedAt: Type.Union([Time, Type.Null()]),
  actor: Type.String(),
  file: Type.String(),
  way: Type.String(),
  state: Type.Union([
    Type.Literal('running'),
    Type.Literal('done'),
    /** Cut short by a restart or a failure of the disk; it can be taken back. */
    Type.Literal('stopped'),
    Type.Literal('undoing'),
    Type.Literal('undone'),
  ]),
  total: Type.Integer(),
  leftOut: Type.Integer(),
  made: Type.Integer(),
  changed: Type.Integer(),
  invited: Type.Integer(),
  failed: Type.Integer(),
  undone: Type.Integer(),
  kept: Type.Integer(),
});

const Told = closed({ line: Type.Integer(), jid: Type.String(), why: Type.String() });
const ImportParams = closed({ id: Type.String({ pattern: '^\\d{1,15}$' }) });

export const peopleImports = {
  /** Looks at a file of people: changes nothing. 422 when it cannot be read. `offset`: rows further on. */
  'POST /api/people/imports/check': {
    body: closed({ ...Wish, offset: Type.Optional(Type.Integer({ minimum: 0 })) }),
    reply: ImportCheck,
  },

  /**
   * Begins an import, which goes on by itself. 409 `import-changed` when the house is not as it was when the file was checked, and
   * `import-running` while another is under way; 422 when rows have errors and are not to be left out. Then nothing is done.
   */
  'POST /api/people/imports': {
    body: closed({
      ...Wish,
      leaveOut: Type.Boolean(),
      /** What the file is called. */
      name: Type.String({ maxLength: 200 }),
      digest: Type.String({ minLength: 1, maxLength: 100 }),
    }),
    reply: closed({ id: Type.Integer() }),
  },

  /** The newest first. */
  'GET /api/people/imports': { reply: closed({ imports: Type.Array(PeopleImport) }) },

  'GET /api/people/imports/:id': {
    params: ImportParams,
    reply: closed({
      import: PeopleImport,
      /** Rows that could not be done, and of one that was taken back those that stay; at most 100 each. */
      failed: Type.Array(Told),
      kept: Type.Array(Told),
      /** There is something to hand over. */
      handOver: Type.Boolean(),
    }),
  },

  /** Passwords or links as a CSV file, for an hour after the import. */
  'POST /api/people/imports/:id/hand-over': {
    params: ImportParams,
    reply: closed({ csv: Type.String(), people: Type.Integer() }),
  },

  /** Takes back what nobody has used yet; what is in use is kept and named. */
  'POST /api/people/imports/:id/undo': { params: ImportParams, reply: Done },
} as const;
