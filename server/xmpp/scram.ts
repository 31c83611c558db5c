import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The hash functions of RFC 5802, RFC 7677 and SCRAM-SHA-512, by the name that `node:crypto` gives them. */
export const SCRAM_HASHES = { 'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const;
export type ScramName = keyof typeof SCRAM_HASHES;

/** What a server keeps of a password (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The client broke the protocol or could not prove the password. `condition` is SASL's (RFC 6120 §6.5). */
export class ScramError extends Error {
  readonly condition: 'malformed-request' | 'not-authorized' | 'invalid-authzid';

  constructor(condition: ScramError['condition'], message: string) {
    super(message);
    this.condition = condition;
  }
}

/** Channel bindings by type, for this connection (RFC 5929, RFC 9266). */
export type ChannelBindings = ReadonlyMap<string, Uint8Array>;

export interface ScramStart {
  readonly username: string;
  readonly authzid: string;
}

const ATTRIBUTE_NAMES: Record<string, string> = { '=2C': ',', '=3D': '=' };

function unescapeName(name: string): string {
  const plain = name.replace(/=2C|=3D|=/g, (part) => ATTRIBUTE_NAMES[part] ?? '\0');
  if (plain.includes('\0') || plain === '') throw new ScramError('malformed-request', 'the user name is malformed');
  return plain;
}

/** One server-side exchange (RFC 5802 §5): `first`, then `challenge`, then `final`, each once. */
export class ScramServer {
  readonly #hash: string;
  readonly #plus: boolean;
  readonly #bindings: ChannelBindings;
  /** Whether -PLUS was offered: a client that could have used it but thinks we do not was tricked (§6). */
  readonly #offeredPlus: boolean;
  #gs2Header = '';
  #bindingType = '';
  #clientFirstBare = '';
  #serverFirst = '';
  #nonce = '';
  #keys: ScramKeys | undefined;

  constructor(mechanism: ScramName, plus: boolean, bindings: ChannelBindings, offeredPlus: boolean) {
    this.#hash = SCRAM_HASHES[mechanism];
    this.#plus = plus;
    this.#bindings = bindings;
    this.#offeredPlus = offeredPlus;
  }

  /** Reads client-first-message. Throws ScramError. */
  first(message: string): ScramStart {
    const parts =
      /^(?:(n|y)|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,]*))?,(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]{1,256})(?:,.*)?)$/s.exec(
        message,
      );
    if (parts === null) throw new ScramError('malformed-request', 'the first message is malformed');
    const [, flag, bindingType, authzid, bare, name, nonce] = parts;
    if (this.#plus !== (bindingType !== undefined)) {
      throw new ScramError('malformed-request', 'the mechanism and the channel-binding flag disagree');
    }
    if (bindingType !== undefined && !this.#bindings.has(bindingType)) {
      throw new ScramError('malformed-request', `the channel binding ${bindingType} is not supported here`);
    }
    if (flag === 'y' && this.#offeredPlus)
      throw new ScramError('not-authorized', 'the list of mechanisms was tampered with');
    this.#gs2Header = message.slice(0, message.length - bare!.length);
    this.#bindingType = bindingType ?? '';
    this.#clientFirstBare = bare!;
    this.#nonce = nonce! + randomBytes(18).toString('base64');
    return {
      username: unescapeName(name!),
      authzid: authzid === undefined || authzid === '' ? '' : unescapeName(authzid),
    };
  }

  /**
   * server-first-message for these keys, which for an unknown user are made up (§9). `offered` is what the client was offered
   * to log in with, to be hashed into it (XEP-0474): a client that was shown another list finds out.
   */
  challenge(keys: ScramKeys, offered?: string): string {
    this.#keys = keys;
    const salt = Buffer.from(keys.salt).toString('base64');
    const hash = offered === undefined ? '' : `,h=${createHash(this.#hash).update(offered).digest('base64')}`;
    this.#serverFirst = `r=${this.#nonce},s=${salt},i=${keys.iterations}${hash}`;
    return this.#serverFirst;
  }

  /** Checks client-final-message and gives server-final-message. Throws ScramError. */
  final(message: string): string {
    const parts = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/]+={0,2})$/s.exec(message);
    if (parts === null || this.#keys === undefined)
      throw new ScramError('malformed-request', 'the final message is malformed');
    const [, withoutProof, binding, nonce, proofText] = parts;
    const expected = Buffer.concat([
      Buffer.from(this.#gs2Header),
      this.#bindings.get(this.#bindingType) ?? Buffer.alloc(0),
    ]);
    const given = Buffer.from(binding!, 'base64');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ScramError('not-authorized', 'the channel binding does not match');
    }
    if (nonce !== this.#nonce) throw new ScramError('malformed-request', 'the nonce does not match');
    const { storedKey, serverKey } = this.#keys;
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const signature = createHmac(this.#hash, storedKey).update(authMessage).digest();
    const proof = Buffer.from(proofText!, 'base64');
    if (proof.length !== signature.length) throw new ScramError('malformed-request', 'the proof has the wrong length');
    for (let i = 0; i < proof.length; i++) proof[i]! ^= signature[i]!;
    if (!timingSafeEqual(createHash(this.#hash).update(proof).digest(), storedKey)) {
      throw new ScramError('not-authorized', 'the password is wrong');
    }
    return `v=${createHmac(this.#hash, serverKey).update(authMessage).digest('base64')}`;
  }
}

/** Keys that no password fits, the same at every try for the same name, so that names cannot be found out (RFC 5802 §9). */
export function fakeKeys(secret: Uint8Array, mechanism: ScramName, username: string, iterations: number): ScramKeys {
  const derive = (use: string): Buffer =>
    createHmac('sha512', secret).update(`${use}\0${mechanism}\0${username}`).digest();
  const size = createHash(SCRAM_HASHES[mechanism]).digest().length;
  return {
    salt: derive('salt').subarray(0, 16),
    iterations,
    storedKey: derive('stored').subarray(0, size),
    serverKey: derive('server').subarray(0, size),
  };
}
