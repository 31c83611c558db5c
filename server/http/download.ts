import { type FileHandle, open } from 'node:fs/promises';
import type { FastifyReply } from 'fastify';
import { sendFile } from '../util/send-file.ts';

/** What a browser is told of a file that it is to save. */
export interface Download {
  readonly path: string;
  /** The name under which it is saved: of letters, digits, dots and hyphens. */
  readonly name: string;
  readonly type: string;
  /** Thrown when the file is not there. */
  readonly gone: Error;
}

/** Answers with a file, which is never held in memory. */
export async function download(reply: FastifyReply, { path, name, type, gone }: Download): Promise<void> {
  await using file: FileHandle = await open(path, 'r').catch(() => {
    throw gone;
  });
  const { size } = await file.stat();
  reply.hijack();
  const { raw } = reply;
  for (const [header, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(header, value);
  }
  raw.writeHead(200, {
    'content-type': type,
    'content-length': size,
    'content-disposition': `attachment; filename="${name}"`,
  });
  await sendFile(file, 0, size - 1, raw);
}
