import type { Overview } from '../../server/http/contract/index.ts';
import { date } from './format.ts';
import { t } from './language.ts';

type Certificate = Overview['certificates'][number];

const soon = 14 * 86_400_000;

/** Whether somebody should see to a certificate now: it ends within a fortnight, or has. */
export const isEnding = ({ notAfter }: Certificate, now: number): boolean => notAfter - now < soon;

/** How long a certificate lasts, and what is to be done about it. */
export function certificateWords(one: Certificate, now: number): string {
  const own = one.source === 'internal';
  const end = date(one.notAfter);
  if (!isEnding(one, now)) {
    return own
      ? t('Certificate of this house’s authority, renewed by itself, valid until {date}', { date: end })
      : t('Certificate from elsewhere, valid until {date}', { date: end });
  }
  const { domain } = one;
  const what =
    one.notAfter > now
      ? t('The certificate of {domain} ends on {date}.', { domain, date: end })
      : t('The certificate of {domain} ended on {date}, and chat apps refuse to connect.', { domain, date: end });
  const remedy = own
    ? t(
        'Hallway should have renewed it by itself: check the clock of this machine, and look for certificates in the server’s log.',
      )
    : t('It came from elsewhere, so Hallway does not renew it: put a new one in its place.');
  return `${what} ${remedy}`;
}
