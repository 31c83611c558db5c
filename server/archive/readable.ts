import { isStandIn } from '../storage/searchable.ts';
import { child, type Element, elements, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

export type ReadableKind = 'message' | 'subject' | 'removed' | 'moderated' | 'encrypted' | 'other';

/** A message as people read it: its text, and nothing that an app would make of the rest. */
export function readable(element: Element): { readonly kind: ReadableKind; readonly text: string } {
  // XEP-0424 §5, XEP-0425 §5: what stands in the place of a message that was taken back, or away.
  const grave = child(element, 'retracted', NS.retract);
  if (grave !== undefined) {
    if (child(grave, 'moderated', NS.moderate) === undefined) return { kind: 'removed', text: '' };
    return { kind: 'moderated', text: textOf(child(grave, 'reason')) };
  }
  // What is written beside it is for apps that cannot read the real one.
  if (elements(element).some(({ attrs }) => isStandIn(attrs.xmlns))) return { kind: 'encrypted', text: '' };
  const body = child(element, 'body');
  if (body !== undefined) return { kind: 'message', text: textOf(body) };
  const subject = child(element, 'subject');
  if (subject !== undefined) return { kind: 'subject', text: textOf(subject) };
  return { kind: 'other', text: '' };
}
