/** A day as an input has it (`2026-01-31`), in the browser's time zone; `later` days after it, in ms since 1970. */
function moment(day: string, later: number): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later).getTime();
}

export const startOfDay = (day: string): number => moment(day, 0);

/** The day after one that was chosen: it counts to its end. */
export const endOfDay = (day: string): number => moment(day, 1);

/** The last day on which something holds that ends at a moment, as an input of a day has it. */
export function lastDay(until: number): string {
  const last = new Date(until - 1);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${last.getFullYear()}-${two(last.getMonth() + 1)}-${two(last.getDate())}`;
}

/** From one day to another, both in; '' is left open. */
export function between(from: string, to: string): { since?: number; until?: number } {
  return { ...(from !== '' && { since: startOfDay(from) }), ...(to !== '' && { until: endOfDay(to) - 1 }) };
}
