import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Commands } from '../commands/index.ts';
import type { Events } from './contract/index.ts';
import { HttpError } from './errors.ts';

/** Streams open at once, all administrators together. */
const MOST = 32;
/** A browser that does not read is let go when so much waits for it. */
const MOST_WAITING_BYTES = 256 * 1024;

/** The server-sent event streams of one door. */
export class EventStreams {
  readonly #commands: Commands;
  readonly #open = new Set<() => void>();

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  /**
   * Turns the reply into a stream of events; `allowed` is asked with every sample. Without `figures` who comes and goes is told,
   * and nothing of how the house is. Throws HttpError 503.
   */
  async start(
    request: FastifyRequest,
    reply: FastifyReply,
    figures: boolean,
    allowed: () => Promise<boolean>,
  ): Promise<void> {
    const { overview, live } = this.#commands;
    const first = await overview.figures();
    if (this.#open.size >= MOST) throw new HttpError(503, 'too-many-streams', 'Too many windows are looking at once.');
    const { raw } = reply;
    if (raw.destroyed || request.raw.destroyed) return;
    const send = <Name extends keyof Events>(name: Name, data: Events[Name]) => {
      if (raw.writableLength > MOST_WAITING_BYTES) end();
      else raw.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const sample = (now: Events['overview']) => (figures ? send('overview', now) : send('beat', {}));
    const stopSamples = overview.onSample((now) => {
      allowed().then(
        (still) => {
          if (!this.#open.has(end)) return;
          if (still) return sample(now);
          send('bye', { reason: 'signed-out' });
          end();
        },
        () => end(),
      );
    });
    // Under a storm of logins a slow browser misses some: the figures that follow are right again.
    const stopSessions = live.onSession((change) => {
      if (!raw.writableNeedDrain) send('session', change);
    });
    const end = () => {
      if (!this.#open.delete(end)) return;
      stopSamples();
      stopSessions();
      raw.end();
    };
    this.#open.add(end);
    raw.on('close', end);
    raw.on('error', end);
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    raw.write('retry: 3000\n\n');
    sample(first);
  }

  /** Ends all streams; browsers come back by themselves once there is a server again. */
  close(): void {
    for (const end of [...this.#open]) end();
  }
}
