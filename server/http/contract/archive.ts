import { Type } from 'typebox';
import { closed, DomainName, Done, Time } from './shapes.ts';

const Kind = Type.Union([Type.Literal('domain'), Type.Literal('department'), Type.Literal('room')]);
const Name = Type.String({ minLength: 1, maxLength: 1023 });
const Days = Type.Integer({ minimum: 0, maximum: 36_500 });

/** What was decided for a domain, a department or a room: for how many days messages are kept (0: for ever), and whether any are. */
export const ArchiveRule = closed({ kind: Kind, name: Type.String(), days: Type.Integer(), silent: Type.Boolean() });

/** What holds for one person or room, and whose rule that is. */
export const AppliedRule = closed({
  days: Type.Integer(),
  silent: Type.Boolean(),
  by: Type.Union([Kind, Type.Literal('standard')]),
  name: Type.String(),
  domainSilent: Type.Boolean(),
});

/** What a wish would do: `messages` that go now, of so many `archives`; with `more` there are more than that. */
export const RuleEffect = closed({
  at: Type.Integer(),
  messages: Type.Integer(),
  archives: Type.Integer(),
  more: Type.Boolean(),
});

const Reason = Type.String({ minLength: 1, maxLength: 1_000 });
const MessageId = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** One message as auditors read it: text, never markup. */
export const FoundMessage = closed({
  id: Type.Integer(),
  time: Time,
  /** The address of the person or room in whose archive it stands. */
  archive: Type.String(),
  from: Type.String(),
  to: Type.String(),
  /** `removed` and `moderated`: what stands in its place; `encrypted`: nobody here can read it. */
  kind: Type.Union([
    Type.Literal('message'),
    Type.Literal('subject'),
    Type.Literal('removed'),
    Type.Literal('moderated'),
    Type.Literal('encrypted'),
    Type.Literal('other'),
  ]),
  text: Type.String(),
});

const ExportKind = Type.Union([Type.Literal('domain'), Type.Literal('person'), Type.Literal('room')]);
const Maybe = Type.Union([Time, Type.Null()]);
const ExportParams = closed({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) });

/** Messages that were carried out; `sha256` is of the whole file. While it is `running`, `messages` counts. */
export const ArchiveExport = closed({
  id: Type.Integer(),
  domain: Type.String(),
  kind: ExportKind,
  subject: Type.String(),
  since: Maybe,
  until: Maybe,
  actor: Type.String(),
  reason: Type.String(),
  createdAt: Time,
  state: Type.Union([
    Type.Literal('running'),
    Type.Literal('done'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
    Type.Literal('swept'),
  ]),
  error: Type.String(),
  messages: Type.Integer(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  expiresAt: Maybe,
});

const wish = {
  domain: DomainName,
  kind: Kind,
  /** Of a department or room. */
  name: Type.Optional(Name),
  /** Null: no rule of its own. `silent`: from now on nothing is kept, and the days are for what there is. */
  rule: Type.Union([closed({ days: Days, silent: Type.Boolean() }), Type.Null()]),
  /** What was kept so far goes now. */
  remove: Type.Optional(Type.Boolean()),
};

export const archive = {
  'GET /api/archive/rules': {
    query: closed({ domain: DomainName }),
    reply: closed({ domain: Type.String(), departments: Type.Array(Type.String()), rules: Type.Array(ArchiveRule) }),
  },
  /** What holds for one person or one room. */
  'GET /api/archive/applies': {
    query: closed({ domain: DomainName, person: Type.Optional(Name), room: Type.Optional(Name) }),
    reply: AppliedRule,
  },
  /** Changes nothing: says what would go. */
  'POST /api/archive/rules/effect': { body: closed(wish), reply: RuleEffect },
  /** With `at` and `messages` of the effect that was shown; refused when more would go than that. */
  'PUT /api/archive/rules': {
    body: closed({ ...wish, at: Type.Integer(), messages: Type.Integer({ minimum: 0 }) }),
    reply: RuleEffect,
  },
  /** Written into the audit log with its reason before anything is shown. The newest first; further back: `before` = `next`. */
  'POST /api/archive/search': {
    body: closed({
      domain: DomainName,
      reason: Reason,
      people: Type.Optional(Type.Array(Name, { maxItems: 10 })),
      with: Type.Optional(Name),
      room: Type.Optional(Name),
      words: Type.Optional(Type.String({ maxLength: 1_000 })),
      since: Type.Optional(Time),
      until: Type.Optional(Time),
      before: Type.Optional(MessageId),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({
      messages: Type.Array(FoundMessage),
      next: Type.Union([Type.Integer(), Type.Null()]),
      lookedBackTo: Type.Union([Time, Type.Null()]),
    }),
  },
  /** What was said before and after one message; in the audit log as well. */
  'POST /api/archive/context': {
    body: closed({ domain: DomainName, archive: Name, id: MessageId, reason: Reason }),
    reply: closed({ messages: Type.Array(FoundMessage) }),
  },
  'GET /api/archive/exports': {
    query: closed({ domain: DomainName }),
    reply: closed({ exports: Type.Array(ArchiveExport) }),
  },
  /** Begins one; 429 while another is being made. */
  'POST /api/archive/exports': {
    body: closed({
      domain: DomainName,
      kind: ExportKind,
      name: Type.Optional(Name),
      since: Type.Optional(Time),
      until: Type.Optional(Time),
      reason: Reason,
    }),
    reply: closed({ id: Type.Integer() }),
  },
  /** Stops it while it is being made; takes it away when it is done. For who has made it, and for owners. */
  'DELETE /api/archive/exports/:id': { params: ExportParams, reply: Done },
  /** The secret of a link to the file, which is good once, for a minute. Who asks for it is in the audit log. */
  'POST /api/archive/exports/:id/link': { params: ExportParams, reply: closed({ token: Type.String() }) },
  /** The file: a tar. 404 for a link that was used, is too old, or was none. */
  'GET /api/archive/export-files/:token': {
    params: closed({ token: Type.String({ minLength: 1, maxLength: 100 }) }),
  },
} as const;
