import { codeAt, stepAt } from '../../server/commands/totp.ts';

/** What an app for codes shows: of the half minute of `ms`, and of others before and after it. */
export function shownCode(secret: string, ms: number, steps = 0): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2));
  return codeAt(Uint8Array.from(bytes), stepAt(ms) + steps);
}
