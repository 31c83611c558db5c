import { child, el, serialize, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Feature } from '../feature.ts';
import { beginSession } from '../login/session.ts';

/** Resource binding (RFC 6120 §7). */
export const bind: Feature = {
  offer: (connection) =>
    connection.account === undefined || connection.session !== undefined
      ? ''
      : `<bind xmlns='${NS.bind}'/><session xmlns='${NS.session}'><optional/></session>`,

  takes: (connection, element) =>
    connection.account !== undefined &&
    connection.session === undefined &&
    element.name === 'iq' &&
    element.attrs.xmlns === undefined,

  async handle(connection, iq) {
    const id: string = iq.attrs.id ?? '';
    const request = child(iq, 'bind', NS.bind);
    try {
      if (iq.attrs.type !== 'set' || id === '' || request === undefined) {
        throw new StanzaError('not-allowed', 'Please bind a resource first.');
      }
      await connection.stillValid();
      const { session } = beginSession(connection, textOf(child(request, 'resource')), { inline: false });
      const result = el('iq', { type: 'result', id }, el('bind', { xmlns: NS.bind }, el('jid', {}, session.jid.full)));
      connection.stream.send(serialize(result));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      connection.stream.send(serialize(el('iq', { type: 'error', id }, error.toElement())));
    }
  },
};
