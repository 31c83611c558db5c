import { clone, type Element, el, elements, removeChildren, serialize } from './element.ts';
import { NS } from './ns.ts';
import { PROPERTIES, type Property } from './vcard-fields.ts';

/**
 * The two formats of a card hold the same person (XEP-0292 §7). Neither can say all that the other can, so a change on one
 * side is carried over property by property: what says the same already is left alone, and so is what the other side does
 * not know. Done twice it changes nothing, which is what keeps two copies from chasing each other.
 */

/** The card in vCard4: `before` with what `card` (vcard-temp) says differently. */
export function toVcard4(card: Element, before?: Element): Element {
  const next = before === undefined ? el('vcard', { xmlns: NS.vcard4 }) : clone(before);
  for (const { old, now, toNow, toOld } of PROPERTIES) {
    carry(card, next, old, [now], toNow, toOld);
  }
  return next;
}

/** The card in vcard-temp: `before` with what `vcard` (vCard4) says differently. */
export function toVcardTemp(vcard: Element, before?: Element): Element {
  const next = before === undefined ? el('vCard', { xmlns: NS.vcardTemp }) : clone(before);
  for (const { old, now, toNow, toOld } of PROPERTIES) {
    carry(vcard, next, [now], old, toOld, toNow);
  }
  return next;
}

type Convert = Property['toNow'];

function carry(
  source: Element,
  target: Element,
  sourceNames: readonly string[],
  targetNames: readonly string[],
  forth: Convert,
  back: Convert,
): void {
  const said = elements(source).filter((one) => sourceNames.includes(one.name));
  const there = elements(target).filter((one) => targetNames.includes(one.name));
  const wanted = forth(said);
  // There and back: what is left of it says the same to both formats, a number with spaces and its `tel:` address, too.
  const meaning = (list: readonly Element[]): string =>
    back(forth(back(list)))
      .map(serialize)
      .join('');
  if (meaning(there) === meaning(wanted)) return;
  // Of what stands there, only what the source could have said goes: a property that it has no words for stays.
  removeChildren(target, (one) => there.includes(one) && (blank(one) || back([one]).length > 0));
  for (const one of wanted) {
    one.parent = target;
    target.children.push(one);
  }
}

/** Nothing is written in it, at any depth. */
function blank(element: Element): boolean {
  return element.children.every((node) => (typeof node === 'string' ? node.trim() === '' : blank(node)));
}
