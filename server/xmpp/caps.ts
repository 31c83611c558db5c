import { createHash } from 'node:crypto';
import { type Element, el } from './element.ts';
import { NS } from './ns.ts';

/** What an entity is and can, as service discovery says it (XEP-0030). */
export interface Capabilities {
  readonly identities: readonly Identity[];
  readonly features: readonly string[];
  /** Extension forms (XEP-0128): FORM_TYPE and its fields. */
  readonly forms: readonly { readonly formType: string; readonly fields: ReadonlyMap<string, readonly string[]> }[];
}

export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly lang?: string;
  readonly name?: string;
}

/** The verification string's hash (XEP-0115 §5.1), in base 64. */
export function capsHash(capabilities: Capabilities, algorithm: 'sha1' = 'sha1'): string {
  // §5.1 asks for the order of the bytes, which for code units below the surrogates is their own.
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const sorted = (list: Iterable<string>): string[] => {
    const all = [...list];
    return all.some((text) => /[\ud800-\uffff]/.test(text)) ? all.sort(byBytes) : all.sort();
  };
  const identities = capabilities.identities.map((i) => `${i.category}/${i.type}/${i.lang ?? ''}/${i.name ?? ''}`);
  const forms = new Map(capabilities.forms.map((form) => [form.formType, form.fields]));
  let text = [...sorted(identities), ...sorted(capabilities.features)].map((s) => `${s}<`).join('');
  for (const formType of sorted(forms.keys())) {
    text += `${formType}<`;
    const fields = forms.get(formType)!;
    for (const name of sorted(fields.keys())) {
      text += `${name}<`;
      for (const value of sorted(fields.get(name)!)) text += `${value}<`;
    }
  }
  return createHash(algorithm).update(text).digest('base64');
}

/** The `<c/>` of stream features and presence (XEP-0115 §4, §6.3). */
export function capsElement(node: string, capabilities: Capabilities): Element {
  return el('c', { xmlns: NS.caps, hash: 'sha-1', node, ver: capsHash(capabilities) });
}
