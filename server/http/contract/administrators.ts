import { Type } from 'typebox';
import { AdminName, Code, closed, Done, Password, Time } from './shapes.ts';

export const Role = Type.Union([
  Type.Literal('owner'),
  Type.Literal('admin'),
  Type.Literal('help-desk'),
  Type.Literal('auditor'),
]);

/** One administrator. */
export const Administrator = closed({
  name: Type.String(),
  role: Type.String(),
  /** `invited`: has not chosen a password yet. */
  state: Type.Union([Type.Literal('active'), Type.Literal('invited'), Type.Literal('disabled')]),
  createdAt: Time,
  /** Browsers that are signed in. */
  sessions: Type.Integer(),
  lastSeen: Type.Union([Time, Type.Null()]),
  /** Codes of an app are asked for. */
  codes: Type.Boolean(),
  passkeys: Type.Integer(),
});

/** A browser that is signed in. */
export const AdminSession = closed({
  id: Type.String(),
  address: Type.String(),
  /** What the browser says it is. */
  agent: Type.String(),
  createdAt: Time,
  lastSeen: Time,
  /** It is the one that asks. */
  current: Type.Boolean(),
});

/** A link by which a password is chosen once; it is shown this once. */
const ResetLink = closed({
  name: Type.String(),
  code: Type.String(),
  url: Type.String(),
  fingerprint: Type.String(),
  expiresAt: Time,
});

const params = closed({ name: AdminName });
const one = closed({ administrator: Administrator });
const Base64 = Type.String({ minLength: 1, maxLength: 16_384, pattern: '^[A-Za-z0-9_-]+$' });
const CredentialId = Type.String({ minLength: 1, maxLength: 1_400, pattern: '^[A-Za-z0-9_-]+$' });

/** What a browser is asked by for a passkey (WebAuthn); no `ids`: any that it has for this host. */
export const PasskeyQuestion = closed({
  challenge: Type.String(),
  host: Type.String(),
  ids: Type.Array(Type.String()),
});
const PasskeyAnswer = closed({
  id: CredentialId,
  clientData: Base64,
  authenticatorData: Base64,
  signature: Base64,
  user: Type.Optional(Type.String({ maxLength: 200, pattern: '^[A-Za-z0-9_-]*$' })),
});
/** Exactly one of them. A code is one of an app or a recovery code. */
const Proof = { code: Type.Optional(Code), passkey: Type.Optional(PasskeyAnswer) };

const SessionParams = { session: Type.String({ pattern: '^[0-9a-f]{16}$' }) };
const PasskeyId = closed({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) });
const PasskeyName = Type.String({ minLength: 1, maxLength: 100 });
/** Ten codes, when there were none before. They are shown this once. */
const RecoveryCodes = { recoveryCodes: Type.Optional(Type.Array(Type.String())) };

/** Who may run the house, what is one's own of that, and coming in. */
export const administrators = {
  'GET /api/admins': { reply: closed({ administrators: Type.Array(Administrator) }) },

  /** Makes one, who chooses a password by the link. 422 with `field`. */
  'POST /api/admins': {
    body: closed({ name: AdminName, role: Role }),
    reply: closed({ administrator: Administrator, link: ResetLink }),
  },

  /** A link to choose a new password by, which takes a second factor away that was lost. */
  'POST /api/admins/:name/link': { params, reply: closed({ link: ResetLink }) },

  /** 409 `last-owner` for who is the last one; so with the next two. It ends the sessions. */
  'POST /api/admins/:name/role': { params, body: closed({ role: Role }), reply: one },
  'POST /api/admins/:name/disable': { params, reply: one },
  'DELETE /api/admins/:name': { params, reply: Done },
  'POST /api/admins/:name/enable': { params, reply: one },

  /** The password alone is asked for from then on. Ends the sessions. */
  'DELETE /api/admins/:name/second-factor': { params, reply: one },

  'GET /api/admins/:name/sessions': { params, reply: closed({ sessions: Type.Array(AdminSession) }) },
  'DELETE /api/admins/:name/sessions': { params, reply: closed({ ended: Type.Integer() }) },
  'DELETE /api/admins/:name/sessions/:session': { params: closed({ name: AdminName, ...SessionParams }), reply: Done },

  /** What is one's own: how one signs in, and where one is signed in. */
  'GET /api/account': {
    reply: closed({
      name: Type.String(),
      role: Type.String(),
      codes: Type.Boolean(),
      recoveryCodes: Type.Integer(),
      passkeys: Type.Array(
        closed({
          id: Type.Integer(),
          name: Type.String(),
          /** The name of this server at which it works. */
          host: Type.String(),
          createdAt: Time,
          lastUsed: Type.Union([Time, Type.Null()]),
        }),
      ),
      /** The name by which this page was opened; null for an IP address, for which browsers keep no passkeys. */
      host: Type.Union([Type.String(), Type.Null()]),
      sessions: Type.Array(AdminSession),
    }),
  },

  'POST /api/account/totp': { reply: closed({ secret: Type.String(), uri: Type.String() }) },
  'POST /api/account/totp/confirm': { body: closed({ code: Code }), reply: closed(RecoveryCodes) },
  'DELETE /api/account/totp': { reply: Done },
  'POST /api/account/recovery-codes': { reply: closed({ recoveryCodes: Type.Array(Type.String()) }) },

  'POST /api/account/passkeys/question': {
    reply: closed({
      challenge: Type.String(),
      host: Type.String(),
      ids: Type.Array(Type.String()),
      user: Type.String(),
    }),
  },
  'POST /api/account/passkeys': {
    body: closed({
      id: CredentialId,
      clientData: Base64,
      attestation: Base64,
      transports: Type.Array(Type.String({ pattern: '^[a-z-]{1,20}$' }), { maxItems: 8 }),
      name: PasskeyName,
    }),
    reply: closed(RecoveryCodes),
  },
  'PUT /api/account/passkeys/:id': { params: PasskeyId, body: closed({ name: PasskeyName }), reply: Done },
  'DELETE /api/account/passkeys/:id': { params: PasskeyId, reply: Done },

  'DELETE /api/account/sessions/:session': { params: closed(SessionParams), reply: Done },
  /** All but the one that asks. */
  'DELETE /api/account/sessions': { reply: closed({ ended: Type.Integer() }) },

  /** By what one can show again who one is: the password, or, where there is a second factor, that or a recovery code. */
  'POST /api/account/proofs': {
    reply: closed({
      password: Type.Boolean(),
      codes: Type.Boolean(),
      passkey: Type.Union([PasskeyQuestion, Type.Null()]),
    }),
  },
  /** Shows it, for what is dangerous in the next five minutes. 401, 403 `wrong-code`, 429. */
  'POST /api/account/prove': { body: closed({ password: Type.Optional(Password), ...Proof }), reply: Done },

  /** The second step of signing in, by the ticket of the first. */
  'POST /api/sign-in/second': {
    body: closed({ ticket: Type.String({ minLength: 1, maxLength: 200 }), ...Proof }),
    reply: Done,
  },
  'POST /api/sign-in/passkey/question': { reply: PasskeyQuestion },
  'POST /api/sign-in/passkey': { body: PasskeyAnswer, reply: Done },

  /** Whose password a reset code sets, and whether it is their first. */
  'POST /api/admin/reset/look': {
    body: closed({ code: Code }),
    reply: closed({ name: Type.String(), invited: Type.Boolean() }),
  },
} as const;
