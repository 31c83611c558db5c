import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds that a code holds (RFC 6238 §4.1, X). */
const STEP_S = 30;
const DIGITS = 6;
/** Steps to both sides that count, too: clocks differ, and typing takes time (§5.2). */
const SKEW = 1;
/** As of RFC 4226 §4, R6: 160 bits. */
export const SECRET_BYTES = 20;

/** The code of one step (RFC 4226 §5.3 over the time, RFC 6238 §4.2). */
export function codeAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac[mac.length - 1]! & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

export function stepAt(ms: number): number {
  return Math.floor(ms / 1_000 / STEP_S);
}

/** The step whose code it is, of those that count now; undefined for a code of none. Takes the same time for all. */
export function stepOf(secret: Uint8Array, code: string, ms: number): number | undefined {
  if (!/^[0-9]{6}$/.test(code)) return undefined;
  const typed = Buffer.from(code);
  let found: number | undefined;
  for (let step = stepAt(ms) - SKEW; step <= stepAt(ms) + SKEW; step++) {
    const right = timingSafeEqual(Buffer.from(codeAt(secret, step)), typed);
    if (right) found = step;
  }
  return found;
}

/** Base 32 as apps take it (RFC 4648 §6), without padding. */
export function base32(bytes: Uint8Array): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** What the QR code says to an app. */
export function totpUri(secret: Uint8Array, host: string, name: string): string {
  const issuer = encodeURIComponent(`Hallway ${host}`);
  return `otpauth://totp/${issuer}:${encodeURIComponent(name)}?secret=${base32(secret)}&issuer=${issuer}&period=${STEP_S}&digits=${DIGITS}`;
}
