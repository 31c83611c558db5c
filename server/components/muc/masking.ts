import { clone, type Element, el, elements, removeChildren } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { pretendsModeration } from './early-moderation.ts';

/** Children of what somebody sends to a room that are the room's to say, or that servers on the way put in to name the sender. */
const OURS: ReadonlySet<string> = new Set([
  NS.muc,
  NS.mucUser,
  NS.occupantId,
  NS.hats,
  NS.addresses,
  NS.delay,
  NS.moderate,
  NS.earlyModerate,
  // Of an archive and of one's own other devices, which is for those to say (SECURITY 39, 41).
  NS.mam,
  NS.carbons,
  'jabber:x:delay',
]);

/** XEP-0425 §5: only the room says that moderators have done something; what says so otherwise is taken out of a retraction. */
export function unmoderated(element: Element): void {
  for (const node of elements(element)) {
    if (node.attrs.xmlns === NS.retract) removeChildren(node, ({ attrs }) => attrs.xmlns === NS.moderate);
  }
}

/** Whether the room passes a child of a stanza on: SECURITY 42, and nothing that shows who sent it. */
export function isPassable(node: Element, { from, to }: Stanza): boolean {
  const { name, attrs } = node;
  const { xmlns } = attrs;
  if (xmlns === undefined) return true;
  if (name === 'stanza-id' && xmlns === NS.sid) {
    const by = tryParseJid(attrs.by ?? '')?.bare;
    return by !== to?.bare && by !== from.bare;
  }
  if (pretendsModeration(node)) return false;
  // A tombstone says that something has been done, which is for the archive to say (XEP-0424 §5).
  return !OURS.has(xmlns) && !(name === 'retracted' && xmlns === NS.retract);
}

/**
 * An error that comes back through the room: servers write addresses into its text, its `by` and the new address of who is
 * gone (RFC 6120 §8.3.1, §8.3.3.5), so that only its type and condition go on.
 */
export function maskedError(error: Element): Element {
  const condition = elements(error).find(({ name, attrs }) => attrs.xmlns === NS.stanzas && name !== 'text');
  const { type = 'cancel' } = error.attrs;
  return el('error', { type }, el(condition?.name ?? 'undefined-condition', { xmlns: NS.stanzas }));
}

/** The children of an answer that goes back through the room. */
export function maskedAnswer({ type, element }: Stanza): Element[] {
  if (type !== 'error') return elements(element).map(clone);
  const error = elements(element).find(({ name }) => name === 'error');
  return [maskedError(error ?? el('error', {}))];
}
