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
  const sorted = (list: Iterable<string>): string[] =>
    [...list].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
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
