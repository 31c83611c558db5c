/** The settings that are moments: text to the server, a date with a time to whoever sets them. */
const MOMENTS: ReadonlySet<string> = new Set(['outage.begins', 'outage.ends']);

export const isMoment = (key: string): boolean => MOMENTS.has(key);

const two = (number: number): string => String(number).padStart(2, '0');

/** A moment as a field for date and time takes it, in the time zone of the browser; '' for none. */
export function toField(text: string): string {
  const at = new Date(text.replace(' ', 'T'));
  if (Number.isNaN(at.getTime())) return '';
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What stands in such a field, as the server takes it; '' for none. */
export function fromField(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().replace(/:\d\d\.\d{3}Z$/, 'Z');
}
