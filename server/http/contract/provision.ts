import { Type } from 'typebox';
import { closed, Time } from './shapes.ts';

const Names = Type.Array(Type.String());

export const provision = {
  /**
   * Sets the house up by a file, checked as a whole before anything changes and applied once. 422 `invalid`: the message
   * names file, line and key. `folder` is where other files are named from.
   */
  'POST /api/provision': {
    body: closed({
      name: Type.String({ minLength: 1, maxLength: 4_096 }),
      folder: Type.String({ minLength: 1, maxLength: 4_096 }),
      source: Type.String({ maxLength: 1_048_576 }),
      dryRun: Type.Optional(Type.Boolean()),
    }),
    reply: closed({
      applied: Type.Boolean(),
      /** When this very file was applied before. */
      before: Type.Union([Time, Type.Null()]),
      /** What is new, or would be. What was there already was left alone, but what is decided is as the file says. */
      done: closed({
        domains: Names,
        administrators: Names,
        departments: Names,
        people: Names,
        rooms: Names,
        settings: Names,
        /** Their domains. */
        certificates: Names,
        /** Those whose certificates are asked for by ACME. */
        acme: Names,
        /** Domains whose message of the day is another one. */
        messages: Names,
        federation: Type.Boolean(),
        /** What should be known of the names of new domains: plain English. */
        advice: Type.Array(Type.String()),
      }),
    }),
  },

  /** The hash of an administrator's password, to be written into such a file; nothing is kept of it. */
  'POST /api/provision/hash': {
    body: closed({ password: Type.String({ minLength: 1, maxLength: 1_000 }) }),
    reply: closed({ hash: Type.String() }),
  },
} as const;
