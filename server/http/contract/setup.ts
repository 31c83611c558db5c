import { Type } from 'typebox';
import { closed } from './shapes.ts';

const Step = Type.Union([
  Type.Literal('domain'),
  Type.Literal('reach'),
  Type.Literal('certificate'),
  Type.Literal('people'),
]);

/** From where people are to reach the server: from the office's own network only, or from the internet too. */
export const WishedReach = Type.Union([Type.Literal('office'), Type.Literal('internet')]);

/** How far the house is set up. */
export const Setup = closed({
  steps: Type.Array(closed({ name: Step, done: Type.Boolean() })),
  left: Type.Integer(),
  /** Missing until somebody has decided it. */
  reach: Type.Optional(WishedReach),
});

export const setup = {
  'GET /api/setup': { reply: Setup },

  /** What was decided on the way. */
  'PUT /api/setup': { body: closed({ reach: WishedReach }), reply: Setup },

  /** A step is done, or is to be done again. */
  'PUT /api/setup/:step': {
    params: closed({ step: Type.String({ maxLength: 20 }) }),
    body: closed({ done: Type.Boolean() }),
    reply: Setup,
  },
} as const;
