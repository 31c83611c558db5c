import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Device, Token } from '../storage/stores/devices.ts';

const DAY = 24 * 60 * 60_000;
/** A token in use is replaced when it is older than this. */
const ROTATE_AFTER = DAY;
const SEED_BYTES = 24;
/** When a device was last seen is told no more exactly than this, in ms: one that comes and goes is not written each time. */
export const SEEN_WITHIN = 5 * 60_000;

/** Whose a token is: it is good for nobody and nothing else. */
export interface TokenOwner {
  readonly account: number;
  readonly device: string;
}

/** What a client has shown of its token (XEP-0484 §3.4). */
export interface Shown {
  readonly mechanism: string;
  /** Its proof, and what is proved with the same token in return, for the channel binding at hand. */
  readonly proof: Uint8Array;
  readonly binding: Uint8Array;
  readonly count: number | undefined;
}

/** What came of it. */
export interface Found {
  readonly slot: 'current' | 'fresh';
  readonly token: Token;
  /** The server's proof. */
  readonly answer: Buffer;
  /** Right, but of no use any more. */
  readonly expired: boolean;
}

/** Checked in the place of a token that there is not, so that it takes as long. */
const NONE: Token = { seed: new Uint8Array(SEED_BYTES), mechanism: '', issuedAt: 0, expiresAt: 0, count: -1 };

/**
 * Makes and checks the tokens of devices. A token is not stored: it is made anew, whenever it is needed, of the server's key, of
 * whom it is for, and of a random seed, which alone is stored.
 */
export class Tokens {
  readonly #key: Uint8Array;

  /** `key`: 32 bytes that are kept outside of the store. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** What is stored of a new token. `lifetime` is in days. */
  issue(mechanism: string, lifetime: number, now: number): Token {
    return { seed: randomBytes(SEED_BYTES), mechanism, issuedAt: now, expiresAt: now + lifetime * DAY, count: -1 };
  }

  /** The token itself, for its client's eyes only. */
  secretOf({ account, device }: TokenOwner, { mechanism, seed }: Token): string {
    const label = `token\0${account}\0${device}\0${mechanism}\0`;
    return createHmac('sha256', this.#key).update(label).update(seed).digest('base64url');
  }

  /** The part of a resource that is a device's own, and does not show which device it is (XEP-0386 §3.2.1). */
  resourceOf({ account, device }: TokenOwner): string {
    const label = `resource\0${account}\0${device}`;
    return createHmac('sha256', this.#key).update(label).digest('base64url').slice(0, 12);
  }

  /**
   * Which of a device's two tokens a client has shown (XEP-0484 §5.1), undefined when it is neither, was given for another
   * mechanism, or was used with this count before. Takes as long whatever is there.
   */
  find(owner: TokenOwner, device: Device | undefined, shown: Shown, now: number): Found | undefined {
    let found: Found | undefined;
    for (const slot of ['fresh', 'current'] as const) {
      const there = device?.[slot];
      const token = there ?? NONE;
      const secret = this.secretOf(owner, { ...token, mechanism: shown.mechanism });
      const expected = createHmac('sha256', secret).update('Initiator').update(shown.binding).digest();
      const answer = createHmac('sha256', secret).update('Responder').update(shown.binding).digest();
      const fits = shown.proof.length === expected.length && timingSafeEqual(shown.proof, expected);
      if (!fits || there === undefined || there.mechanism !== shown.mechanism || replayed(there, shown.count)) continue;
      found ??= { slot, token: there, answer, expired: there.expiresAt <= now };
    }
    return found;
  }

  /** The device after a token of its was used (XEP-0484 §3.5): those that would expire earlier are void. */
  used(device: Device, { slot, token }: Found, count: number | undefined): Device {
    const current = { ...token, count: count ?? token.count };
    const { fresh } = device;
    const kept = slot === 'current' && fresh !== undefined && fresh.expiresAt >= token.expiresAt ? fresh : undefined;
    return { ...device, current, fresh: kept };
  }

  /** Whether a token should be replaced by a newer one. */
  due({ issuedAt }: Token, now: number): boolean {
    return now - issuedAt > ROTATE_AFTER;
  }
}

/** §3.4: a count goes up with every use. Who has begun to count must go on, or else leaving it out would be a way around. */
function replayed(token: Token, count: number | undefined): boolean {
  return count === undefined ? token.count >= 0 : count <= token.count;
}
