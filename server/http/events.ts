import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../commands/actor.ts';
import type { Commands } from '../commands/index.ts';
import type { Events, LogEvents } from './contract/index.ts';
import { HttpError } from './errors.ts';

/** Streams open at once, all administrators together. */
const MOST = 128;
/** Of them one administrator's, in however many windows: nobody takes them all. */
const MOST_OF_ONE = 8;
/** A browser that does not read is let go when so much waits for it. */
const MOST_WAITING_BYTES = 256 * 1024;
/** How often a stream that is quiet by itself says something, and asks whether it may still be read. */
const QUIET_MS = 15_000;

const SIGNED_OUT = { reason: 'signed-out' };

type Send<All> = <Name extends keyof All & string>(name: Name, data: All[Name]) => void;

/** One stream. */
interface Stream<All> {
  readonly send: Send<All>;
  readonly end: () => void;
  /** The browser does not keep up: what it can do without should wait. */
  readonly busy: () => boolean;
}

/** The server-sent event streams of one door. */
export class EventStreams {
  readonly #commands: Commands;
  /** What ends each, and whose it is. */
  readonly #open = new Map<() => void, string>();

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  /**
   * Turns the reply into the stream of what the house does; `allowed` is asked with every sample. Without `all` who comes and goes is
   * told, and nothing of how the house is. Throws HttpError 503.
   */
  async start(
    request: FastifyRequest,
    reply: FastifyReply,
    by: Actor,
    all: boolean,
    allowed: () => Promise<boolean>,
  ): Promise<void> {
    const { overview, live, figures } = this.#commands;
    const first = await overview.figures();
    if (reply.raw.destroyed || request.raw.destroyed) return;
    const tell = (send: Send<Events>, now: Events['overview']) => (all ? send('overview', now) : send('beat', {}));
    const send = this.#stream<Events>(reply, by, ({ send, end, busy }) => [
      overview.onSample((sample) => {
        this.#ask(
          allowed,
          end,
          () => send('bye', SIGNED_OUT),
          () => tell(send, sample),
        );
      }),
      // Under a storm of logins a slow browser misses some: the figures that follow are right again.
      live.onSession((change) => {
        if (!busy()) send('session', change);
      }),
      figures.onSample((sample) => {
        if (all && !busy()) send('figures', sample);
      }),
    ]);
    tell(send, first);
  }

  /** Turns the reply into the stream of the log, as `follow` hands it on. Throws HttpError 503, or what `follow` throws. */
  log(
    reply: FastifyReply,
    by: Actor,
    allowed: () => Promise<boolean>,
    follow: (send: Send<LogEvents>) => () => void,
  ): void {
    this.#stream<LogEvents>(reply, by, ({ send, end }) => {
      const stop = follow(send);
      const timer = setInterval(() => {
        this.#ask(
          allowed,
          end,
          () => send('bye', SIGNED_OUT),
          () => void reply.raw.write(':\n\n'),
        );
      }, QUIET_MS);
      timer.unref();
      return [stop, () => clearInterval(timer)];
    });
  }

  /** Ends all streams; browsers come back by themselves once there is a server again. */
  close(): void {
    for (const end of [...this.#open.keys()]) end();
  }

  /** Goes on if it may; else says goodbye. */
  #ask(allowed: () => Promise<boolean>, end: () => void, bye: () => void, go: () => void): void {
    allowed().then(
      (still) => {
        if (!this.#open.has(end)) return;
        if (still) return go();
        bye();
        end();
      },
      () => end(),
    );
  }

  #stream<All>(reply: FastifyReply, by: Actor, follow: (stream: Stream<All>) => readonly (() => void)[]): Send<All> {
    const whose = `${by.door} ${by.name}`;
    const theirs = [...this.#open.values()].filter((one) => one === whose).length;
    if (this.#open.size >= MOST || theirs >= MOST_OF_ONE)
      throw new HttpError(503, 'too-many-streams', 'Too many windows are looking at once.');
    const { raw } = reply;
    const send: Send<All> = (name, data) => {
      if (raw.writableLength > MOST_WAITING_BYTES) end();
      else raw.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const end = (): void => {
      if (!this.#open.delete(end)) return;
      for (const stop of stops) stop();
      raw.end();
    };
    const stops = follow({ send, end, busy: () => raw.writableNeedDrain });
    this.#open.set(end, whose);
    raw.on('close', end);
    raw.on('error', end);
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    raw.write('retry: 3000\n\n');
    return send;
  }
}
