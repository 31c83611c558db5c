import { dateTime } from '../../xmpp/delay.ts';
import { el } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { filesADay, filesOfAll, filesOfOne, GB, largestFile, leftFree, MB } from './options.ts';
import type { Promised, SlotsOptions, Wish } from './slots.ts';

const DAY_MS = 86_400_000;
/** Files that one person may have, however small. */
const FILES_EACH = 50_000;
/** After how long one may ask again where nobody can say, in ms. */
const SOON_MS = 60_000;

export interface SpaceQuestion extends Pick<SlotsOptions, 'stores' | 'folder' | 'options'> {
  readonly promised: Promised;
  /** Bytes that the one who asks uploaded in the last 24 hours and that are gone already. */
  readonly gone: number;
  /** ms since 1970 */
  readonly now: number;
}

/** Whether there is space for a file. Throws StanzaError that says which limit it would be over (XEP-0363 §5). */
export async function checkSpace(
  wish: Wish,
  { stores, folder, options, promised, gone, now }: SpaceQuestion,
): Promise<void> {
  const { account, domain, bytes } = wish;
  const largest = options.get(largestFile, domain) * MB;
  if (bytes > largest) throw tooLarge(largest);
  if (promised.full) throw unfinished(now);

  const { uploads } = stores;
  const [own, use, day, all, free] = await Promise.all([
    stores.quotas.files(account),
    uploads.use(account),
    uploads.since(account, now - DAY_MS),
    uploads.total(),
    folder.free(),
  ]);
  const ofOne = own ?? options.get(filesOfOne, domain) * MB;
  if (ofOne > 0 && use.bytes + promised.bytes > ofOne) {
    if (use.bytes + bytes <= ofOne) throw unfinished(now);
    throw refused(
      `You may have ${inWords(ofOne)} of files here, and have ${inWords(use.bytes)}. An administrator can delete old ones.`,
    );
  }
  if (use.files + promised.files > FILES_EACH) {
    throw refused(`You have ${use.files} files here, and more are not taken. An administrator can delete old ones.`);
  }
  const aDay = options.get(filesADay, domain) * MB;
  const ofDay = day.bytes + gone;
  if (aDay > 0 && ofDay + promised.bytes > aDay) {
    const text = `You may upload ${inWords(aDay)} in 24 hours.`;
    if (ofDay + bytes <= aDay) throw unfinished(now);
    throw bytes > aDay ? refused(text) : later(text, (day.first ?? now) + DAY_MS);
  }
  const ofAll = options.get(filesOfAll) * GB;
  if (ofAll > 0 && all.bytes + promised.all > ofAll) {
    throw refused('The space for files on this server is used up. Tell an administrator.');
  }
  // What has come of the promised files is not free any more, nor is it still to come.
  if (free + folder.begun - promised.all < options.get(leftFree) * GB) {
    throw refused('The disk of this server is nearly full. Tell an administrator.');
  }
}

/** XEP-0363 §5, example 9 */
function tooLarge(largest: number): StanzaError {
  const detail = el('file-too-large', { xmlns: NS.httpUpload }, el('max-file-size', {}, String(largest)));
  return new StanzaError('not-acceptable', `A file may have ${inWords(largest)} at most.`, { detail });
}

/** What asking again later does not help with, unless somebody does something. */
function refused(text: string): StanzaError {
  return new StanzaError('resource-constraint', text);
}

/** §5, example 10: `at` is when one may ask again, ms since 1970. */
export function later(text: string, at: number): StanzaError {
  const detail = el('retry', { xmlns: NS.httpUpload, stamp: dateTime(at) });
  return new StanzaError('resource-constraint', text, { detail });
}

/** What was promised and is not there yet is in the way: it comes, or is given up in some minutes. */
function unfinished(now: number): StanzaError {
  return later('Finish the files that are under way first.', now + SOON_MS);
}

function inWords(bytes: number): string {
  if (bytes >= 10 * GB) return `${Math.round(bytes / GB)} GB`;
  return bytes >= 10 * MB || bytes === 0 ? `${Math.round(bytes / MB)} MB` : `${Math.ceil(bytes / 100_000) / 10} MB`;
}
