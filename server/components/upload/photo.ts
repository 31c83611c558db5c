/** Bytes that are enough to tell. */
export const BEGINNING = 16;

/** Brands of ISO base media files that are pictures: HEIF (ISO/IEC 23008-12) and AVIF. */
const PICTURES = /^(?:heic|heix|heim|heis|hevc|hevx|mif1|msf1|avif|avis)$/;
/** How files of QuickTime begin that are older than brands. */
const OLD_MOVIE = /^(?:moov|mdat|wide|free|skip|pnot)$/;

/** What a camera may have made, by how the file begins; what its sender calls it tells nothing. */
export function madeByCamera(beginning: Buffer): 'photo' | 'film' | undefined {
  const text = beginning.toString('latin1');
  if (text.startsWith('\xff\xd8\xff') || text.startsWith('\x89PNG\r\n\x1a\n') || /^GIF8[79]a/.test(text))
    return 'photo';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'photo'; // TIFF, and what cameras call raw
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'photo';
  const box = text.slice(4, 8);
  if (box === 'ftyp') return PICTURES.test(text.slice(8, 12)) ? 'photo' : 'film';
  return OLD_MOVIE.test(box) ? 'film' : undefined;
}
