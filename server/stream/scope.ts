import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { malformed, type Tag } from './tag.ts';

/**
 * Which prefix means which namespace, where we are in the document; '' is the default namespace. One declaration and the
 * scope around it: a tag declares one at most, usually, and nothing needs to be copied.
 */
export class Scope {
  readonly #prefix: string;
  readonly #uri: string;
  readonly #outer: Scope | undefined;

  constructor(prefix: string, uri: string, outer: Scope | undefined) {
    this.#prefix = prefix;
    this.#uri = uri;
    this.#outer = outer;
  }

  get(prefix: string): string | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer) {
      if (scope.#prefix === prefix) return scope.#uri;
    }
    return undefined;
  }
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';

export const OUTERMOST = new Scope('xml', NS.xml, undefined);

/** The scope inside a tag: the outer one itself when the tag declares nothing. Throws StreamError (Namespaces in XML §3). */
export function scopeOf(tag: Tag, outer: Scope): Scope {
  let scope = outer;
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
    scope = new Scope(prefix, uri, scope);
  }
  return scope;
}

/** The namespace of a name as written; `fallback` is what names without a prefix have. */
export function namespaceOf(scope: Scope, name: string, colon: number, fallback: string): string {
  if (colon < 0) return fallback;
  const uri = scope.get(name.slice(0, colon));
  if (uri === undefined)
    throw new StreamError('bad-namespace-prefix', 'A namespace prefix is used that is not declared.');
  return uri;
}
