/** Others' text on somebody's terminal: control characters, which could drive it, are shown as a sign. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** The same for text of several lines, in columns. */
export function plainLines(text: string): string {
  return text.replace(/[^\n\t]+/g, plain);
}

/** A moment in local time, as `2026-01-31 09:05:00`. */
export function when(time: number): string {
  return new Date(time).toLocaleString('sv-SE');
}

/** Rows under their headings, in columns; the last column is not padded. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows.map((row) => row.map(plain))];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Names and values, the values under each other. */
export function pairs(list: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...list.map(([name]) => name.length)) + 2;
  return list.map(([name, value]) => `${`${name}:`.padEnd(width)}${plain(value)}\n`).join('');
}

/** A size as file managers write it: `2.5 MB`. */
export function bytes(size: number): string {
  const [large, unit] = (
    [
      [1e12, 'TB'],
      [1e9, 'GB'],
      [1e6, 'MB'],
      [1e3, 'kB'],
    ] as const
  ).find(([one]) => size >= one) ?? [1, ''];
  const text = size / large >= 10 || large === 1 ? String(Math.round(size / large)) : (size / large).toFixed(1);
  return unit === '' ? `${text} ${size === 1 ? 'byte' : 'bytes'}` : `${text} ${unit}`;
}

/** As `3 days 4 h`, `4 h 12 min` or `12 min 5 s`. */
export function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'} ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${Math.floor(seconds % 60)} s`;
}
