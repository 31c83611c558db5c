import type { FileLimits } from '../host/file-space.ts';
import type { OwnedUpload, UploadEdge } from '../storage/stores/upload-lists.ts';
import type { Upload, UploadUse } from '../storage/stores/uploads.ts';
import { CommandError } from './command-error.ts';

/**
 * A file as shown to administrators: never what is in it, nor where it can be had. Whoever has the link may have the file; of the
 * secret in the link the house itself keeps only the hash. Times are ms since 1970.
 */
export interface FileView {
  readonly id: number;
  /** Whose it is. */
  readonly jid: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly purpose: Upload['purpose'];
  /** The room it was first shown to, '' for none that is known. */
  readonly room: string;
  readonly createdAt: number;
  /** When it goes by itself, as its owner wished. */
  readonly expiresAt: number | null;
}

export interface FileOverview extends UploadUse {
  /** Bytes that may still be written to the disk. */
  readonly free: number;
  /** Of that, what stays free. */
  readonly reserve: number;
  /** Bytes that all files may take together, 0 for no such limit. */
  readonly most: number;
  /** Bytes that may still be uploaded before the first of these limits is met. */
  readonly left: number;
  readonly domains: (FileLimits & { readonly domain: string })[];
}

export function viewFile({ id, jid, name, type, bytes, purpose, room, createdAt, expiresAt }: OwnedUpload): FileView {
  return { id, jid, name, type, bytes, purpose, room, createdAt, expiresAt: expiresAt ?? null };
}

/** Two numbers where the next page begins, as one word. */
export function edgeWord({ value, id }: UploadEdge): string {
  return `${value}.${id}`;
}

/** The same back. Throws CommandError. */
export function readEdge(word: string): UploadEdge {
  const [, value, id] = /^(\d{1,16})\.(\d{1,16})$/.exec(word) ?? [];
  if (value === undefined) throw noEdge();
  return { value: Number(value), id: Number(id) };
}

export function noEdge(): CommandError {
  return new CommandError('invalid', 'No page begins there: take the word of the page before.', 'after');
}
