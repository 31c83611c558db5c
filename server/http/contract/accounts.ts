import { Type } from 'typebox';
import {
  AccountParams,
  closed,
  DisplayName,
  DomainParams,
  Done,
  LocalName,
  Password,
  SessionParams,
  Time,
} from './shapes.ts';

/** One person. */
export const Account = closed({
  /** The bare address, `local@domain`. */
  jid: Type.String(),
  local: Type.String(),
  domain: Type.String(),
  name: Type.String(),
  status: Type.Union([Type.Literal('active'), Type.Literal('disabled')]),
  /** Why it is disabled, '' otherwise. */
  reason: Type.String(),
  createdAt: Time,
  /** Clients connected now. */
  sessions: Type.Integer(),
  /** When the last client went away; null when none ever did, or while one is connected. */
  lastActivity: Type.Union([Time, Type.Null()]),
  /** May use administrators' commands from a chat app, as long as it is active. */
  chatAdmin: Type.Boolean(),
  /** When the account, which is closed, is deleted with all that is theirs; null when it is not to be. */
  removeAt: Type.Union([Time, Type.Null()]),
});

/** One connected client. */
export const AccountSession = closed({
  jid: Type.String(),
  resource: Type.String(),
  address: Type.String(),
  /** As `TLSv1.3`. */
  tls: Type.String(),
  cipher: Type.String(),
  /** How it logged in, as `SCRAM-SHA-256-PLUS`. */
  mechanism: Type.String(),
  transport: Type.String(),
  since: Time,
  /** Its connection is cut and it may yet come back (XEP-0198). */
  resumable: Type.Boolean(),
  /** Null until the client has sent its first presence. `show` is '' for plainly there, or away, chat, dnd, xa. */
  presence: Type.Union([closed({ show: Type.String(), status: Type.String(), priority: Type.Integer() }), Type.Null()]),
});

/** A new password: given, or made by the server when `generate` is true. Exactly one of the two. */
const NewPassword = { password: Type.Optional(Password), generate: Type.Optional(Type.Literal(true)) };
/** The password, when the server made it. Shown this once; the server does not keep it. */
const MadePassword = { password: Type.Optional(Type.String()) };

export const accounts = {
  /**
   * People in order of their local part. A page further on: `after` = the last local part shown; back: `before` = the
   * first one. `search` finds parts of local part and name. `status` online: those with a client connected.
   */
  'GET /api/domains/:domain/accounts': {
    params: DomainParams,
    query: closed({
      search: Type.Optional(Type.String({ maxLength: 200 })),
      status: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('disabled'), Type.Literal('online')])),
      after: Type.Optional(LocalName),
      before: Type.Optional(LocalName),
      /** Default 50. */
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({
      accounts: Type.Array(Account),
      /** All that fit, on whatever page. */
      total: Type.Integer(),
      hasBefore: Type.Boolean(),
      hasAfter: Type.Boolean(),
    }),
  },

  /** 409 `account-exists`, 422 with `field` for a bad name or password. */
  'POST /api/domains/:domain/accounts': {
    params: DomainParams,
    body: closed({ local: LocalName, name: Type.Optional(DisplayName), ...NewPassword }),
    reply: closed({ account: Account, ...MadePassword }),
  },

  'GET /api/domains/:domain/accounts/:local': {
    params: AccountParams,
    reply: closed({
      account: Account,
      sessions: Type.Array(AccountSession),
      /** `files` and `fileBytes`: what they uploaded and is still there. */
      counts: closed({
        contacts: Type.Integer(),
        offline: Type.Integer(),
        /** In their archive; null for more than 10,000. */
        messages: Type.Union([Type.Integer(), Type.Null()]),
        files: Type.Integer(),
        fileBytes: Type.Integer(),
        /** What they may take of it, 0 for no limit, and whether that was decided for them apart. */
        fileLimit: Type.Integer(),
        fileLimitOwn: Type.Boolean(),
      }),
      /** What the person says of themselves in a chat app; '' for what they do not say. */
      profile: closed({ name: Type.String(), nick: Type.String(), email: Type.String() }),
      /** Days for which they can be brought back when they are deleted; 0 for none. */
      graceDays: Type.Integer(),
    }),
  },

  /** Ends the person's sessions. */
  'POST /api/domains/:domain/accounts/:local/password': {
    params: AccountParams,
    body: closed(NewPassword),
    reply: closed({ account: Account, ...MadePassword }),
  },

  'POST /api/domains/:domain/accounts/:local/name': {
    params: AccountParams,
    body: closed({ name: DisplayName }),
    reply: closed({ account: Account }),
  },

  /** Ends the person's sessions. */
  'POST /api/domains/:domain/accounts/:local/disable': {
    params: AccountParams,
    body: closed({ reason: Type.Optional(Type.String({ maxLength: 500 })) }),
    reply: closed({ account: Account }),
  },

  'POST /api/domains/:domain/accounts/:local/enable': {
    params: AccountParams,
    reply: closed({ account: Account }),
  },

  /** Whether the person may use administrators' commands from a chat app (XEP-0133). */
  'POST /api/domains/:domain/accounts/:local/chat-admin': {
    params: AccountParams,
    body: closed({ chatAdmin: Type.Boolean() }),
    reply: closed({ account: Account }),
  },

  /**
   * `confirm` is the bare address, typed by the administrator. The account is closed; roster, messages, files and the account itself
   * go at `removeAt`, or have gone when that is null: where there is no time of grace, or with `now`.
   */
  'DELETE /api/domains/:domain/accounts/:local': {
    params: AccountParams,
    query: closed({
      confirm: Type.String({ minLength: 1, maxLength: 3071 }),
      now: Type.Optional(Type.Literal('yes')),
    }),
    reply: closed({ done: Type.Literal(true), removeAt: Type.Union([Time, Type.Null()]) }),
  },

  /** Brings back somebody who is to be deleted, with all that is theirs. */
  'POST /api/domains/:domain/accounts/:local/restore': {
    params: AccountParams,
    reply: closed({ account: Account }),
  },

  /** Bytes of files that somebody may have: 0 for no limit, null for what holds for everybody. */
  'POST /api/domains/:domain/accounts/:local/quota': {
    params: AccountParams,
    body: closed({ fileBytes: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]) }),
    reply: Done,
  },

  /** Ends one client's session. */
  'DELETE /api/domains/:domain/accounts/:local/sessions/:resource': { params: SessionParams, reply: Done },
} as const;
