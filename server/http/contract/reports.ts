import { Type } from 'typebox';
import { closed, Done, Time } from './shapes.ts';

/** What somebody told when they blocked somebody. */
export const Report = closed({
  id: Type.Integer(),
  time: Time,
  /** Who told, as a bare address. */
  reporter: Type.String(),
  /** Who was blocked. */
  subject: Type.String(),
  /** `spam`, `abuse`, or what else the app calls it. */
  reason: Type.String(),
  text: Type.String(),
  /** The messages that were shown as evidence. */
  messages: Type.Array(closed({ time: Time, text: Type.String() })),
});

export const reports = {
  /** The newest first; further back: `before` = the last id shown. `total` is how many there are in all. */
  'GET /api/reports': {
    query: closed({
      before: Type.Optional(Type.Integer({ minimum: 1 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({ rows: Type.Array(Report), total: Type.Integer(), hasMore: Type.Boolean() }),
  },

  /** It was dealt with. */
  'DELETE /api/reports/:id': { params: closed({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) }), reply: Done },
} as const;
