import { createHash } from 'node:crypto';

/** A PNG of one pixel, in base64. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** What begins like a PNG and has so many bytes, in base64; `mark` makes it another. */
export function pngOf(bytes: number, mark = ''): string {
  const data = Buffer.alloc(bytes);
  Buffer.from(`\x89PNG\r\n\x1a\n${mark}`, 'latin1').copy(data);
  return data.toString('base64');
}

/** SHA-1 of the image in base64. */
export function hashOf(base64: string): string {
  return createHash('sha1').update(Buffer.from(base64, 'base64')).digest('hex');
}
