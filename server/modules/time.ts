import type { Module } from '../host/module.ts';
import { dateTime } from '../xmpp/delay.ts';
import { el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

/** Entity time (XEP-0202): UTC, and how far the server's own clock face is from it. */
export const time: Module = {
  name: 'time',
  xep: [202, '2.0'],
  start: () => ({
    features: [NS.time],
    iq: [
      {
        type: 'get',
        scope: 'host',
        xmlns: NS.time,
        name: 'time',
        handle: () => {
          const now = new Date();
          return el(
            'time',
            { xmlns: NS.time },
            el('tzo', {}, zone(-now.getTimezoneOffset())),
            el('utc', {}, dateTime(now.getTime())),
          );
        },
      },
    ],
  }),
};

/** Minutes east of Greenwich as XEP-0082 writes them. */
export function zone(minutes: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
