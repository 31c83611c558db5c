import type { ClientInfo, Session } from '../../host/session.ts';
import { JidError, makeJid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { ClientOutlet } from '../client-outlet.ts';
import type { Connection } from '../connection.ts';
import { newId } from '../id.ts';

export interface Beginning {
  /** XEP-0386 §3.2: the client is told later that its session has begun, by `outlet.begin`, and reads its archive. */
  readonly inline: boolean;
}

/** Begins a session under a resource, '' for one that we choose. Throws StanzaError (RFC 6120 §7). */
export function beginSession(
  connection: Connection,
  resource: string,
  { inline }: Beginning,
): { session: Session; outlet: ClientOutlet } {
  const { door, account, stream } = connection;
  const host = connection.host!;
  try {
    const jid = makeJid(account!.local, host.domain, resource === '' ? newId() : resource);
    const { sessions } = host;
    if (sessions.get(jid) === undefined && sessions.of(jid.bare).length >= host.house.limits.sessionsPerAccount) {
      throw new StanzaError('resource-constraint', 'Too many devices are logged in.'); // §7.6.2.1
    }
    const outlet = new ClientOutlet(host, door.resumptions, stream);
    if (inline) outlet.hold();
    const session = host.bind(jid, account!, clientInfo(connection), outlet, inline);
    outlet.session = session;
    connection.established(session, outlet);
    return { session, outlet };
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError('bad-request', error.message); // §7.7.2.1
    throw error;
  }
}

/** How the client is connected, for people to read. */
export function clientInfo(connection: Connection): ClientInfo {
  const { tls, address, login, peer, device } = connection;
  const mechanism = login?.mechanism ?? '';
  const protocol = tls?.getProtocol() ?? peer.https?.protocol ?? '';
  const cipher = tls?.getCipher().name ?? peer.https?.cipher ?? '';
  const { transport, ours } = peer;
  return { address, ours, tls: protocol, cipher, mechanism, transport, ...(device !== undefined && { device }) };
}
