import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { PACE, paced } from '../util/pace.ts';
import { HttpError } from './errors.ts';

/** Hands a body that is one large file to `take`, which must read it to its end, or give up when the signal says so. Throws HttpError. */
export async function takeLargeFile(
  { raw, headers }: FastifyRequest,
  take: (body: IncomingMessage, length: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { signal, done } = paced(raw, PACE, new Error('too slow'));
  // Who sends slowly is seen to by `paced`; a slow disk is no reason to hang up.
  raw.socket.setTimeout(0);
  try {
    const length = Number(headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(length)) throw new HttpError(411, 'no-length', 'Say how long the file is.', 'file');
    await take(raw, length, signal);
  } finally {
    done();
  }
}
