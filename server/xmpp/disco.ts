import type { Capabilities } from './caps.ts';
import { dataForm } from './data-form.ts';
import { type Element, el } from './element.ts';

/** What an entity is and can, as the children of an answer to disco#info (XEP-0030 §3.1, XEP-0128). */
export function discoInfo(capabilities: Capabilities): Element[] {
  return [
    ...capabilities.identities.map((one) =>
      el('identity', { category: one.category, type: one.type, name: one.name, 'xml:lang': one.lang }),
    ),
    ...capabilities.features.map((feature) => el('feature', { var: feature })),
    ...capabilities.forms.map((form) =>
      dataForm({
        type: 'result',
        formType: form.formType,
        fields: [...form.fields].map(([name, values]) => ({ name, values })),
      }),
    ),
  ];
}
