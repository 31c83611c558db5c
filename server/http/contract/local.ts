import { Type } from 'typebox';
import { AccountSession } from './accounts.ts';
import { AdminName, closed, Time } from './shapes.ts';

/** Routes for `hallwayctl` alone: they exist on the Unix socket and nowhere else. */
export const local = {
  /** Everybody's sessions, or those of one bare address; at most 1,000. */
  'GET /api/sessions': {
    query: closed({ jid: Type.Optional(Type.String({ maxLength: 3071 })) }),
    reply: closed({ sessions: Type.Array(AccountSession), total: Type.Integer() }),
  },

  /** A fresh claim code; the one before it stops working. 409 `already-claimed`. */
  'POST /api/claim-code': {
    reply: closed({
      code: Type.String(),
      url: Type.String(),
      /** SHA-256 of the certificate that the panel shows, as browsers write it. */
      fingerprint: Type.String(),
      expiresAt: Time,
    }),
  },

  /** A code by which an administrator sets a new password. Without a name: the first administrator. */
  'POST /api/admin/reset-code': {
    body: closed({ name: Type.Optional(AdminName) }),
    reply: closed({
      name: Type.String(),
      code: Type.String(),
      url: Type.String(),
      fingerprint: Type.String(),
      expiresAt: Time,
    }),
  },
} as const;
