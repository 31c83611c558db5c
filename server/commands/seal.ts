import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Seals what must be read again but must not lie open in the store: whoever has a copy of the store alone reads nothing. */
export class Seal {
  readonly #key: Uint8Array;

  /** `key`: 32 random bytes that are kept elsewhere than in the store; `purpose` keeps its uses apart. */
  constructor(key: Uint8Array, purpose: string) {
    this.#key = new Uint8Array(hkdfSync('sha256', key, Buffer.alloc(0), purpose, 32));
  }

  /** AES-256-GCM; `whose` is bound in, so that what is sealed for one cannot be put in another's place. */
  close(plain: Uint8Array, whose: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(whose));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Undefined when it was sealed with another key or for somebody else, or is damaged. */
  open(sealed: string, whose: string): Uint8Array | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < 28) return undefined;
    const cipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12)).setAAD(Buffer.from(whose));
    cipher.setAuthTag(bytes.subarray(12, 28));
    try {
      return new Uint8Array(Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]));
    } catch {
      return undefined;
    }
  }
}
