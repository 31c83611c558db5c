import type { SendOptions } from '@fastify/static';
import { create as disposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FileFolder } from '../../storage/file-folder.ts';
import type { Uploads } from '../../storage/stores/uploads.ts';
import { movingBytes } from '../../util/garbage.ts';
import { mayBeShown } from './types.ts';

/** Read in large pieces, which halves the work; the library has that option, its types do not. */
const SENDING = { contentType: false, cacheControl: false, index: false, highWaterMark: 256 * 1024 } as SendOptions;

export interface GetOptions {
  readonly folder: FileFolder;
  readonly uploads: Uploads;
}

/** Gives files to whoever has the link, wholly or in part (RFC 9110 §14), as XEP-0363 §11 wants it kept apart from our own pages. */
export function giver({ folder, uploads }: GetOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { token } = request.params as { readonly token: string };
    const upload = token.length > 100 ? undefined : await uploads.find(token);
    if (upload === undefined || (upload.expiresAt ?? Number.POSITIVE_INFINITY) <= Date.now()) {
      return reply.code(404).type('text/plain; charset=utf-8').send('There is no such file, or not any more.\n');
    }
    const shown = mayBeShown(upload.type);
    reply.type(shown ? upload.type : 'application/octet-stream');
    reply.header('content-disposition', disposition(upload.name, { type: shown ? 'inline' : 'attachment' }));
    // What is under a link never changes; who may not have it for long must not find it in a browser's memory.
    const lasting = upload.expiresAt === undefined ? 'private, max-age=31536000, immutable' : 'no-store';
    reply.header('cache-control', lasting);
    reply.raw.once('close', movingBytes());
    return reply.sendFile(upload.file, folder.root, SENDING);
  };
}
