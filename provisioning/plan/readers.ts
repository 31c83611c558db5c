import { type Reader, Refusal, text } from '../../server/config/values.ts';
import type { PlannedSetting } from './plan.ts';

const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

export const yesOrNo: Reader<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new Refusal('must be true or false');
};

/** One line, which may be empty. */
export const line: Reader<string> = (value) => (value === '' ? '' : text(value));

/** Several lines. */
export const lines: Reader<string> = (value) => {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new Refusal('must be text in quotes');
};

/** Each of them once. */
export const listOf =
  <T>(read: Reader<T>): Reader<T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw new Refusal('must be a list, as ["one", "another"]');
    return [...new Set(value.map(read))];
  };

/** `"500 MB"`, or `"none"` for no limit: bytes. */
export const size: Reader<number> = (value) => {
  const [, number = '', unit = ''] = /^(\d{1,7})\s*(KB|MB|GB|TB)$/i.exec(String(value)) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? 0);
  if (value === 'none') return 0;
  if (bytes > 0) return bytes;
  throw new Refusal('must be a size such as "500 MB" or "2 GB", or "none" for no limit');
};

export const anything: Reader<NonNullable<PlannedSetting['value']>> = (value) => {
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  if (Array.isArray(value)) return value.map(text);
  throw new Refusal('must be true or false, a whole number, text in quotes, or a list of texts');
};

/** The form in which the store has it, too. */
export const scryptHash: Reader<string> = (value) => {
  const hash = text(value);
  const [, N = '', r = '', p = ''] =
    /^scrypt\$N=(\d+),r=(\d+),p=(\d+)\$[A-Za-z0-9_-]{22,}\$[A-Za-z0-9_-]{43}$/.exec(hash) ?? [];
  const cost = Number(N) * Number(r);
  const fits =
    Number.isInteger(Math.log2(Number(N))) && cost >= 2 ** 17 && cost <= 2 ** 21 && Number(p) >= 1 && Number(p) <= 16;
  if (fits) return hash;
  throw new Refusal('is no hash of a password as scrypt$N=32768,r=8,p=3$salt$hash');
};
