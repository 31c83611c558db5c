import { crc32 } from 'node:zlib';
import { PNG } from './pictures.ts';

/** Two points, red and blue, with a colour profile. */
const JPEG = [
  '/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAA',
  'ABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1',
  'AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAP',
  'KnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/',
  '2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK0',
  '6kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAABAAIDASIAAhEBAxEB/8QAFQABAQAA',
  'AAAAAAAAAAAAAAAAAAX/xAAZEAEAAgMAAAAAAAAAAAAAAAAAAQIDM3H/xAAVAQEBAAAAAAAAAAAAAAAAAAACBv/EABkRAAIDAQAAAAAAAAAAAA',
  'AAAAABAgMycf/aAAwDAQACEQMRAD8Ah5NluyAoa8LgJ6Z//9k=',
].join('');

/** The same as WebP. */
const WEBP = [
  'UklGRhoCAABXRUJQVlA4WAoAAAAgAAAAAQAAAAAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAA',
  'ABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1',
  'AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAP',
  'KnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZW',
  'UDggLAAAAPABAJ0BKgIAAQAEAGgloAJ0ugADCPG/gAD+724NEN/dh7iBz8UApHAeAAAA',
].join('');

/** A place in Verona, as degrees, minutes, seconds. */
const LATITUDE = [45, 26, 31];
const LONGITUDE = [10, 59, 55];

/** A value of an image file directory: tag, type, count, and four bytes: the value or where it is. */
function entry(tag: number, type: number, count: number, value: Buffer | number): Buffer {
  const out = Buffer.alloc(12);
  out.writeUInt16LE(tag, 0);
  out.writeUInt16LE(type, 2);
  out.writeUInt32LE(count, 4);
  if (typeof value === 'number') out.writeUInt32LE(value, 8);
  else value.copy(out, 8);
  return out;
}

function directory(...entries: Buffer[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16LE(entries.length);
  return Buffer.concat([count, ...entries, Buffer.alloc(4)]);
}

/** What a camera notes (TIFF, as EXIF has it): it was held upright, and where. */
export function exif(): Buffer {
  const head = Buffer.from('II*\0\x08\0\0\0', 'latin1');
  const first = (gps: number) => directory(entry(0x0112, 3, 1, 6), entry(0x8825, 4, 1, gps));
  const at = head.length + first(0).length;
  const places = (latitude: number, longitude: number) =>
    directory(
      entry(1, 2, 2, Buffer.from('N\0')),
      entry(2, 5, 3, latitude),
      entry(3, 2, 2, Buffer.from('E\0')),
      entry(4, 5, 3, longitude),
    );
  const values = at + places(0, 0).length;
  const numbers = Buffer.alloc(48);
  [...LATITUDE, ...LONGITUDE].forEach((n, i) => {
    numbers.writeUInt32LE(n, 8 * i);
    numbers.writeUInt32LE(1, 8 * i + 4);
  });
  return Buffer.concat([head, first(at), places(values, values + 24), numbers]);
}

/** A photo as a telephone makes it: upright by a note, with the place where it was made. */
export function jpegWithPlace(): Buffer {
  const plain = Buffer.from(JPEG, 'base64');
  const note = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif()]);
  const mark = Buffer.from([0xff, 0xe1, 0, 0]);
  mark.writeUInt16BE(note.length + 2, 2);
  return Buffer.concat([plain.subarray(0, 2), mark, note, plain.subarray(2)]);
}

export function pngWithPlace(): Buffer {
  const plain = Buffer.from(PNG, 'base64');
  const data = Buffer.concat([Buffer.from('eXIf'), exif()]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length - 4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(data));
  return Buffer.concat([plain.subarray(0, 33), length, data, sum, plain.subarray(33)]);
}

export function webpWithPlace(): Buffer {
  const plain = Buffer.from(WEBP, 'base64');
  const note = exif();
  const head = Buffer.from('EXIF\0\0\0\0', 'latin1');
  head.writeUInt32LE(note.length, 4);
  const whole = Buffer.concat([plain, head, note, Buffer.alloc(note.length % 2)]);
  whole.writeUInt32LE(whole.length - 8, 4);
  whole[20]! |= 0x08; // says that there is such a note
  return whole;
}

function box(type: string, ...content: Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.reduce((sum, one) => sum + one.length, 0));
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

/** A film without a picture in it, but with a place. */
export function filmWithPlace(): Buffer {
  const place = Buffer.from('\0\x12\x15\xc7+45.4420+010.9986/', 'latin1');
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1_000, 12);
  header.writeUInt32BE(0x0001_0000, 20);
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1')),
    box('mdat', Buffer.alloc(1_000, 1)),
    box('moov', box('mvhd', header), box('udta', box('\xa9xyz', place))),
  ]);
}

/** A film in pieces, as browsers record it. */
export function filmInPieces(): Buffer {
  return Buffer.concat([filmWithPlace(), box('moof', box('mfhd', Buffer.alloc(8))), box('mdat', Buffer.alloc(10))]);
}
