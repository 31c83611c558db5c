import { type FileHandle, open } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { create as disposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FileFolder } from '../../storage/file-folder.ts';
import type { Upload, Uploads } from '../../storage/stores/uploads.ts';
import { sendFile } from '../../util/send-file.ts';
import { type DownloadLimits, Downloads } from './downloads.ts';
import { knows, partOf } from './range.ts';
import { mayBeShown } from './types.ts';

export interface GetOptions {
  readonly folder: FileFolder;
  readonly uploads: Uploads;
  readonly downloads?: DownloadLimits;
}

/** Gives files to whoever has the link, wholly or in part, as XEP-0363 §11 wants it kept apart from our own pages. */
export function giver({ folder, uploads, downloads }: GetOptions) {
  const underWay = new Downloads(downloads);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { token } = request.params as { readonly token: string };
    const upload = token.length > 100 ? undefined : await uploads.find(token);
    if (upload === undefined || (upload.expiresAt ?? Number.POSITIVE_INFINITY) <= Date.now()) return nothing(reply);
    const leave = underWay.enter(request.ip);
    if (leave === undefined) return busy(reply);
    try {
      await using handle = await openIfThere(folder.path(upload.file));
      if (handle === undefined) return nothing(reply);
      describe(upload, reply);
      return await give(request, reply, upload, handle);
    } finally {
      leave();
    }
  };
}

function busy(reply: FastifyReply): FastifyReply {
  const text = 'Too many files are being downloaded. Try again in a minute.\n';
  return reply.code(503).header('retry-after', '60').type('text/plain; charset=utf-8').send(text);
}

function nothing(reply: FastifyReply): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send('There is no such file, or not any more.\n');
}

function describe({ type, name, file, expiresAt }: Upload, reply: FastifyReply): void {
  const shown = mayBeShown(type);
  reply.headers({
    'content-type': shown ? type : 'application/octet-stream',
    'content-disposition': disposition(name, { type: shown ? 'inline' : 'attachment' }),
    'accept-ranges': 'bytes',
    // Names in the folder are never used again, and say nothing of the link.
    etag: `"${file.replace('/', '')}"`,
    // What is under a link never changes; who may not have it for long must not find it in a browser's memory.
    'cache-control': expiresAt === undefined ? 'private, max-age=31536000, immutable' : 'no-store',
  });
}

/** RFC 9110 §13.2.2: what is asked first, and what then. */
async function give(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  { bytes }: Upload,
  handle: FileHandle,
): Promise<FastifyReply> {
  const etag = reply.getHeader('etag') as string;
  const ask = headers['if-range'] === undefined || headers['if-range'] === etag ? headers.range : undefined;
  const part = method === 'GET' ? partOf(ask, bytes) : undefined;
  if (knows(headers['if-none-match'], etag)) reply.code(304).removeHeader('content-type');
  else if (part === 'none') reply.code(416).headers({ 'content-range': `bytes */${bytes}`, 'content-length': 0 });
  else {
    const { start, end } = part ?? { start: 0, end: bytes - 1 };
    if (part !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${bytes}`);
    reply.header('content-length', end - start + 1);
    if (method === 'GET') {
      reply.hijack();
      reply.raw.writeHead(reply.statusCode, reply.getHeaders() as OutgoingHttpHeaders);
      await sendFile(handle, start, end, reply.raw);
      return reply;
    }
  }
  return reply.send();
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
