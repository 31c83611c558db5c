const UNITS = { MB: 1e6, GB: 1e9, TB: 1e12 } as const;
const SIZE = /^(\d{1,8})(?:[.,](\d{1,2}))?\s*(MB|GB|TB)$/i;

/**
 * Bytes of a size as somebody writes it: “500 MB”, “1.5 GB”, “1,5 GB”; undefined for anything else. A number without a unit is none,
 * and neither is one with three digits behind its comma: that would be thousands to one reader and parts of one to another.
 */
export function readSize(text: string): number | undefined {
  const [, whole, parts = '', unit = ''] = SIZE.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const bytes = Math.round(Number(`${whole}.${parts}`) * UNITS[unit.toUpperCase() as keyof typeof UNITS]);
  return bytes > 0 ? bytes : undefined;
}

/** A size (bytes) as `readSize` takes it, in the largest unit that needs no rounding, with the point of that language. */
export function writeSize(bytes: number, code: string): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, one]) => bytes >= one && bytes % (one / 100) === 0) ?? [
    'MB',
    1e6,
  ];
  const shown = Math.ceil(bytes / (size / 100)) / 100;
  return `${new Intl.NumberFormat(code, { useGrouping: false }).format(shown)} ${unit}`;
}
