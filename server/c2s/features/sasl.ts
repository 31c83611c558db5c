import { type Element, el, serialize, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { ScramError } from '../../xmpp/scram.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import { fromBase64, refuse } from '../attempts.ts';
import { bindingTypes } from '../channel-binding.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';
import { mechanismsFor } from '../mechanisms/index.ts';
import { SaslError, type Step } from '../mechanisms/mechanism.ts';

/** SASL (RFC 6120 §6), inside TLS only. */
export const sasl: Feature = {
  offer(connection) {
    if (!connection.encrypted || connection.account !== undefined) return '';
    const mechanisms = mechanismsFor(connection)
      .map(({ name }) => `<mechanism>${name}</mechanism>`)
      .join('');
    const offer = `<mechanisms xmlns='${NS.sasl}'>${mechanisms}</mechanisms>`;
    if (connection.tls === undefined) return offer;
    const bindings = bindingTypes(connection.tls)
      .map((type) => `<channel-binding type='${type}'/>`)
      .join('');
    return `${offer}<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${bindings}</sasl-channel-binding>`;
  },

  takes: (_connection, element) => element.attrs.xmlns === NS.sasl,

  async handle(connection, element) {
    if (!connection.encrypted || connection.host === undefined || connection.account !== undefined) {
      throw new StreamError('not-authorized', 'There is nothing to log in to here.'); // SECURITY 13, 17
    }
    const { attempts, stream } = connection;
    attempts.enter(NS.sasl);
    try {
      show(connection, await step(connection, element));
    } catch (error) {
      if (!(error instanceof SaslError) && !(error instanceof ScramError)) throw error;
      const text = el('text', { 'xml:lang': 'en' }, refuse(connection, error));
      stream.send(serialize(el('failure', { xmlns: NS.sasl }, el(error.condition), text)));
      attempts.failed();
    }
  },
};

function step(connection: Connection, element: Element): Promise<Step> {
  const { attempts } = connection;
  switch (element.name) {
    case 'auth': {
      if (attempts.next !== undefined) throw new SaslError('malformed-request', 'an exchange is under way');
      const mechanism = mechanismsFor(connection).find(({ name }) => name === element.attrs.mechanism);
      if (mechanism === undefined) throw new SaslError('invalid-mechanism', 'no such mechanism');
      return mechanism.begin({ connection, initial: decode(element) });
    }
    case 'response': {
      const { next } = attempts;
      if (next === undefined) throw new SaslError('malformed-request', 'no exchange is under way');
      return next(decode(element));
    }
    case 'abort':
      throw new SaslError('aborted', 'the client gave up');
    default:
      throw new StreamError('unsupported-stanza-type', 'SASL knows no such element.');
  }
}

function show(connection: Connection, step: Step): void {
  const { attempts, stream } = connection;
  if (step.challenge !== undefined) {
    attempts.next = step.next;
    const text = Buffer.from(step.challenge).toString('base64');
    stream.send(`<challenge xmlns='${NS.sasl}'>${text}</challenge>`);
    return;
  }
  const data = step.data === undefined ? '' : Buffer.from(step.data).toString('base64');
  stream.send(`<success xmlns='${NS.sasl}'>${data}</success>`);
  connection.authenticated(step.login);
  stream.restart(); // §6.4.6
}

function decode(element: Element): Buffer {
  const text = textOf(element).trim();
  if (text === '=') return Buffer.alloc(0); // RFC 6120 §6.4.2
  const bytes = fromBase64(text);
  if (bytes === undefined) throw new SaslError('incorrect-encoding', 'not base 64');
  return bytes;
}
