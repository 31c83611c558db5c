import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export interface ScramClientOptions {
  readonly nonce?: string;
  /** The GS2 flag when there is no binding: 'n', or 'y' of a client that could bind but was not offered it. */
  readonly flag?: 'n' | 'y';
  readonly authzid?: string;
  readonly binding?: readonly [type: string, data: Uint8Array];
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!));
}

/** A client's side of SCRAM (RFC 5802), written from the RFC and sharing nothing with the server's. */
export class ScramClient {
  readonly #hash: string;
  readonly #name: string;
  readonly #password: string;
  readonly #options: ScramClientOptions;
  readonly #nonce: string;
  #serverSignature = '';

  constructor(hash: string, name: string, password: string, options: ScramClientOptions = {}) {
    this.#hash = hash;
    this.#name = name.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#password = password;
    this.#options = options;
    this.#nonce = options.nonce ?? randomBytes(18).toString('base64');
  }

  get #header(): string {
    const { binding, flag = 'n', authzid } = this.#options;
    return `${binding === undefined ? flag : `p=${binding[0]}`},${authzid === undefined ? '' : `a=${authzid}`},`;
  }

  get #bare(): string {
    return `n=${this.#name},r=${this.#nonce}`;
  }

  first(): string {
    return this.#header + this.#bare;
  }

  /** Throws when the challenge is not an answer to our first message. */
  final(challenge: string): string {
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)(?:,h=.*)?$/.exec(challenge) ?? [];
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw new Error(`a wrong challenge: ${challenge}`);
    const size = createHash(this.#hash).digest().length;
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), Number(iterations), size, this.#hash);
    const hmac = (key: Uint8Array, text: string): Buffer => createHmac(this.#hash, key).update(text).digest();
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(this.#hash).update(clientKey).digest();
    const bound = Buffer.concat([Buffer.from(this.#header), this.#options.binding?.[1] ?? Buffer.alloc(0)]);
    const withoutProof = `c=${bound.toString('base64')},r=${nonce}`;
    const signed = `${this.#bare},${challenge},${withoutProof}`;
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
    return `${withoutProof},p=${xor(clientKey, hmac(storedKey, signed)).toString('base64')}`;
  }

  /** Whether the server knows the password, too. */
  accepts(final: string): boolean {
    return final === `v=${this.#serverSignature}`;
  }

  /** Whether a challenge is for a client that was shown these mechanisms and bindings (XEP-0474 §5.1). */
  sees(challenge: string, mechanisms: readonly string[], bindings: readonly string[] | undefined): boolean {
    const octets = (list: readonly string[]): Buffer =>
      Buffer.from(
        list
          .map((one) => Buffer.from(one).toString('hex'))
          .sort()
          .join('1e'),
        'hex',
      );
    const hash = createHash(this.#hash).update(octets(mechanisms));
    if (bindings !== undefined) hash.update(Buffer.of(0x1f)).update(octets(bindings));
    return /,h=([^,]+)/.exec(challenge)?.[1] === hash.digest('base64');
  }
}
