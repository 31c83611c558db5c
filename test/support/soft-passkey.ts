import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

const b64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

/** Present, verified, and (with a key in it) of a new credential (WebAuthn §6.1). */
const SEEN = 0x05;
const NEW = 0x40;

interface Lies {
  readonly origin?: string;
  readonly type?: string;
  readonly host?: string;
  readonly flags?: number;
}

/** A device with one passkey, in software: what a browser would send of it, lies included. */
export class SoftPasskey {
  readonly id = randomBytes(16);
  counter = 0;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** What is sent for a new one; `format` and `x5c` as of an attestation. */
  make(
    question: { challenge: string; host: string },
    origin: string,
    lies: Lies & { x5c?: Uint8Array[] } = {},
  ): object {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const key = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
      [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
    ]);
    const length = Buffer.from([0, this.id.length]);
    const data = Buffer.concat([
      this.#data(question.host, lies, NEW),
      Buffer.alloc(16),
      length,
      this.id,
      isoCBOR.encode(key),
    ]);
    const packed =
      lies.x5c === undefined
        ? []
        : [
            ['sig', new Uint8Array(70)],
            ['alg', -7],
            ['x5c', lies.x5c],
          ];
    const attestation = new Map<string, unknown>([
      ['fmt', packed.length > 0 ? 'packed' : 'none'],
      ['attStmt', new Map(packed as [string, never][])],
      ['authData', new Uint8Array(data)],
    ]);
    return {
      id: b64(this.id),
      clientData: this.#client('webauthn.create', question.challenge, origin, lies),
      attestation: b64(isoCBOR.encode(attestation as never)),
      transports: ['internal'],
    };
  }

  /** What is sent to show it. */
  show(question: { challenge: string; host: string }, origin: string, lies: Lies = {}): object {
    const data = this.#data(question.host, lies);
    const clientData = this.#client('webauthn.get', question.challenge, origin, lies);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientData, 'base64url'))]);
    return {
      id: b64(this.id),
      clientData,
      authenticatorData: b64(data),
      signature: b64(sign('sha256', signed, this.#keys.privateKey)),
    };
  }

  #data(host: string, { host: other, flags }: Lies, more = 0): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.counter);
    return Buffer.concat([sha256(other ?? host), Buffer.from([(flags ?? SEEN) | more]), count]);
  }

  #client(type: string, challenge: string, origin: string, lies: Lies): string {
    return b64(
      JSON.stringify({ type: lies.type ?? type, challenge, origin: lies.origin ?? origin, crossOrigin: false }),
    );
  }
}
