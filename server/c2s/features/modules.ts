import { CAPS_NODE } from '../../host/host.ts';
import { capsElement } from '../../xmpp/caps.ts';
import { serialize } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Feature } from '../feature.ts';

/** What the host's modules announce in the stream features: they have no exchange of their own. */
export const modules: Feature = {
  offer(connection) {
    if (connection.account === undefined) return '';
    const caps = serialize(capsElement(CAPS_NODE, connection.host!.capabilities)); // XEP-0115 §6.3
    return `<ver xmlns='${NS.rosterver}'/><sub xmlns='${NS.preApproval}'/>${caps}`; // RFC 6121 §2.6.1, §3.4.1
  },
  takes: () => false,
  handle: () => undefined,
};
