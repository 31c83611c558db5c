import { bindingTypes } from '../channel-binding.ts';
import type { Feature } from '../feature.ts';

/** What a login can be bound to (XEP-0440): nothing where HTTPS carries the stream. */
export const channelBindings: Feature = {
  xep: [440, '1.0.0'],
  offer({ tls, account }) {
    if (tls === undefined || account !== undefined) return '';
    const types = bindingTypes(tls).map((type) => `<channel-binding type='${type}'/>`);
    return `<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${types.join('')}</sasl-channel-binding>`;
  },
  takes: () => false,
  handle: () => undefined,
};
