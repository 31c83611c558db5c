import { child, clone, type Element, el, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';

/** What a retraction was called when moderation was new. */
const RETRACT = 'urn:xmpp:message-retract:0';

/**
 * The wish of a client that knows moderation as it was until 2023 (XEP-0425 0.2.1 §3, by XEP-0422), in the words of today. Throws
 * StanzaError for what else is fastened to a message by a request.
 */
export function asToday(applyTo: Element): Element {
  const moderate = child(applyTo, 'moderate', NS.earlyModerate);
  if (moderate === undefined || child(moderate, 'retract', RETRACT) === undefined)
    throw new StanzaError('feature-not-implemented', 'Messages can be retracted, and nothing else.');
  const reason = child(moderate, 'reason');
  const { id } = applyTo.attrs;
  const retract = el('retract', { xmlns: NS.retract });
  return el('moderate', { xmlns: NS.moderate, id }, retract, reason && el('reason', {}, textOf(reason)));
}

/**
 * What such clients read in a notice that everybody gets (0.2.1 §3.1); the others pass over it, as it is of the same message. Given
 * are the `<moderated/>` of today and the reason. Tombstones go without: they have no text, which is all that matters there.
 */
export function asBefore(id: string, [moderated, ...reason]: readonly Element[]): Element {
  const by = moderated?.attrs.by;
  const inside = el(
    'moderated',
    { xmlns: NS.earlyModerate, by },
    el('retract', { xmlns: RETRACT }),
    ...reason.map(clone),
  );
  return el('apply-to', { xmlns: NS.fasten, id }, inside);
}

/** Whether somebody fastens to a message that moderators have done something with it, which is for the room to say (§5). */
export function pretendsModeration(node: Element): boolean {
  return node.attrs.xmlns === NS.fasten && child(node, 'moderated', NS.earlyModerate) !== undefined;
}
