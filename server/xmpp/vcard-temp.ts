import { child, clone, type Element, el, elements, removeChildren, textOf } from './element.ts';
import { type Image, type NoImage, readImage } from './image.ts';

/** A `<vCard/>` (XEP-0054) taken apart. */
export interface Card {
  /** A copy without its photo. */
  readonly card: Element;
  /** The picture in it, 'none' when it has none, or why it cannot be taken. */
  readonly photo: Image | 'none' | Exclude<NoImage, 'empty'>;
}

/** What people are called, and where mail reaches them. Each is '' when the card does not say. */
export interface CardNames {
  readonly full: string;
  readonly given: string;
  readonly family: string;
  readonly nick: string;
  readonly email: string;
}

/** Takes the photo out of a card. A photo that is only pointed at (EXTVAL) stays: it is text. */
export function takePhoto(vcard: Element): Card {
  const card = clone(vcard);
  const photo = elements(card).find((one) => one.name === 'PHOTO' && child(one, 'BINVAL') !== undefined);
  if (photo === undefined) return { card, photo: 'none' };
  removeChildren(card, (one) => one.name === 'PHOTO' && child(one, 'BINVAL') !== undefined);
  const image = readImage(textOf(child(photo, 'BINVAL')));
  return { card, photo: image === 'empty' ? 'none' : image };
}

/** The photo of a card as XEP-0153 §4.5 wants it. */
export function photoElement(type: string, data: Uint8Array): Element {
  return el('PHOTO', {}, el('TYPE', {}, type), el('BINVAL', {}, Buffer.from(data).toString('base64')));
}

const text = (parent: Element | undefined, name: string): string =>
  parent === undefined ? '' : textOf(child(parent, name)).trim();

/** What a directory may show of a card, each field cut to `limit` characters. */
export function cardNames(card: Element, limit = 200): CardNames {
  const n = child(card, 'N');
  const cut = (value: string): string => value.slice(0, limit).toWellFormed();
  return {
    full: cut(text(card, 'FN')),
    given: cut(text(n, 'GIVEN')),
    family: cut(text(n, 'FAMILY')),
    nick: cut(text(card, 'NICKNAME')),
    email: cut(text(child(card, 'EMAIL'), 'USERID')),
  };
}
