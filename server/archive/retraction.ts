// XEP-0424 0.4.2
import type { ArchivedMessage } from '../storage/stores/archives.ts';
import { child, type Element, el } from '../xmpp/element.ts';
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

/** Who in a room has written a message, as the room says (XEP-0421). */
export function occupantIdOf(element: Element): string | undefined {
  return child(element, 'occupant-id', NS.occupantId)?.attrs.id;
}

/** The id of what a message corrects (XEP-0308). */
export function corrects(element: Element): string | undefined {
  return child(element, 'replace', NS.messageCorrect)?.attrs.id;
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
    if (corrects(element) === id) corrections.push({ row, element });
  }
  return [];
}

/** A retraction that has been done: the id of the message that did it, and when (XEP-0082). */
export interface Done {
  readonly by: string;
  readonly stamp: string;
  /** Who did it, if not the author, and why (XEP-0425 §4). */
  readonly inside?: readonly Element[];
}

/**
 * §5: what is left of a message, so that devices can match it with the retraction: its attributes, and of its children only
 * those that are given.
 */
export function tombstone(
  attrs: Record<string, string>,
  { by, stamp, inside = [] }: Done,
  ...left: Element[]
): Element {
  const { to, from, type, id } = attrs;
  const done = el('retracted', { xmlns: NS.retract, id: by, stamp }, ...inside);
  return el('message', { to, from, type, id }, ...left, done);
}
