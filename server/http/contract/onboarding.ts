import { Type } from 'typebox';
import { AccountParams, closed, DisplayName, DomainParams, Done, LocalName, Password, Time } from './shapes.ts';

/** The secret at the end of a link. */
const Token = Type.String({ minLength: 1, maxLength: 64 });

/** What to type into a chat app that does not find the server by itself. */
export const Connection = closed({
  server: Type.String(),
  /** With STARTTLS, and with TLS from the first byte; null where nothing listens. */
  port: Type.Union([Type.Integer(), Type.Null()]),
  tlsPort: Type.Union([Type.Integer(), Type.Null()]),
  /** The certificate is of the house's own authority, which a device must be told to trust. */
  ownAuthority: Type.Boolean(),
  /** There is a chat in the browser at /chat. */
  webChat: Type.Boolean(),
});

/** An invitation as administrators see it; its link was shown when it was made and cannot be shown again. */
export const Invitation = closed({
  id: Type.Integer(),
  domain: Type.String(),
  /** Whether it is good for an account, for the contact list of who invites, or for both. */
  purpose: Type.Union([Type.Literal('account'), Type.Literal('contact'), Type.Literal('both')]),
  /** The one name that it is for, '' when whoever comes chooses. */
  local: Type.String(),
  name: Type.String(),
  /** Whose contact the newcomer becomes, '' nobody's. */
  contact: Type.String(),
  creator: Type.String(),
  uses: Type.Integer(),
  left: Type.Integer(),
  usedBy: Type.Array(Type.String()),
  /** The departments that whoever comes is put into. */
  departments: Type.Array(closed({ id: Type.Integer(), name: Type.String() })),
  state: Type.Union([Type.Literal('open'), Type.Literal('used'), Type.Literal('expired'), Type.Literal('revoked')]),
  createdAt: Time,
  expiresAt: Time,
});

/** A link that was just made: as a page for browsers, and as what chat apps open. */
const Link = { url: Type.String(), uri: Type.String() };
const InvitationParams = closed({ id: Type.String({ pattern: '^\\d{1,15}$' }) });

export const onboarding = {
  /** The newest first; further back: `before` = the last id shown. */
  'GET /api/domains/:domain/invitations': {
    params: DomainParams,
    query: closed({ before: Type.Optional(Type.Integer({ minimum: 1 })) }),
    reply: closed({ invitations: Type.Array(Invitation), hasMore: Type.Boolean() }),
  },

  /** 403 `not-allowed` where nobody is invited, 409 `account-exists`, 422 with `field`. */
  'POST /api/domains/:domain/invitations': {
    params: DomainParams,
    body: closed({
      local: Type.Optional(Type.String({ maxLength: 1023 })),
      name: Type.Optional(DisplayName),
      contact: Type.Optional(Type.String({ maxLength: 3071 })),
      days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90 })),
      uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
      departments: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 20 })),
    }),
    reply: closed({ invitation: Invitation, ...Link }),
  },

  /**
   * A link each for many, in their order; all or none. Of each: a name, an address, both, or '' for whoever gets the link. 422 with
   * `field` `people` names the line that is wrong.
   */
  'POST /api/domains/:domain/invitations/many': {
    params: DomainParams,
    body: closed({
      people: Type.Array(Type.String({ maxLength: 3_500 }), { minItems: 1, maxItems: 200 }),
      contact: Type.Optional(Type.String({ maxLength: 3071 })),
      days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90 })),
      departments: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 20 })),
    }),
    reply: closed({ invitations: Type.Array(closed({ invitation: Invitation, ...Link })) }),
  },

  /** A fresh link in the place of a lost one, which stops working. */
  'POST /api/invitations/:id/link': {
    params: InvitationParams,
    reply: closed({ invitation: Invitation, ...Link }),
  },

  'DELETE /api/invitations/:id': { params: InvitationParams, reply: Done },

  /** A link by which the person chooses a new password, good for a day and once; the one before it stops working. */
  'POST /api/domains/:domain/accounts/:local/reset-link': {
    params: AccountParams,
    reply: closed({ jid: Type.String(), url: Type.String(), expiresAt: Time }),
  },

  'GET /api/domains/:domain/connection': { params: DomainParams, reply: Connection },

  /** What an invitation says, to whoever holds its link. 404 `link-unknown`, 410 `link-expired`, or `link-used` when it was for no account. */
  'POST /api/invite/look': {
    body: closed({ token: Token }),
    reply: closed({
      domain: Type.String(),
      /** Whether it is good for an account here. */
      account: Type.Boolean(),
      local: Type.String(),
      name: Type.String(),
      inviter: Type.Union([closed({ jid: Type.String(), name: Type.String() }), Type.Null()]),
      expiresAt: Time,
      /** Everybody who may has come by it. */
      used: Type.Boolean(),
      connection: Connection,
      ...Link,
    }),
  },

  /** Makes the account that one is invited to. 409 `account-exists`, 422 with `field`, and as above. */
  'POST /api/invite/accept': {
    body: closed({ token: Token, local: LocalName, name: Type.Optional(DisplayName), password: Password }),
    reply: closed({ jid: Type.String(), connection: Connection }),
  },

  /** Whose password a link sets. 404 `link-unknown`, 410 `link-expired`. */
  'POST /api/reset/look': {
    body: closed({ token: Token }),
    reply: closed({ jid: Type.String(), expiresAt: Time }),
  },

  /** Sets the password and ends the person's sessions; the link is used up. */
  'POST /api/reset/use': {
    body: closed({ token: Token, password: Password }),
    reply: closed({ jid: Type.String() }),
  },
} as const;
