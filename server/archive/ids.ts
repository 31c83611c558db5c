import type { Archives } from '../storage/stores/archives.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const notThere = (): StanzaError => new StanzaError('item-not-found', 'There is no such message.');

/** The number that an id of ours stands for, undefined for what cannot be one. */
export function numberOf(text: string): number | undefined {
  const id = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(id) ? id : undefined;
}

/** An id of ours. Throws StanzaError `item-not-found` for what cannot be one. */
export function toId(text: string): number {
  const id = numberOf(text);
  if (id === undefined) throw notThere();
  return id;
}

/** XEP-0313 §4.1.3, §4.3.2: whoever names a message of the archive names one that is there. */
export async function checkIds(
  archives: Archives,
  owner: number,
  edges: readonly number[],
  ids: readonly number[] = [],
): Promise<void> {
  for (const edge of edges) if (!(await archives.has(owner, edge))) throw notThere();
  if (ids.length > 0 && (await archives.count(owner, { ids })) !== ids.length) throw notThere();
}
