import { Type } from 'typebox';
import { closed, DomainName, Door, Time } from './shapes.ts';

const Shape = Type.Union([
  closed({ kind: Type.Literal('switch') }),
  closed({
    kind: Type.Literal('number'),
    least: Type.Integer(),
    most: Type.Integer(),
    unit: Type.Optional(Type.String()),
  }),
  closed({ kind: Type.Literal('text'), longest: Type.Integer(), secret: Type.Boolean(), lines: Type.Boolean() }),
  closed({ kind: Type.Literal('choice'), choices: Type.Record(Type.String(), Type.String()) }),
  closed({ kind: Type.Literal('list'), longest: Type.Integer(), most: Type.Integer() }),
]);

/** What a setting may be; which of these it is, its `shape` says. */
const Value = Type.Union([
  Type.Boolean(),
  Type.Integer(),
  Type.String({ maxLength: 20_000 }),
  Type.Array(Type.String({ maxLength: 2_000 }), { maxItems: 1_000 }),
]);

/** Something to decide while the server runs. The value of a secret is only whether there is one. */
export const Setting = closed({
  key: Type.String(),
  scope: Type.Union([Type.Literal('house'), Type.Literal('domain')]),
  group: Type.String(),
  title: Type.String(),
  help: Type.String(),
  shape: Shape,
  value: Value,
  decided: Type.Boolean(),
  /** Only owners change it: 403 `not-your-role`, or `prove-yourself`. */
  owner: Type.Boolean(),
});

/** One change of a setting: what it was and became, null for what the server comes with. */
export const SettingChange = closed({
  id: Type.Integer(),
  key: Type.String(),
  title: Type.String(),
  /** '' for what is the same for all domains. */
  domain: Type.String(),
  time: Time,
  actor: Type.String(),
  door: Door,
  /** `secret`: only whether there was one. `long`: too long to be kept. */
  kept: Type.Union([Type.Literal('all'), Type.Literal('secret'), Type.Literal('long')]),
  old: Type.Union([Value, Type.Null()]),
  new: Type.Union([Value, Type.Null()]),
  /** It is what holds now, so it can be taken back. */
  undoable: Type.Boolean(),
});

const Key = closed({ key: Type.String({ minLength: 1, maxLength: 100 }) });
const Where = closed({ domain: Type.Optional(DomainName) });

export const settings = {
  /** As they hold for a domain; without one, for the first. */
  'GET /api/settings': { query: Where, reply: closed({ domain: Type.String(), settings: Type.Array(Setting) }) },
  /** 422 with `field` for what it cannot be; `domain` may be left out while there is only one. */
  'PUT /api/settings/:key': {
    params: Key,
    body: closed({ value: Value, domain: Type.Optional(DomainName) }),
    reply: closed({ setting: Setting }),
  },
  /** Back to what the server comes with. */
  'DELETE /api/settings/:key': { params: Key, query: Where, reply: closed({ setting: Setting }) },

  /** What was changed, the newest first: of one setting, or of all; further back: `before` = the last id shown. */
  'GET /api/setting-changes': {
    query: closed({
      key: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      domain: Type.Optional(DomainName),
      before: Type.Optional(Type.Integer({ minimum: 1 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({ rows: Type.Array(SettingChange), hasMore: Type.Boolean() }),
  },
  /** Takes a change back. 409 `setting-changed` when it is not what holds now, 422 when it cannot be taken back. */
  'POST /api/setting-changes/:id/undo': {
    params: closed({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) }),
    reply: closed({ setting: Setting }),
  },
} as const;
