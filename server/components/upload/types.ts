/**
 * What a browser may show by itself. Everything else is offered for saving: what is shown runs with the rights of the page that it
 * came from, and an image in SVG or a page in HTML can hold a script (SECURITY 55).
 */
const SHOWN = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'audio/mpeg',
  'audio/mp4',
  'audio/aac',
  'audio/ogg',
  'audio/opus',
  'audio/flac',
  'audio/wav',
  'audio/webm',
  'video/mp4',
  'video/webm',
  'video/ogg',
]);

/** Whether a browser may show a file of this media type by itself. */
export function mayBeShown(type: string): boolean {
  return SHOWN.has(type);
}
