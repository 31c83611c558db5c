import type { IncomingMessage, ServerResponse } from 'node:http';

/** How slowly a file may come. */
export interface Pace {
  /** Who sends fewer bytes than this between two looks is let go: somebody else wants the place. */
  readonly bytes: number;
  /** ms between two looks */
  readonly every: number;
  /** ms for which somebody who was refused, and still sends, is listened to */
  readonly lastWords: number;
}

export const PACE: Pace = { bytes: 30_000, every: 30_000, lastWords: 5_000 };

/** Gives up, for the reason `late`, on who sends too slowly. To be told when there is nothing more to come. */
export function paced(
  raw: IncomingMessage,
  { bytes, every }: Pace,
  late: Error,
): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  let before = raw.socket.bytesRead;
  const timer = setInterval(() => {
    const now = raw.socket.bytesRead;
    // What has come as a whole is on its way to the disk, which takes as long as it takes.
    if (now - before < bytes && !raw.complete) controller.abort(late);
    before = now;
  }, every);
  return { signal: controller.signal, done: () => clearInterval(timer) };
}

/**
 * Whoever was refused may still be sending a large file: they are told, and what else they send is read for a while and
 * forgotten. To close at once would make their system throw the answer away, before they have read it.
 */
export function hangUp(raw: IncomingMessage, reply: ServerResponse, { lastWords }: Pace): void {
  if (raw.complete || raw.readableEnded) return;
  reply.once('finish', () => {
    raw.resume();
    const timer = setTimeout(() => raw.socket.destroy(), lastWords);
    for (const over of ['end', 'close'] as const) raw.once(over, () => clearTimeout(timer));
  });
}
