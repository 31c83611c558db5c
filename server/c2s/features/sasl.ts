import { type Element, el, serialize, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { ScramError } from '../../xmpp/scram.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import { fromBase64, refuse } from '../attempts.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';
import { SaslError, type Step } from '../mechanisms/mechanism.ts';

/** SASL (RFC 6120 §6), inside TLS only. */
export const sasl: Feature = {
  offer({ encrypted, account, offered }) {
    if (!encrypted || account !== undefined) return '';
    const mechanisms = offered.map(({ name }) => `<mechanism>${name}</mechanism>`);
    return `<mechanisms xmlns='${NS.sasl}'>${mechanisms.join('')}</mechanisms>`;
  },

  takes: (_connection, element) => element.attrs.xmlns === NS.sasl,

  async handle(connection, element) {
    if (!connection.encrypted || connection.host === undefined || connection.account !== undefined) {
      throw new StreamError('not-authorized', 'There is nothing to log in to here.'); // SECURITY 13, 17
    }
    const { attempts, stream } = connection;
    attempts.enter(NS.sasl);
    try {
      await take(connection, element);
    } catch (error) {
      if (!(error instanceof SaslError) && !(error instanceof ScramError)) throw error;
      const text = el('text', { 'xml:lang': 'en' }, refuse(connection, error));
      stream.send(serialize(el('failure', { xmlns: NS.sasl }, el(error.condition), text)));
      attempts.failed();
    }
  },
};

async function take(connection: Connection, element: Element): Promise<void> {
  const { attempts, offered } = connection;
  const { next } = attempts;
  switch (element.name) {
    case 'auth': {
      if (next !== undefined) throw new SaslError('malformed-request', 'an exchange is under way');
      const mechanism = offered.find(({ name }) => name === element.attrs.mechanism);
      if (mechanism === undefined) throw new SaslError('invalid-mechanism', 'no such mechanism');
      return show(connection, await mechanism.begin({ connection, initial: decode(element), agent: '' }));
    }
    case 'response':
      if (next === undefined) throw new SaslError('malformed-request', 'no exchange is under way');
      return next(element);
    case 'abort':
      throw new SaslError('aborted', 'the client gave up');
    default:
      throw new StreamError('unsupported-stanza-type', 'SASL knows no such element.');
  }
}

function show(connection: Connection, step: Step): void {
  const { attempts, stream } = connection;
  if (step.challenge !== undefined) {
    attempts.next = async (response) => show(connection, await step.next(decode(response)));
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
  return text === '=' ? Buffer.alloc(0) : fromBase64(text); // RFC 6120 §6.4.2
}
