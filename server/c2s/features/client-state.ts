import { NS } from '../../xmpp/ns.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { Feature } from '../feature.ts';

/** Client state indication (XEP-0352 1.0.0): the phone is in a pocket, or in a hand. */
export const clientState: Feature = {
  xep: [352, '1.0.0'],
  also: [[286, '1.0.0']],
  offer: (connection) => (connection.account === undefined ? '' : `<csi xmlns='${NS.csi}'/>`),
  takes: (connection, element) => connection.session !== undefined && element.attrs.xmlns === NS.csi,
  handle(connection, element) {
    if (element.name !== 'active' && element.name !== 'inactive') {
      throw new StreamError('unsupported-stanza-type', 'A client is active or inactive.');
    }
    connection.outlet!.setActive(element.name === 'active');
  },
};
