import { StreamParser } from '../../server/stream/parser.ts';
import { child, Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';

const ROOMY = { bytes: 1e9, depth: 1e4, attributes: 1e4, children: 1e6, namespaces: 1e6 };
const HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/** The stanzas of a text, as they come out of a stream of jabber:client. Throws StreamError. */
export function stanzas(xml: string): Element[] {
  const found: Element[] = [];
  const parser = new StreamParser('jabber:client', ROOMY, (item) => {
    if (item instanceof Element) found.push(item);
  });
  parser.write(Buffer.from(HEADER + xml));
  return found;
}

/** The one stanza of a text. Line ends and indentation between elements are for the reader of the test. */
export function stanza(xml: string): Element {
  const [only, ...more] = stanzas(xml.replace(/>\s+</g, '><').trim());
  if (only === undefined || more.length > 0) throw new Error(`not one stanza: ${xml}`);
  return only;
}

/**
 * What of `expected` is not in `actual`, undefined when all is: same name and namespace, every attribute (`*` stands for
 * any value), the text if one is given, and a different child for every child. `actual` may have more.
 */
export function difference(expected: Element, actual: Element): string | undefined {
  if (expected.name !== actual.name) return `<${actual.name}/> is not <${expected.name}/>`;
  if (expected.attrs.xmlns !== actual.attrs.xmlns) {
    return `<${actual.name}/> is in ${actual.attrs.xmlns ?? "its parent's namespace"}`;
  }
  for (const [name, value] of Object.entries<string>(expected.attrs)) {
    const there: string | undefined = actual.attrs[name];
    if (there === undefined || (value !== '*' && value !== there)) return `<${actual.name}/> has ${name}=${there}`;
  }
  const text = textOf(expected);
  if (text !== '' && text !== textOf(actual)) return `<${actual.name}/> says ${JSON.stringify(textOf(actual))}`;
  const left = elements(actual);
  for (const wanted of elements(expected)) {
    const at = left.findIndex((one) => difference(wanted, one) === undefined);
    if (at < 0) {
      const near = left.find((one) => one.name === wanted.name);
      return near === undefined
        ? `<${actual.name}/> lacks ${serialize(wanted)}`
        : `<${actual.name}/>: ${difference(wanted, near)}`;
    }
    left.splice(at, 1);
  }
  return undefined;
}

/** The first descendant along a path of names, whatever their namespaces. */
export function find(element: Element, ...path: string[]): Element | undefined {
  let at: Element | undefined = element;
  for (const name of path) at = at === undefined ? undefined : elements(at).find((one) => one.name === name);
  return at;
}

/** The defined condition of an error stanza, '' when it is none. */
export function conditionOf(element: Element): string {
  const error = child(element, 'error');
  return error === undefined ? '' : (elements(error).find((one) => one.name !== 'text')?.name ?? '');
}
