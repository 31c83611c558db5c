/** RFC 1928 §6: why a request is refused. */
export const REPLY = { failure: 1, notAllowed: 2, command: 7, addressType: 8 } as const;

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const NO_METHOD = 0xff;
const CONNECT = 1;
const DOMAIN_NAME = 3;
/** The characters of a SHA-1 in hexadecimal. */
const HASH = 40;
/** Version, command, reserved, address type, length of the name; the name; port. */
const REQUEST = 5 + HASH + 2;
const NOTHING = Buffer.alloc(0);

/** What comes of what was read: more is needed, or the other end is to be let go, or it asked for the bytestream `name`. */
export type Heard =
  | { readonly outcome: 'more'; readonly reply: Buffer }
  | { readonly outcome: 'refused'; readonly reply: Buffer }
  | { readonly outcome: 'asked'; readonly reply: Buffer; readonly name: string; readonly rest: Buffer };

/**
 * Our end of a SOCKS5 handshake, as far as XEP-0065 §5.3.2 uses it: no authentication, and CONNECT to a name that is a hash. It
 * never holds more than the two messages it needs, about 300 bytes.
 */
export class Handshake {
  #held: Buffer = NOTHING;
  #greeted = false;

  /** Takes what came. `reply` is to be written in any case; `rest` came behind the request. */
  read(chunk: Buffer): Heard {
    this.#held = Buffer.concat([this.#held, chunk]);
    let reply: Buffer = NOTHING;
    if (!this.#greeted) {
      const [version, count] = this.#held;
      // Whoever speaks another protocol would not understand an answer.
      if (version !== undefined && version !== VERSION) return { outcome: 'refused', reply };
      if (count === undefined || this.#held.length < 2 + count) return { outcome: 'more', reply };
      // §3
      if (!this.#held.subarray(2, 2 + count).includes(NO_AUTHENTICATION))
        return { outcome: 'refused', reply: Buffer.from([VERSION, NO_METHOD]) };
      this.#greeted = true;
      this.#held = this.#held.subarray(2 + count);
      reply = Buffer.from([VERSION, NO_AUTHENTICATION]);
    }
    return this.#request(reply);
  }

  /** RFC 1928 §4: refused at the first byte that is wrong, whatever comes behind it. */
  #request(before: Buffer): Heard {
    const held = this.#held;
    const refused = (code: number): Heard => ({ outcome: 'refused', reply: Buffer.concat([before, refusal(code)]) });
    const [version, command, reserved, type, length] = held;
    if (version !== undefined && version !== VERSION) return refused(REPLY.failure);
    if (command !== undefined && command !== CONNECT) return refused(REPLY.command);
    if (reserved !== undefined && reserved !== 0) return refused(REPLY.failure);
    if (type !== undefined && type !== DOMAIN_NAME) return refused(REPLY.addressType);
    // A way to anywhere else is what an open relay would give.
    if (length !== undefined && length !== HASH) return refused(REPLY.notAllowed);
    if (held.length < REQUEST) return { outcome: 'more', reply: before };
    const name = held.toString('latin1', 5, 5 + HASH);
    const port = held.readUInt16BE(5 + HASH);
    if (!/^[0-9a-f]*$/i.test(name) || port !== 0) return refused(REPLY.notAllowed);
    return { outcome: 'asked', reply: before, name, rest: held.subarray(REQUEST) };
  }
}

/** XEP-0065 §5.3.2: the name and the port come back as they were sent. */
export function acceptance(name: string): Buffer {
  return Buffer.concat([Buffer.from([VERSION, 0, 0, DOMAIN_NAME, HASH]), Buffer.from(name, 'latin1'), Buffer.alloc(2)]);
}

/** RFC 1928 §6 */
export function refusal(code: number): Buffer {
  return Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}
