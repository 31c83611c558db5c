import { usage } from './failure.ts';

const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Bytes of `500MB`, `1.5 GB` or `1,5GB`; 0 of `none`, no limit; null of `usual`, what holds for everybody. Throws Failure. */
export function sizeOf(text: string): number | null {
  if (text === 'usual') return null;
  if (text === 'none') return 0;
  // Three digits behind a comma would be thousands to one reader and parts of one to another.
  const [, whole = '0', parts = '', unit = ''] =
    /^(\d{1,8})(?:[.,](\d{1,2}))?\s*(KB|MB|GB|TB)$/i.exec(text.trim()) ?? [];
  const size = Math.round(Number(`${whole}.${parts}`) * (UNITS[unit.toUpperCase()] ?? 0));
  if (size > 0) return size;
  throw usage('A size is written like 500MB or 1.5GB; “none” is no limit, “usual” what holds for everybody.');
}
