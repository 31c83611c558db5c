import { Element } from '@xmpp/xml';

export { Element };

/**
 * The canonical form of every element in the house, made by the parser and kept by those who build: no prefixes, and an
 * `xmlns` attribute exactly where the namespace differs from the parent's. A stanza itself has none: jabber:client and
 * jabber:server mean the same to us, and each stream adds its own (RFC 6120 §4.8.3).
 */
export type Child = Element | string;

type Attributes = Record<string, string | number | undefined>;

/** Builds an element; attributes that are `undefined` and children that are falsy are left out. */
export function el(name: string, attrs?: Attributes, ...children: (Child | undefined | false)[]): Element {
  const element = new Element(name);
  for (const key in attrs) {
    const value = attrs[key];
    if (value !== undefined) element.attrs[key] = String(value);
  }
  for (const child of children) {
    if (child === undefined || child === false || child === '') continue;
    if (typeof child !== 'string') child.parent = element;
    element.children.push(child);
  }
  return element;
}

/** The first child of that name whose `xmlns` is as given; without one, the first that shares its parent's namespace. */
export function child(parent: Element, name: string, xmlns?: string): Element | undefined {
  for (const node of parent.children) {
    if (typeof node !== 'string' && node.name === name && node.attrs.xmlns === xmlns) return node;
  }
  return undefined;
}

/** All child elements, texts passed over. */
export function elements(parent: Element): Element[] {
  return parent.children.filter((node): node is Element => typeof node !== 'string');
}

/** The text directly inside an element, '' for none. */
export function textOf(element: Element | undefined): string {
  if (element === undefined) return '';
  let text = '';
  for (const node of element.children) if (typeof node === 'string') text += node;
  return text;
}

/** Removes the children for which `unwanted` holds, in place. */
export function removeChildren(parent: Element, unwanted: (element: Element) => boolean): void {
  const { children } = parent;
  for (let i = children.length - 1; i >= 0; i--) {
    const node = children[i];
    if (node !== undefined && typeof node !== 'string' && unwanted(node)) children.splice(i, 1);
  }
}

/** A deep copy without a parent: an element has one parent only, so whoever wraps one that lives on copies it. */
export function clone(element: Element): Element {
  const copy = new Element(element.name, element.attrs);
  for (const node of element.children) {
    if (typeof node === 'string') copy.children.push(node);
    else {
      const inner = clone(node);
      inner.parent = copy;
      copy.children.push(inner);
    }
  }
  return copy;
}

const IN_TEXT = /[&<>\r]/;
const IN_TEXT_ALL = /[&<>\r]/g;
const IN_ATTRIBUTE = /[&<>'"\t\n\r]/;
const IN_ATTRIBUTE_ALL = /[&<>'"\t\n\r]/g;
const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
  '\t': '&#9;', // as characters these three would come out of the next parser as spaces or line feeds (XML §2.11, §3.3.3)
  '\n': '&#10;',
  '\r': '&#13;',
};
const escaped = (c: string): string => ESCAPES[c]!;

export function escapeText(text: string): string {
  return IN_TEXT.test(text) ? text.replace(IN_TEXT_ALL, escaped) : text;
}

export function escapeAttribute(text: string): string {
  return IN_ATTRIBUTE.test(text) ? text.replace(IN_ATTRIBUTE_ALL, escaped) : text;
}

/** The children of an element as XML. */
export function serializeChildren(element: Element): string {
  let out = '';
  for (const node of element.children) out += typeof node === 'string' ? escapeText(node) : serialize(node);
  return out;
}

/** An element as XML. Parsed again it gives the same element. */
export function serialize(element: Element): string {
  let out = `<${element.name}`;
  const { attrs } = element;
  for (const key in attrs) out += ` ${key}='${escapeAttribute(String(attrs[key]))}'`;
  return element.children.length === 0 ? `${out}/>` : `${out}>${serializeChildren(element)}</${element.name}>`;
}

/** The same with a namespace of its own, for a stanza that is put inside something else (XEP-0297 §3.1). */
export function serializeIn(element: Element, xmlns: string): string {
  const text = serialize(element);
  return element.attrs.xmlns === undefined ? withNamespace(text, xmlns) : text;
}

/** Puts an `xmlns` on the first tag of a serialised stanza that has none. */
export function withNamespace(text: string, xmlns: string): string {
  const end = text.search(/[\s/>]/);
  return `${text.slice(0, end)} xmlns='${xmlns}'${text.slice(end)}`;
}

/** Puts serialised children behind those that a serialised element has. */
export function insertLast(text: string, inner: string): string {
  if (text.endsWith('/>')) {
    const name = text.slice(1, text.search(/[\s/>]/));
    return `${text.slice(0, -2)}>${inner}</${name}>`;
  }
  const end = text.lastIndexOf('</');
  return text.slice(0, end) + inner + text.slice(end);
}

/** What `insertLast` put into a text that had children. */
export function insertedIn(base: string, text: string): string {
  const end = base.length - base.lastIndexOf('</');
  return text.length > base.length && !base.endsWith('/>') ? text.slice(base.length - end, text.length - end) : '';
}
