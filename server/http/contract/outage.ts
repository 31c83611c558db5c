import { Type } from 'typebox';
import { closed, DomainParams } from './shapes.ts';

export const outage = {
  /** What apps read of an outage (XEP-0455 §2.2), an empty object when all is well. Anybody may. */
  'GET /api/outage/:domain': {
    params: DomainParams,
    reply: closed({
      planned: Type.Optional(Type.Boolean()),
      beginning: Type.Optional(Type.String()),
      expected_end: Type.Optional(Type.String()),
      message: Type.Optional(closed({ default: Type.String() })),
    }),
  },
} as const;
