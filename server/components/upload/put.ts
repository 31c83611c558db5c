import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FileFolder } from '../../storage/file-folder.ts';
import type { Uploads } from '../../storage/stores/uploads.ts';
import { mediaType } from './name.ts';
import type { Slot, Slots } from './slots.ts';

/** Uploads under way at once. */
const AT_ONCE = 200;
/** Who sends less than this many bytes in as many ms is let go: somebody else wants the place. */
const SLOWEST = 30_000;
const LOOK_MS = 60_000;
/** ms that somebody who was refused has to read why, before the rest of what they send is not waited for. */
const LAST_WORDS_MS = 2_000;

export interface PutOptions {
  readonly slots: () => Slots;
  readonly folder: FileFolder;
  readonly uploads: Uploads;
  readonly log: { error(details: object, text: string): void };
}

/** Why an upload is refused. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** Takes files (XEP-0363 §6): each as it comes, straight to the disk. */
export function taker(options: PutOptions) {
  let underWay = 0;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<string> => {
    const { put } = request.params as { readonly put: string };
    reply.type('text/plain; charset=utf-8');
    try {
      if (underWay >= AT_ONCE) throw new Refusal(503, 'Too many files are being uploaded. Try again in a minute.');
      underWay++;
      try {
        await take(options, put, request);
      } finally {
        underWay--;
      }
    } catch (error) {
      const refusal = reasonOf(error);
      if (refusal.status === 500) options.log.error({ err: error }, 'an upload could not be stored');
      hangUp(request, reply);
      reply.code(refusal.status);
      return `${refusal.message}\n`;
    }
    reply.code(201);
    return '';
  };
}

async function take({ slots, folder, uploads }: PutOptions, put: string, request: FastifyRequest): Promise<void> {
  const slot = slots().take(put);
  if (slot === undefined)
    throw new Refusal(404, 'There is no such place to upload to, or not any more. Ask for another one.');
  if (slot === 'busy') throw new Refusal(409, 'This file is being uploaded already.');
  try {
    check(slot, request);
    const { file, bytes } = await folder.write(request.raw, pace(request));
    try {
      if (bytes !== slot.bytes) throw new Refusal(400, 'The file is shorter than was said.');
      const { token, account, name, type, purpose, expiresAt } = slot;
      const row = {
        file,
        account,
        name,
        type: type || mediaType(request.headers['content-type'] ?? ''),
        bytes,
        purpose,
      };
      const added = await uploads.add(token, { ...row, createdAt: Date.now(), expiresAt });
      if (!added) throw new Refusal(403, 'This account is not in use any more.');
    } catch (error) {
      await folder.remove(file);
      throw error;
    }
  } catch (error) {
    slots().retry(slot);
    throw error;
  }
  slots().drop(put);
}

/** Throws Refusal for what is not what was promised. */
function check(slot: Slot, { headers }: FastifyRequest): void {
  const { 'content-length': length, 'content-type': type, 'content-encoding': encoding = 'identity' } = headers;
  if (length === undefined) throw new Refusal(411, 'Say how long the file is (Content-Length).');
  if (length !== String(slot.bytes)) throw new Refusal(400, `The file was said to have ${slot.bytes} bytes.`);
  if (encoding !== 'identity') throw new Refusal(415, 'Files are taken as they are, not compressed on the way.');
  const said = mediaType(type ?? '');
  // A client that does not know says so in this way.
  if (slot.type !== '' && said !== '' && said !== 'application/octet-stream' && said !== slot.type) {
    throw new Refusal(415, `The file was said to be ${slot.type}.`);
  }
}

/** Ends what is too slow. */
function pace({ raw }: FastifyRequest): AbortSignal {
  const controller = new AbortController();
  let before = raw.socket.bytesRead;
  const timer = setInterval(() => {
    const now = raw.socket.bytesRead;
    if (now - before < SLOWEST) controller.abort(new Refusal(408, 'This is too slow.'));
    before = now;
  }, LOOK_MS);
  raw.once('close', () => clearInterval(timer));
  return controller.signal;
}

function reasonOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (cause instanceof Refusal) return cause; // an AbortError has its reason inside
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Refusal(507, 'The disk of this server is full. Tell an administrator.');
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET')
    return new Refusal(400, 'The upload was cut short.');
  return new Refusal(500, 'The file could not be stored. Tell an administrator.');
}

/** Whoever was refused may still be sending a large file: they are told, and what else they send is not waited for. */
function hangUp({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete) return;
  reply.header('connection', 'close');
  reply.raw.once('finish', () => {
    const timer = setTimeout(() => raw.socket.destroy(), LAST_WORDS_MS);
    raw.socket.once('close', () => clearTimeout(timer));
  });
}
