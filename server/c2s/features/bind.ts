import { child, el, serialize, textOf } from '../../xmpp/element.ts';
import { type Jid, JidError, makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { ClientOutlet } from '../client-outlet.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';
import { newId } from '../id.ts';

/** Resource binding (RFC 6120 §7). */
export const bind: Feature = {
  offer: (connection) =>
    connection.account === undefined
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
      const jid = bindTo(connection, textOf(child(request, 'resource')));
      const result = el('iq', { type: 'result', id }, el('bind', { xmlns: NS.bind }, el('jid', {}, jid.full)));
      connection.stream.send(serialize(result));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      connection.stream.send(serialize(el('iq', { type: 'error', id }, error.toElement())));
    }
  },
};

function bindTo(connection: Connection, wanted: string): Jid {
  const { door, account, stream } = connection;
  const host = connection.host!;
  let jid: Jid;
  try {
    jid = makeJid(account!.local, host.domain, wanted === '' ? newId() : wanted);
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError('bad-request', error.message); // §7.7.2.1
    throw error;
  }
  const { sessions } = host;
  if (sessions.get(jid) === undefined && sessions.of(jid.bare).length >= host.house.limits.sessionsPerAccount) {
    throw new StanzaError('resource-constraint', 'Too many devices are logged in.'); // §7.6.2.1
  }
  const outlet = new ClientOutlet(host, door.resumptions, stream);
  const session = host.bind(jid, account!, clientInfo(connection), outlet);
  outlet.session = session;
  connection.established(session, outlet);
  return jid;
}

/** How the client is connected, for people to read. */
export function clientInfo(connection: Connection) {
  const { tls, address, login, peer } = connection;
  const mechanism = login?.mechanism ?? '';
  const protocol = tls?.getProtocol() ?? peer.https?.protocol ?? '';
  const cipher = tls?.getCipher().name ?? peer.https?.cipher ?? '';
  return { address, tls: protocol, cipher, mechanism, transport: peer.transport };
}
