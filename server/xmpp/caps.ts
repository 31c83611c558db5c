import { createHash } from 'node:crypto';
import { type Element, el, elements, textOf } from './element.ts';
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

/** Hash functions by their names in the attribute `hash` (XEP-0115 §4). */
export const CAPS_HASHES: Readonly<Record<string, 'sha1' | 'sha256' | 'sha512'>> = {
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
};

/** The order i;octet (RFC 4790 §9.3) of texts in UTF-8. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The verification string (XEP-0115 §5.1). */
export function verificationString(capabilities: Capabilities): string {
  // §5.1 asks for the order of the bytes, which for code units below the surrogates is their own.
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
  return text;
}

/** The verification string's hash (XEP-0115 §5.1), in base 64. */
export function capsHash(capabilities: Capabilities, algorithm: 'sha1' | 'sha256' | 'sha512' = 'sha1'): string {
  return createHash(algorithm).update(verificationString(capabilities)).digest('base64');
}

/** Reads the answer to disco#info; undefined when it is ill-formed in the sense of XEP-0115 §5.4. */
export function readCapabilities(query: Element): Capabilities | undefined {
  const identities: Identity[] = [];
  const features: string[] = [];
  const forms: { formType: string; fields: Map<string, readonly string[]> }[] = [];
  for (const node of elements(query)) {
    const { attrs } = node;
    if (node.name === 'identity') {
      const { category = '', type = '', name = '', 'xml:lang': lang = '' } = attrs;
      identities.push({ category, type, name, lang });
    } else if (node.name === 'feature') features.push(attrs.var ?? '');
    else if (node.name === 'x' && attrs.xmlns === NS.dataForms) {
      const form = readExtension(node);
      if (form === 'ill-formed') return undefined;
      if (form !== undefined) forms.push(form);
    }
  }
  const unique = (list: readonly string[]): boolean => new Set(list).size === list.length;
  const wellFormed =
    unique(identities.map((one) => JSON.stringify([one.category, one.type, one.lang, one.name]))) &&
    unique(features) &&
    unique(forms.map(({ formType }) => formType));
  return wellFormed ? { identities, features, forms } : undefined;
}

/** An extension form; undefined for one that does not count, as its FORM_TYPE is not there or not hidden (§5.4). */
function readExtension(
  x: Element,
): { formType: string; fields: Map<string, readonly string[]> } | 'ill-formed' | undefined {
  const fields = new Map<string, readonly string[]>();
  let formType: string | undefined;
  for (const field of elements(x)) {
    if (field.name !== 'field') continue;
    const name: string = field.attrs.var ?? '';
    const values = elements(field)
      .filter((node) => node.name === 'value')
      .map(textOf);
    if (name !== 'FORM_TYPE') fields.set(name, [...(fields.get(name) ?? []), ...values]);
    else if (new Set(values).size > 1) return 'ill-formed';
    else if (field.attrs.type === 'hidden') formType = values[0];
  }
  return formType === undefined ? undefined : { formType, fields };
}

/** The `<c/>` of stream features and presence (XEP-0115 §4, §6.3). */
export function capsElement(node: string, capabilities: Capabilities): Element {
  return el('c', { xmlns: NS.caps, hash: 'sha-1', node, ver: capsHash(capabilities) });
}
