const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The first moment of a day of this place, as `2026-01-31`; nothing for what is none. */
export function dayStart(text: string): { since?: number } {
  const time = new Date(`${text.trim()}T00:00:00`).getTime();
  return DAY.test(text.trim()) && !Number.isNaN(time) ? { since: time } : {};
}

/** The last moment of it. */
export function dayEnd(text: string): { until?: number } {
  const time = new Date(`${text.trim()}T23:59:59.999`).getTime();
  return DAY.test(text.trim()) && !Number.isNaN(time) ? { until: time } : {};
}
