import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { malformed, type Tag } from './tag.ts';

/** Which prefix means which namespace, where we are in the document; '' is the default namespace. */
export type Scope = ReadonlyMap<string, string>;

const XMLNS = 'http://www.w3.org/2000/xmlns/';

export const OUTERMOST: Scope = new Map([['xml', NS.xml]]);

/** The scope inside a tag: the outer one itself when the tag declares nothing. Throws StreamError (Namespaces in XML §3). */
export function scopeOf(tag: Tag, outer: Scope): Scope {
  let scope: Map<string, string> | undefined;
  const { attributes } = tag;
  for (let i = 0; i < attributes.length; i += 2) {
    const name = attributes[i]!;
    if (!name.startsWith('xmlns') || (name.length > 5 && name[5] !== ':')) continue;
    const prefix = name.slice(6);
    const uri = attributes[i + 1]!;
    const ofXml = uri === NS.xml;
    if (prefix === 'xmlns' || uri === XMLNS || (prefix === 'xml') !== ofXml)
      malformed('A reserved prefix or namespace is declared.');
    if (uri === '' && prefix !== '') malformed('A prefix cannot be undeclared.');
    scope ??= new Map(outer);
    scope.set(prefix, uri);
  }
  return scope ?? outer;
}

/** The namespace of a name as written; `fallback` is what names without a prefix have. */
export function namespaceOf(scope: Scope, name: string, colon: number, fallback: string): string {
  if (colon < 0) return fallback;
  const uri = scope.get(name.slice(0, colon));
  if (uri === undefined)
    throw new StreamError('bad-namespace-prefix', 'A namespace prefix is used that is not declared.');
  return uri;
}
