const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const full = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en', { dateStyle: 'long' });
const whole = new Intl.NumberFormat('en');

/** A moment (ms) in words, seen from `now` (ms): "just now", "5 minutes ago", "yesterday". */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute');
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), 'hour');
  if (seconds < 86_400 * 60) return relative.format(-Math.round(seconds / 86_400), 'day');
  return relative.format(-Math.round(seconds / (86_400 * 30)), 'month');
}

/** A moment (ms) with date and time to the second, in the browser's own time zone. */
export const fullTime = (at: number): string => full.format(at);

/** A moment (ms) as a date. */
export const date = (at: number): string => day.format(at);

/** A number with its thousands told apart. */
export const count = (value: number): string => whole.format(value);

/** A size as file managers write it: "2.5 MB". */
export function bytes(size: number): string {
  if (size < 1_000) return size === 1 ? '1 byte' : `${size} bytes`;
  const power = Math.min(4, Math.floor(Math.log10(size) / 3));
  const shown = size / 1_000 ** power;
  return `${shown >= 10 ? count(Math.round(shown)) : shown.toFixed(1)} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

/** A span (ms) in its two largest units: "3 d 4 h", "12 min". */
export function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : '< 1 min';
}
