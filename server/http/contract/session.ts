import { Type } from 'typebox';
import { PasskeyQuestion } from './administrators.ts';
import { AdminName, Code, closed, DomainName, Done, Password } from './shapes.ts';

/** What an administrator may be allowed to do (server/commands/rights.ts). */
export const Right = Type.Union([
  Type.Literal('people'),
  Type.Literal('look'),
  Type.Literal('help'),
  Type.Literal('admin'),
  Type.Literal('audit'),
  Type.Literal('owner'),
]);

/** Who is signed in at this door. */
export const SignedIn = closed({ name: Type.String(), role: Type.String(), rights: Type.Array(Right) });

/** Claiming the house, signing in and out. */
export const session = {
  /** The first call of the panel: what it has to show. 404 never; without a cookie `admin` is left out. */
  'GET /api/session': {
    reply: closed({
      /** False until the first administrator has been made: show the claim page. */
      claimed: Type.Boolean(),
      admin: Type.Optional(SignedIn),
      /** The first domain served, or the one that will be unless the claim names another. */
      domain: Type.String(),
      version: Type.String(),
    }),
  },

  /** Makes the first administrator and signs in. The route is not there (404) once that is done. */
  'POST /api/claim': {
    body: closed({ code: Code, name: AdminName, password: Password, domain: Type.Optional(DomainName) }),
    reply: closed({ admin: SignedIn }),
  },

  'POST /api/sign-in': {
    body: closed({ name: AdminName, password: Password }),
    /** `admin`: signed in. `second`: the password is right, and a second proof is asked for. */
    reply: closed({
      admin: Type.Optional(SignedIn),
      second: Type.Optional(
        closed({
          /** For the second step, good for five minutes. */
          ticket: Type.String(),
          /** A code of an app may be typed; a recovery code always may. */
          codes: Type.Boolean(),
          /** Null: there is none that works at this name. */
          passkey: Type.Union([PasskeyQuestion, Type.Null()]),
        }),
      ),
    }),
  },

  'POST /api/sign-out': { reply: Done },

  /** A new password for oneself; ends one's sessions in other browsers. */
  'POST /api/admin/password': { body: closed({ old: Password, new: Password }), reply: Done },

  /** A new password for an administrator who lost it, by the code that `hallwayctl admin reset` prints; signs in. */
  'POST /api/admin/reset': {
    body: closed({ code: Code, password: Password }),
    reply: closed({ admin: SignedIn }),
  },
} as const;
