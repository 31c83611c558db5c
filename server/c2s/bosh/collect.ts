import type { Readable } from 'node:stream';

/** Where the wrapper of a request has to be over. */
const WRAPPER_BYTES = 4_096;
const SID = /\ssid\s*=\s*["']([\w-]{1,64})["']/;

/** The request is larger than its sender may send: as Fastify knows it. */
class TooLarge extends Error {
  readonly statusCode = 413;
}

/**
 * Reads the body of a request. Of more than what anybody may send nothing is kept, unless its beginning names a session;
 * `roomOf` says how much that one may. It is the wrapper, read later, that counts: this only keeps slow bodies by the thousand
 * from filling the memory. Rejects with an error of the status 413.
 */
export function collect(body: Readable, room: number, roomOf: (sid: string) => number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let most = room;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= most) return;
      const beginning = Buffer.concat(chunks).toString('latin1', 0, WRAPPER_BYTES);
      most = Math.max(room, roomOf(SID.exec(beginning)?.[1] ?? ''));
      if (size <= most) return;
      chunks = [];
      body.off('data', take).resume();
      reject(new TooLarge());
    };
    body.on('data', take);
    body.once('end', () => resolve(Buffer.concat(chunks)));
    body.once('error', reject);
    body.once('close', () => reject(new Error('the client is gone')));
  });
}
