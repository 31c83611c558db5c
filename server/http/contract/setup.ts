import { Type } from 'typebox';
import { closed } from './shapes.ts';

const Step = Type.Union([
  Type.Literal('domain'),
  Type.Literal('reach'),
  Type.Literal('certificate'),
  Type.Literal('people'),
]);

/** How far the house is set up. */
export const Setup = closed({
  steps: Type.Array(closed({ name: Step, done: Type.Boolean() })),
  left: Type.Integer(),
});

export const setup = {
  'GET /api/setup': { reply: Setup },

  /** A step is done, or is to be done again. */
  'PUT /api/setup/:step': {
    params: closed({ step: Type.String({ maxLength: 20 }) }),
    body: closed({ done: Type.Boolean() }),
    reply: Setup,
  },
} as const;
