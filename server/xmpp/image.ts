import { createHash } from 'node:crypto';

/** A picture of a person as it came. It is never decoded here: what it is its first bytes tell, whatever else is said. */
export interface Image {
  readonly type: ImageType;
  readonly data: Buffer;
  /** SHA-1 of the data in lower-case hexadecimal (XEP-0084 §4.2.1, XEP-0153 §3.1). */
  readonly hash: string;
}

export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';

/** Bytes of one image: what a stanza carries in base64, with room for the rest of a card. */
export const IMAGE_LIMIT = 128 * 1024;

/** The kind of image by its first bytes, undefined for what is none of those that clients show. */
export function imageType(data: Buffer): ImageType | undefined {
  const starts = (signature: string, at = 0): boolean =>
    data.length > at + signature.length && data.toString('latin1', at, at + signature.length) === signature;
  if (starts('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (starts('\xff\xd8\xff')) return 'image/jpeg';
  if (starts('GIF87a') || starts('GIF89a')) return 'image/gif';
  if (starts('RIFF') && starts('WEBP', 8)) return 'image/webp';
  return undefined;
}

/** Why base64 text is no image that is taken. */
export type NoImage = 'empty' | 'too-large' | 'not-base64' | 'unknown-type';

/** Reads an image from base64 text, in which line ends and spaces count for nothing (XEP-0153 §4.6). */
export function readImage(text: string): Image | NoImage {
  // Before anything is copied: base64 has at most a line end for every few characters.
  if (text.length > IMAGE_LIMIT * 2) return 'too-large';
  const base64 = text.replace(/[ \t\r\n]+/g, '');
  if (base64 === '') return 'empty';
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return 'not-base64';
  const data = Buffer.from(base64, 'base64');
  if (data.length > IMAGE_LIMIT) return 'too-large';
  const type = imageType(data);
  if (type === undefined) return 'unknown-type';
  return { type, data, hash: imageHash(data) };
}

/** SHA-1 of image data, in lower-case hexadecimal. It names an image and protects nothing. */
export function imageHash(data: Uint8Array): string {
  return createHash('sha1').update(data).digest('hex');
}
