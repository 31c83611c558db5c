import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FileFolder } from '../../storage/file-folder.ts';
import type { Uploads } from '../../storage/stores/uploads.ts';
import { hangUp, PACE, type Pace, paced } from '../../util/pace.ts';
import { mediaType } from './name.ts';
import { Refusal, refusalOf } from './refusal.ts';
import type { Slot, Slots } from './slots.ts';

/** Uploads under way at once. */
const AT_ONCE = 200;

export interface PutOptions {
  readonly slots: () => Slots;
  readonly folder: FileFolder;
  readonly uploads: Uploads;
  readonly log: { error(details: object, text: string): void };
  /** What is done to a file of a domain before anybody may have it: undefined for nothing. */
  readonly clean: (domain: string) => ((path: string) => Promise<void>) | undefined;
  readonly pace?: Pace;
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
      const refusal = refusalOf(error);
      if (refusal.status === 500) options.log.error({ err: error }, 'an upload could not be stored');
      hangUp(request.raw, reply.raw, options.pace ?? PACE);
      reply.code(refusal.status);
      return `${refusal.message}\n`;
    }
    reply.code(201);
    return '';
  };
}

async function take(options: PutOptions, put: string, request: FastifyRequest): Promise<void> {
  const slots = options.slots();
  const slot = slots.take(put);
  if (slot === undefined)
    throw new Refusal(404, 'There is no such place to upload to, or not any more. Ask for another one.');
  if (slot === 'busy') throw new Refusal(409, 'This file is being uploaded already.');
  if (slot === 'many') throw new Refusal(429, 'You are uploading many files already. Wait for some of them.');
  try {
    check(slot, request);
    await keep(options, slot, request);
  } catch (error) {
    slots.retry(slot);
    throw error;
  }
  slots.drop(put);
}

/** Resolves when the file and its row are on disk; rejects with nothing left of it. */
async function keep(options: PutOptions, slot: Slot, request: FastifyRequest): Promise<void> {
  const { folder, uploads, clean, pace = PACE } = options;
  const { token, account, domain, name, purpose, expiresAt } = slot;
  const { signal, done } = paced(request.raw, pace, new Refusal(408, 'This is too slow.'));
  const finish = clean(domain);
  // Who sends slowly is seen to by `paced`; who has sent all is not to be hung up on while a slow disk or the cleaning takes its time.
  request.raw.socket.setTimeout(0);
  const { file, bytes } = await folder
    .write(request.raw, { signal, bytes: slot.bytes, ...(finish !== undefined && { finish }) })
    .finally(done);
  try {
    const type = slot.type || mediaType(request.headers['content-type'] ?? '');
    const row = { file, account, name, type, bytes, purpose, createdAt: Date.now(), expiresAt };
    if (!(await uploads.add(token, row))) throw new Refusal(403, 'This account is not in use any more.');
  } catch (error) {
    await folder.remove(file);
    throw error;
  }
}

/** Throws Refusal for what is not what was promised (§6). */
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
