import type { AccountTicket, Registrar } from '../../host/registrar.ts';
import { dataForm, readForm } from '../../xmpp/data-form.ts';
import { child, type Element, el, serialize, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError, type StanzaErrorCondition } from '../../xmpp/stanza-error.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';

/** Requests on one stream before it is ended. */
const MOST = 20;

interface Progress {
  requests: number;
  ticket: AccountTicket | undefined;
  registered: boolean;
}

/** What is remembered between two requests of one stream. */
const PROGRESS = new WeakMap<Connection, Progress>();

/** XEP-0086 §3, for clients of old (XEP-0077 §8). */
const CODES: Partial<Record<StanzaErrorCondition, string>> = {
  'bad-request': '400',
  conflict: '409',
  forbidden: '403',
  'item-not-found': '404',
  'not-acceptable': '406',
  'not-allowed': '405',
  'resource-constraint': '500',
  'service-unavailable': '503',
};

/** In-band registration before login (XEP-0077 §3.1), by invitation (XEP-0445) or by whoever comes; inside TLS only. */
export const registration: Feature = {
  xep: [445, '0.2.0'],
  also: [[77, '2.4']],

  offer(connection) {
    if (!mayRegister(connection) || connection.door.registrar.rule(connection.host!.domain) === 'closed') return '';
    // The last one is what clients looked for before XEP-0445 gave it its name.
    return (
      `<register xmlns='${NS.registerFeature}'/>` +
      `<register xmlns='${NS.ibrToken}'/>` +
      `<register xmlns='urn:xmpp:invite'/>`
    );
  },

  takes: (connection, element) =>
    mayRegister(connection) &&
    element.name === 'iq' &&
    element.attrs.xmlns === undefined &&
    (child(element, 'query', NS.register) ?? child(element, 'preauth', NS.pars)) !== undefined,

  async handle(connection, iq) {
    const id: string = iq.attrs.id ?? '';
    const { domain } = connection.host!;
    const envelope = (type: 'result' | 'error', ...content: (Element | undefined)[]): void =>
      connection.stream.send(serialize(el('iq', { type, id, from: domain }, ...content)));
    const progress = progressOf(connection);
    if (++progress.requests > MOST) throw new StreamError('policy-violation', 'Too many tries to register.');
    try {
      if (id === '' || (iq.attrs.to !== undefined && iq.attrs.to !== domain)) throw new StanzaError('bad-request');
      envelope('result', await answer(connection, progress, iq));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const told = error.toElement();
      told.attrs.code = CODES[error.condition];
      envelope('error', told);
    }
  },
};

/** SECURITY 13: nothing of this in the clear, nor for who has logged in: that is the module's. */
function mayRegister({ encrypted, account, host }: Connection): boolean {
  return encrypted && account === undefined && host !== undefined;
}

function progressOf(connection: Connection): Progress {
  let progress = PROGRESS.get(connection);
  if (progress === undefined) {
    progress = { requests: 0, ticket: undefined, registered: false };
    PROGRESS.set(connection, progress);
  }
  return progress;
}

async function answer(connection: Connection, progress: Progress, iq: Element): Promise<Element | undefined> {
  const { registrar } = connection.door;
  const { domain } = connection.host!;
  const rule = registrar.rule(domain);
  if (rule === 'closed') throw new StanzaError('service-unavailable', 'Only administrators make accounts here.');
  const preauth = child(iq, 'preauth', NS.pars);
  if (preauth !== undefined) {
    if (iq.attrs.type !== 'set') throw new StanzaError('bad-request');
    progress.ticket = await registrar.ticket(domain, preauth.attrs.token ?? '', connection.address); // XEP-0445 §5
    return undefined;
  }
  if (rule === 'invited' && progress.ticket === undefined) {
    throw new StanzaError('forbidden', 'An account is made by invitation here: open the link that you were given.');
  }
  const query = child(iq, 'query', NS.register)!;
  if (iq.attrs.type === 'get') return question(progress.ticket?.local ?? '');
  if (iq.attrs.type !== 'set') throw new StanzaError('bad-request');
  await register(connection, registrar, progress, query);
  return undefined;
}

/** §3.1, §4: the fields for clients of old, and the same as a form. */
function question(local: string): Element {
  const instructions = 'Choose a name and a password.';
  const values = local === '' ? {} : { values: [local] };
  return el(
    'query',
    { xmlns: NS.register },
    el('instructions', {}, instructions),
    el('username', {}, local),
    el('password'),
    dataForm({
      type: 'form',
      formType: NS.register,
      title: 'A new account',
      instructions,
      fields: [
        { name: 'username', type: 'text-single', label: 'Name', required: true, ...values },
        { name: 'password', type: 'text-private', label: 'Password', required: true },
      ],
    }),
  );
}

async function register(
  connection: Connection,
  registrar: Registrar,
  progress: Progress,
  query: Element,
): Promise<void> {
  // §3.1.1: a second identity for one who has just got one.
  if (progress.registered) throw new StanzaError('not-acceptable', 'You have registered already. Please log in.');
  if (child(query, 'remove') !== undefined) {
    throw new StanzaError('unexpected-request', 'Log in to delete your account.'); // §3.2
  }
  const form = readForm(query);
  // §4: the form takes precedence.
  const field = (name: string): string => form?.values.get(name)?.[0] ?? (form ? '' : textOf(child(query, name)));
  const [local, password] = [field('username'), field('password')];
  if (local === '' || password === '') throw new StanzaError('not-acceptable', 'A name and a password are needed.'); // §3.1
  const { ticket } = progress;
  const { address, host } = connection;
  await registrar.register({ domain: host!.domain, local, password, ticket, address });
  progress.registered = true;
}
