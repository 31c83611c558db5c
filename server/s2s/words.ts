/** Characters of what somebody else said, and of a name. */
const QUOTED = 200;
const NAMED = 100;

/**
 * What nobody should see in a sentence: controls, which end lines and colour terminals, and characters that turn the direction
 * of writing or cannot be seen.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]+/gu;

function short(text: string | number, most: number): string {
  const clean = String(text).toWellFormed().replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim();
  const letters = [...clean];
  return letters.length > most ? `${letters.slice(0, most).join('')}…` : clean;
}

/** Words of the other side, in quotation marks that they cannot end, short, on one line. Our sentence has a full stop of its own. */
export function quoted(text: string | number): string {
  return `“${short(text, QUOTED)
    .replaceAll(/[“”]/g, '"')
    .replace(/(?<!\.)\.$/, '')}”`;
}

/** A name, an address or a number that came from elsewhere: what no name has cannot make a sentence of it. */
export function named(text: string | number): string {
  return short(text, NAMED).replace(/[^\p{L}\p{M}\p{N}.:*@[\]_%/+…-]+/gu, '_');
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `3 May 2026`, of a time in ms since 1970. */
export function dateOf(time: string | number | undefined): string {
  const at = Number(time);
  return time === undefined || !Number.isFinite(at) || Math.abs(at) > 8.64e15
    ? 'a day that is not known'
    : DATE.format(at);
}

/** `one, two and three`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
