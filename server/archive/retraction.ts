// XEP-0424 0.4.2
import type { ArchivedMessage } from '../storage/stores/archives.ts';
import { child, type Element, el, serialize } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

/** Looking for a message by its id reads through a conversation; who wants that all the time is told nothing and gets less. */
export const LOOKING = { capacity: 20, perSecond: 0.5, keys: 10_000 };

/** An archived message, read. */
export interface Retracted {
  readonly row: ArchivedMessage;
  readonly element: Element;
}

/** Whether a message is something that nobody retracts: what was retracted stays as it is, and so do retractions (§5). */
export function isSettled(element: Element): boolean {
  return child(element, 'retracted', NS.retract) !== undefined || child(element, 'retract', NS.retract) !== undefined;
}

/**
 * The newest message of this id that is its author's, and what corrected it (XEP-0308), which says nearly the same. What
 * others sent under the same id does not count. `rows` are the newest first.
 */
export function findRetracted(
  rows: readonly ArchivedMessage[],
  id: string,
  parse: (xml: string) => Element,
  isAuthors: (element: Element) => boolean,
): Retracted[] {
  const corrections: Retracted[] = [];
  for (const row of rows) {
    const element = parse(row.stanza);
    if (!isAuthors(element) || isSettled(element)) continue;
    if (element.attrs.id === id) return [...corrections, { row, element }];
    if (child(element, 'replace', NS.messageCorrect)?.attrs.id === id) corrections.push({ row, element });
  }
  return [];
}

/** §5: what is left of a message, so that devices can match it with the retraction, whose id is `by`. */
export function tombstone({ attrs }: Element, by: string, stamp: string): string {
  const { to, from, type, id } = attrs;
  return serialize(el('message', { to, from, type, id }, el('retracted', { xmlns: NS.retract, id: by, stamp })));
}
