import { language, t } from './language.ts';

// The language is settled before anything of this is asked for; each kind is made once.
const made = new Map<string, unknown>();
function once<Kind>(name: string, make: (code: string) => Kind): Kind {
  const key = `${language()} ${name}`;
  if (!made.has(key)) made.set(key, make(language()));
  return made.get(key) as Kind;
}
const moment = (name: string, options: Intl.DateTimeFormatOptions) =>
  once(name, (code) => new Intl.DateTimeFormat(code, options));
const number = (name: string, options: Intl.NumberFormatOptions = {}) =>
  once(name, (code) => new Intl.NumberFormat(code, options));

/** A moment (ms) in words, seen from `now` (ms): "just now", "5 minutes ago", "yesterday". */
export function ago(at: number, now: number): string {
  const relative = once('relative', (code) => new Intl.RelativeTimeFormat(code, { numeric: 'auto' }));
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 45) return t('just now');
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute');
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), 'hour');
  if (seconds < 86_400 * 60) return relative.format(-Math.round(seconds / 86_400), 'day');
  return relative.format(-Math.round(seconds / (86_400 * 30)), 'month');
}

/** A moment (ms) with date and time to the second, in the browser's own time zone. */
export const fullTime = (at: number): string => moment('full', { dateStyle: 'medium', timeStyle: 'medium' }).format(at);

/** A moment (ms) as a date. */
export const date = (at: number): string => moment('day', { dateStyle: 'long' }).format(at);

/** A number with its thousands told apart. */
export const count = (value: number): string => number('whole').format(value);

/** A number with one digit behind the point. */
export const decimal = (value: number): string =>
  number('decimal', { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);

/** A moment (ms) as the time of day. */
export const clock = (at: number): string => moment('clock', { hour: '2-digit', minute: '2-digit' }).format(at);

/** A size as file managers write it: "2.5 MB". */
export function bytes(size: number): string {
  if (size < 1_000) return number('byte', { style: 'unit', unit: 'byte', unitDisplay: 'long' }).format(size);
  const power = Math.min(4, Math.floor(Math.log10(size) / 3));
  const shown = size / 1_000 ** power;
  const text = shown >= 10 ? count(Math.round(shown)) : decimal(shown);
  return `${text} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

/** Several things as one says them: "a, b, and c". */
export const list = (things: readonly string[]): string =>
  once('list', (code) => new Intl.ListFormat(code, { type: 'conjunction' })).format(things);

/** A span (ms) in its two largest units: "3 d 4 h", "12 min". */
export function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return t('{days} d {hours} h', { days, hours: hours % 24 });
  if (hours > 0) return t('{hours} h {minutes} min', { hours, minutes: minutes % 60 });
  return minutes > 0 ? t('{minutes} min', { minutes }) : t('< 1 min');
}
