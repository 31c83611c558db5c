// XEP-0059 1.0
import { child, type Element, el, textOf } from './element.ts';
import { NS } from './ns.ts';
import { StanzaError } from './stanza-error.ts';

/** What a client asks of a long list (XEP-0059). */
export interface PageRequest {
  /** Undefined: the client did not say. */
  readonly max: number | undefined;
  readonly after: string | undefined;
  /** '' means: the last page (§2.5). */
  readonly before: string | undefined;
}

/** Reads the `<set/>` inside a query. Throws StanzaError on what XEP-0059 does not know. */
export function readPageRequest(query: Element): PageRequest {
  const set = child(query, 'set', NS.rsm);
  if (set === undefined) return { max: undefined, after: undefined, before: undefined };
  if (child(set, 'index') !== undefined) {
    throw new StanzaError('feature-not-implemented', 'Pages are not counted here; ask by id.'); // §2.6
  }
  const max = child(set, 'max');
  const text = max === undefined ? undefined : textOf(max);
  const size = text === undefined ? undefined : Number(text);
  // Digits and nothing else: `Number` alone would read “ 5”, “1e3” and “0x10”, which no client means.
  if (text !== undefined && !(/^\d+$/.test(text) && Number.isSafeInteger(size))) {
    throw new StanzaError('bad-request', 'The size of a page is a number.');
  }
  const after = child(set, 'after');
  const before = child(set, 'before');
  return {
    max: size,
    after: after === undefined ? undefined : textOf(after),
    before: before === undefined ? undefined : textOf(before),
  };
}

/** What a page held (XEP-0059 §2.3). `count` is of the whole set, when it is known. */
export function pageAnswer(page: { first?: string; last?: string; count?: number | undefined }): Element {
  return el(
    'set',
    { xmlns: NS.rsm },
    page.first !== undefined && el('first', {}, page.first),
    page.last !== undefined && el('last', {}, page.last),
    page.count !== undefined && el('count', {}, String(page.count)),
  );
}
