import { Type } from 'typebox';
import { FigureSample } from './figures.ts';
import { closed, Time } from './shapes.ts';

/** One listener, as `c2s [::]:5222`. */
const Listener = closed({ name: Type.String(), address: Type.String() });

/** What one domain shows to clients. */
const Certificate = closed({
  domain: Type.String(),
  notAfter: Time,
  /** `internal` ones are renewed by the server itself, the others by whoever gave them. */
  source: Type.String(),
});

/** What the server is doing now. Rates are over the two seconds before `time`; totals since the server started. */
export const Overview = closed({
  time: Time,
  people: closed({ total: Type.Integer(), online: Type.Integer(), disabled: Type.Integer() }),
  /** Connected clients, of which one person may have several. */
  sessions: Type.Integer(),
  rates: closed({ messages: Type.Number(), presences: Type.Number(), iqs: Type.Number(), logins: Type.Number() }),
  totals: closed({
    messages: Type.Integer(),
    presences: Type.Integer(),
    iqs: Type.Integer(),
    delivered: Type.Integer(),
    bounced: Type.Integer(),
    logins: Type.Integer(),
    loginFailures: Type.Integer(),
  }),
  /** Seconds since the server started. */
  uptime: Type.Number(),
  version: Type.String(),
  /** This machine's own name, as the server knows it. */
  hostname: Type.String(),
  domains: Type.Array(Type.String()),
  /** Of the domains served. */
  certificates: Type.Array(Certificate),
  listeners: Type.Array(Listener),
  /** How late the event loop was, milliseconds over the last ten seconds. */
  eventLoopDelay: closed({ median: Type.Number(), p99: Type.Number(), max: Type.Number() }),
  /** Bytes. */
  memory: closed({ resident: Type.Integer(), heap: Type.Integer() }),
});

/** Somebody's client came or went. */
export const SessionChange = closed({
  time: Time,
  what: Type.Union([Type.Literal('online'), Type.Literal('offline')]),
  /** The full address. */
  jid: Type.String(),
  /** How many sessions this person has now. */
  sessions: Type.Integer(),
});

/**
 * What `GET /api/events` sends, by the `event:` name of the server-sent event; `data:` is the JSON. The figures come at
 * once and then every two seconds; whoever may not `look` is sent `beat` in their place. `bye` comes before the server closes the stream for good (signed out, expired): do not
 * connect again.
 */
export const events = {
  overview: Overview,
  beat: closed({}),
  session: SessionChange,
  /** Every ten seconds; what `GET /api/figures` has from then on. */
  figures: FigureSample,
  bye: closed({ reason: Type.String() }),
} as const;

export const overview = {
  'GET /api/overview': { reply: Overview },

  /** A server-sent event stream, see `events`. 503 `too-many-streams` when too many look. */
  'GET /api/events': { stream: events },

  /** The internal authority's certificate: `application/x-pem-file`, not JSON. 404 when there is none. */
  'GET /api/certificate-authority': { text: 'application/x-pem-file' },
} as const;
