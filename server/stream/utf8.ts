import { isUtf8 } from 'node:buffer';
import { StreamError } from '../xmpp/stream-error.ts';

/** How many bytes at the end of a chunk begin a character that the chunk does not finish. */
function unfinished(chunk: Buffer): number {
  for (let back = 1; back <= 3 && back <= chunk.length; back++) {
    const byte = chunk[chunk.length - back]!;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Turns the bytes of one stream into text, strictly, however characters are cut (RFC 6120 §11.6). */
export class Utf8Reader {
  #held: Buffer | undefined;

  /** The last chunk ended inside a character. */
  get pending(): boolean {
    return this.#held !== undefined;
  }

  /** Throws StreamError `not-well-formed` on bytes that are not UTF-8. */
  read(chunk: Buffer): string {
    let bytes = chunk;
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk]);
      this.#held = undefined;
    }
    if (!isUtf8(bytes)) {
      const cut = unfinished(bytes);
      const whole = bytes.subarray(0, bytes.length - cut);
      if (cut === 0 || !isUtf8(whole)) throw new StreamError('not-well-formed', 'These bytes are not UTF-8.');
      this.#held = Buffer.from(bytes.subarray(bytes.length - cut));
      bytes = whole;
    }
    return bytes.toString();
  }
}
