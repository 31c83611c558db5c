import { dataForm, readForm } from './data-form.ts';
import { type Element, el, elements } from './element.ts';
import { NS } from './ns.ts';
import { StanzaError } from './stanza-error.ts';

/** Characters of what was written that a push may carry: a screen shows no more. */
const BODY_LIMIT = 200;
const FIELDS_LIMIT = 20;
const FORM_CHARACTERS = 4_096;
const PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options';

/** What a push tells the app server; a field left out is not told. */
export interface Summary {
  readonly count?: number;
  readonly sender?: string;
  readonly body?: string;
}

/** The form of a request that goes along with every publication, as we send it (XEP-0357 §5). Throws StanzaError. */
export function publishOptions(enable: Element): Element | undefined {
  const forms = elements(enable).filter(({ attrs }) => attrs.xmlns === NS.dataForms);
  if (forms.length === 0) return undefined;
  if (forms.length > 1) throw new StanzaError('bad-request', 'One form is enough.');
  const { formType, values } = readForm(enable)!;
  if (formType !== PUBLISH_OPTIONS) throw new StanzaError('bad-request', 'The form is not one of publish options.');
  const fields = [...values].filter(([name]) => name !== 'FORM_TYPE').map(([name, list]) => ({ name, values: list }));
  const size = fields.reduce((sum, { name, values: list }) => sum + name.length + list.join('').length, 0);
  if (fields.length > FIELDS_LIMIT || size > FORM_CHARACTERS) {
    throw new StanzaError('not-acceptable', 'The form is too large.');
  }
  return dataForm({ type: 'submit', formType, fields });
}

/** What an app server is sent (XEP-0357 §7): a publication with a summary, and the options that were asked for. */
export function publication(node: string, summary: Summary, options: Element | undefined): Element {
  const { count, sender, body } = summary;
  const fields = [
    { name: 'message-count', value: count?.toString() },
    { name: 'last-message-sender', value: sender },
    { name: 'last-message-body', value: body === undefined ? undefined : shortened(body) },
  ].flatMap(({ name, value }) => (value === undefined ? [] : [{ name, values: [value] }]));
  const form = fields.length > 0 && dataForm({ type: 'submit', formType: 'urn:xmpp:push:summary', fields });
  return el(
    'pubsub',
    { xmlns: NS.pubsub },
    el(
      'publish',
      { node: node === '' ? undefined : node },
      el('item', {}, el('notification', { xmlns: NS.push }, form)),
    ),
    options !== undefined && el('publish-options', {}, options),
  );
}

function shortened(body: string): string {
  const letters = [...body.slice(0, 2 * BODY_LIMIT)];
  return letters.length <= BODY_LIMIT && body.length <= 2 * BODY_LIMIT
    ? body
    : `${letters.slice(0, BODY_LIMIT - 1).join('')}…`;
}

/** The node whose owner tells, in a message, that it may not be published to any more (XEP-0357 §8); undefined else. */
export function withdrawnNode(message: Element): string | undefined {
  for (const node of message.children) {
    if (typeof node === 'string' || node.name !== 'pubsub' || node.attrs.xmlns !== NS.pubsub) continue;
    if (elements(node).some(({ name, attrs }) => name === 'affiliation' && attrs.affiliation === 'none')) {
      return node.attrs.node ?? '';
    }
  }
  return undefined;
}
