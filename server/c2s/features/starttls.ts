import { NS } from '../../xmpp/ns.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { Feature } from '../feature.ts';

/** STARTTLS (RFC 6120 §5), without which nothing else is on offer (RFC 7590 §3.1). */
export const starttls: Feature = {
  offer: (connection) => (!connection.encrypted ? `<starttls xmlns='${NS.tls}'><required/></starttls>` : ''),

  takes: (_connection, element) => element.attrs.xmlns === NS.tls,

  handle(connection, element) {
    if (element.name !== 'starttls' || connection.encrypted || connection.host === undefined) {
      throw new StreamError('unsupported-stanza-type', 'TLS cannot begin here.');
    }
    connection.stream.send(`<proceed xmlns='${NS.tls}'/>`);
    const { domain } = connection.host;
    connection.tls = connection.peer.secure!(domain);
  },
};
