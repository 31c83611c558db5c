import { CommandError } from '../command-error.ts';

/** 5 MB: ten thousand people with long names. */
export const MOST_BYTES = 5_000_000;

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface Decoded {
  readonly text: string;
  readonly encoding: Encoding;
}

/** Bytes at the beginning that are looked at to guess. */
const LOOK = 4_096;

/**
 * The text of a file. What says its encoding by a mark is believed; else UTF-8, and what cannot be that is what Windows writes
 * in Western Europe. `encoding` is what somebody says it is. Throws CommandError when it is no text.
 */
export function decode(bytes: Uint8Array, encoding?: Encoding): Decoded {
  if (bytes.length > MOST_BYTES) throw wrong('The file is too large: at most 5 MB, please.');
  const found = encoding ?? marked(bytes) ?? looksWide(bytes);
  const decoded = found === undefined ? plain(bytes) : { text: read(bytes, found), encoding: found };
  if (decoded.text.includes('\0')) throw wrong('This is not a text file. Save the table as CSV and take that file.');
  return decoded;
}

function marked([one, two, three]: Uint8Array): Encoding | undefined {
  if (one === 0xef && two === 0xbb && three === 0xbf) return 'utf-8';
  if (one === 0xff && two === 0xfe) return 'utf-16le';
  return one === 0xfe && two === 0xff ? 'utf-16be' : undefined;
}

/** UTF-16 without a mark: of Western text every second byte is zero. */
function looksWide(bytes: Uint8Array): Encoding | undefined {
  const zeros = [0, 0];
  const end = Math.min(bytes.length, LOOK);
  for (let at = 0; at < end; at += 1) if (bytes[at] === 0) zeros[at % 2]! += 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > end / 4 && even === 0) return 'utf-16le';
  return even > end / 4 && odd === 0 ? 'utf-16be' : undefined;
}

function plain(bytes: Uint8Array): Decoded {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: read(bytes, 'windows-1252'), encoding: 'windows-1252' };
  }
}

/** A mark at the beginning is not part of the text. */
function read(bytes: Uint8Array, encoding: Encoding): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw wrong(`The file is not written in ${encoding.toUpperCase()}.`, 'encoding');
  }
}

function wrong(message: string, field = 'file'): CommandError {
  return new CommandError('invalid', message, field);
}
