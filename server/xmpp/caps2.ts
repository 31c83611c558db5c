// XEP-0390 0.3.2
import { byBytes, type Capabilities } from './caps.ts';

/** Namespace of capabilities of the second kind, and the beginning of nodes that stand for a hash (§4.2). */
export const CAPS2 = 'urn:xmpp:caps';
export const HASHES = 'urn:xmpp:hashes:2';

// Control characters that no XML can have, so nothing can be cut in another way (§8.1).
const [LIST, FORM, ENTRY, PART] = ['\u001c', '\u001d', '\u001e', '\u001f'] as const;

const ordered = (list: readonly string[]): string => [...list].sort(byBytes).join('');

/** What is hashed (XEP-0390 §4.1), as text; its UTF-8 is the input of the hash function. */
export function hashInput({ identities, features, forms }: Capabilities): string {
  const field = (name: string, values: readonly string[]): string =>
    `${name}${PART}${ordered(values.map((value) => value + PART))}${ENTRY}`;
  const all = [
    features.map((feature) => feature + PART),
    identities.map(({ category, type, lang = '', name = '' }) => {
      return [category, type, lang, name].map((text) => text + PART).join('') + ENTRY;
    }),
    forms.map(({ formType, fields }) => {
      return (
        ordered([field('FORM_TYPE', [formType]), ...[...fields].map(([name, values]) => field(name, values))]) + FORM
      );
    }),
  ];
  return all.map((list) => ordered(list) + LIST).join('');
}
