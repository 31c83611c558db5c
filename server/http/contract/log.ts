import { Type } from 'typebox';
import { closed, Time } from './shapes.ts';

const Level = Type.Union([
  Type.Literal('error'),
  Type.Literal('warn'),
  Type.Literal('info'),
  Type.Literal('debug'),
  Type.Literal('trace'),
]);

/** One entry of the log; an error's text has a line for each step of its stack. */
export const LogEntry = closed({
  /** 1, 2, 3, … since the server started. */
  id: Type.Integer(),
  time: Time,
  level: Level,
  text: Type.String(),
});

/** Only newer entries than this. */
const After = Type.Optional(Type.Integer({ minimum: 0 }));

const Filter = {
  /** This level and graver ones. */
  level: Type.Optional(Level),
  /** Part of the text, in whatever case. */
  text: Type.Optional(Type.String({ maxLength: 200 })),
};

/** What `GET /api/log/events` sends. `bye` comes before the server closes the stream for good. */
export const logEvents = {
  /** `leftOut`: so many did not fit in since the last time. */
  log: closed({ entries: Type.Array(LogEntry), leftOut: Type.Integer() }),
  bye: closed({ reason: Type.String() }),
} as const;

export const log = {
  /** The newest, the oldest of them first; `logged` is the level that is written now. */
  'GET /api/log': {
    query: closed({
      ...Filter,
      after: After,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    }),
    reply: closed({ entries: Type.Array(LogEntry), logged: Type.String() }),
  },
  /** A server-sent event stream of what is logged from now on, or since `after`, see `logEvents`. 429 when too many look. */
  'GET /api/log/events': { query: closed({ ...Filter, after: After }), stream: logEvents },
  /** All that is in memory, as text. */
  'GET /api/log/text': { query: closed(Filter), text: 'text/plain' },
} as const;
