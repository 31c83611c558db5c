import { NS } from '../../xmpp/ns.ts';
import type { Feature } from '../feature.ts';

/** Stream limits (XEP-0478), as they hold at the time: before the login they are smaller. */
export const limits: Feature = {
  xep: [478, '0.2.0'],
  offer({ stream, door, account, encrypted }) {
    if (!encrypted) return ''; // RFC 6120 §5.3.1: TLS first, and nothing beside it
    // Before the login all of it must be done within this time, whatever the client sends.
    const idle = account === undefined ? door.limits.loginSeconds : door.limits.idleSeconds;
    const bytes = `<max-bytes>${stream.limits.bytes}</max-bytes>`;
    return `<limits xmlns='${NS.streamLimits}'>${bytes}<idle-seconds>${idle}</idle-seconds></limits>`;
  },
  takes: () => false,
  handle: () => undefined,
};
