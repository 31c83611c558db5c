// XEP-0004 2.13.2
import { child, type Element, el, elements, textOf } from './element.ts';
import { NS } from './ns.ts';

export type FieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single';

export interface Field {
  readonly name: string;
  readonly type?: FieldType;
  readonly label?: string;
  readonly required?: boolean;
  readonly values?: readonly string[];
  readonly options?: readonly { readonly label?: string; readonly value: string }[];
  /** Of a list: other values than its options can be given (XEP-0122 §3.2). */
  readonly open?: boolean;
  /** A whole number from one to another (XEP-0122 §3.2.3). */
  readonly range?: readonly [least: number, most: number];
}

export interface Form {
  readonly type: 'form' | 'submit' | 'result' | 'cancel';
  /** FORM_TYPE (XEP-0068). */
  readonly formType?: string;
  readonly title?: string;
  readonly instructions?: string;
  readonly fields: readonly Field[];
}

/** XEP-0004. */
export function dataForm(form: Form): Element {
  const fields: readonly Field[] =
    form.formType === undefined
      ? form.fields
      : [{ name: 'FORM_TYPE', type: 'hidden', values: [form.formType] }, ...form.fields];
  return el(
    'x',
    { xmlns: NS.dataForms, type: form.type },
    form.title !== undefined && el('title', {}, form.title),
    form.instructions !== undefined && el('instructions', {}, form.instructions),
    ...fields.map((field) =>
      el(
        'field',
        { var: field.name, type: field.type, label: field.label },
        field.required === true && el('required'),
        field.open === true && el('validate', { xmlns: NS.dataValidate, datatype: 'xs:string' }, el('open')),
        field.range !== undefined &&
          el(
            'validate',
            { xmlns: NS.dataValidate, datatype: 'xs:integer' },
            el('range', { min: field.range[0], max: field.range[1] }),
          ),
        ...(field.values ?? []).map((value) => el('value', {}, value)),
        ...(field.options ?? []).map((option) => el('option', { label: option.label }, el('value', {}, option.value))),
      ),
    ),
  );
}

/** A submitted form read: its FORM_TYPE, and each field's values. */
export interface Submitted {
  readonly type: string;
  readonly formType: string;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** Reads the form inside an element, undefined when there is none. */
export function readForm(parent: Element): Submitted | undefined {
  const x = child(parent, 'x', NS.dataForms);
  if (x === undefined) return undefined;
  const values = new Map<string, readonly string[]>();
  for (const field of elements(x)) {
    if (field.name !== 'field') continue;
    const name: string = field.attrs.var ?? '';
    values.set(
      name,
      elements(field)
        .filter((node) => node.name === 'value')
        .map(textOf),
    );
  }
  return { type: x.attrs.type ?? '', formType: values.get('FORM_TYPE')?.[0] ?? '', values };
}
