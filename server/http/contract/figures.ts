import { Type } from 'typebox';
import { closed, Done, Time } from './shapes.ts';

const number = Type.Number();
/** What was measured, and in which unit. Where a minute is told, it is the mean, but for `late99` and `lateMax`: those are the worst. */
const FIGURES = {
  /** Devices that are connected, and people who have one. */
  sessions: number,
  online: number,
  /** A second: messages that came in, stanzas handed to devices, stanzas answered with an error. */
  messages: number,
  delivered: number,
  bounced: number,
  /** A second: who came in, and whose password was wrong. */
  logins: number,
  refused: number,
  /** Links with other servers. */
  links: number,
  /** Uploaded files that are kept, and their bytes. */
  files: number,
  fileBytes: number,
  /** Per cent of one core. */
  cpu: number,
  /** Bytes: of the process, and of what JavaScript has taken. */
  memory: number,
  heap: number,
  /** Milliseconds by which the event loop was late: the median, 99 of 100, the worst. */
  lateMedian: number,
  late99: number,
  lateMax: number,
};

/** What was measured up to `at`. */
export const FigureSample = closed({ at: Time, ...FIGURES });

const column = Type.Array(number);
const Columns = closed({
  at: Type.Array(Time),
  sessions: column,
  online: column,
  messages: column,
  delivered: column,
  bounced: column,
  logins: column,
  refused: column,
  links: column,
  files: column,
  fileBytes: column,
  cpu: column,
  memory: column,
  heap: column,
  lateMedian: column,
  late99: column,
  lateMax: column,
});

const Range = Type.Union([Type.Literal('hour'), Type.Literal('day')]);

export const figures = {
  /** What was measured, by column, the oldest first: every ten seconds of an hour, or every minute of a day. */
  'GET /api/figures': {
    query: closed({ range: Type.Optional(Range) }),
    /** `every`: ms between two samples, where none is missing. */
    reply: closed({ range: Range, every: Type.Integer(), samples: Columns }),
  },

  /** Whether there is a token for `GET /metrics`, and since when. */
  'GET /api/metrics': { reply: closed({ on: Type.Boolean(), createdAt: Type.Union([Time, Type.Null()]) }) },
  /** Makes one, which is shown this once; the one before it is good for nothing from then on. */
  'POST /api/metrics/token': { reply: closed({ token: Type.String(), createdAt: Time }) },
  /** Takes it away. */
  'DELETE /api/metrics/token': { reply: Done },

  /** Prometheus' text format, for whoever brings the token (`Authorization: Bearer …`). 404 while there is none. */
  'GET /metrics': { text: 'text/plain; version=0.0.4' },

  /** `{"status":"ok"}`, or 503 and `{"status":"failing"}`: for programs that watch the server. */
  'GET /health': { text: 'application/json' },
} as const;
