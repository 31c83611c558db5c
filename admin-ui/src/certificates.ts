import type { Overview } from '../../server/http/contract/index.ts';
import { date } from './format.ts';

type Certificate = Overview['certificates'][number];

const soon = 14 * 86_400_000;

/** Whether somebody should see to a certificate now: it ends within a fortnight, or has. */
export const isEnding = ({ notAfter }: Certificate, now: number): boolean => notAfter - now < soon;

/** How long a certificate lasts, and what is to be done about it. */
export function certificateWords(one: Certificate, now: number): string {
  const own = one.source === 'internal';
  if (!isEnding(one, now)) {
    return `Certificate ${own ? 'of this house’s authority, renewed by itself' : 'from elsewhere'}, valid until ${date(one.notAfter)}`;
  }
  const what =
    one.notAfter > now
      ? `The certificate of ${one.domain} ends on ${date(one.notAfter)}.`
      : `The certificate of ${one.domain} ended on ${date(one.notAfter)}, and chat apps refuse to connect.`;
  return own
    ? `${what} Hallway should have renewed it by itself: check the clock of this machine, and look for certificates in the server’s log.`
    : `${what} It came from elsewhere, so Hallway does not renew it: put a new one in its place.`;
}
