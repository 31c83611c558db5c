import type { Certificate } from '../../../../server/http/contract/index.ts';
import { date, fullTime } from '../../format.ts';
import { t } from '../../language.ts';

export type Tone = 'ok' | 'warn' | 'danger' | 'neutral';

/** How it is with a certificate, in a word or two. */
export function stateWord({ state }: Certificate): { text: string; tone: Tone } {
  switch (state) {
    case 'ok':
      return { text: t('Fine'), tone: 'ok' };
    case 'waiting':
      return { text: t('Another one is on its way'), tone: 'neutral' };
    case 'orphan':
      return { text: t('Nobody renews it'), tone: 'warn' };
    case 'failing':
      return { text: t('Cannot be renewed'), tone: 'danger' };
    case 'ending':
      return { text: t('Ends soon'), tone: 'warn' };
    case 'ended':
      return { text: t('Has ended'), tone: 'danger' };
    case 'unusable':
      return { text: t('Cannot be used'), tone: 'danger' };
    case 'none':
      return { text: t('There is none'), tone: 'danger' };
  }
}

/** Where it came from. */
export function sourceWords({ source }: Certificate): string {
  switch (source) {
    case 'internal':
      return t('This house’s own authority');
    case 'uploaded':
      return t('Brought by an administrator');
    case 'acme':
      return t('Got by ACME');
    case 'none':
      return t('Nowhere');
  }
}

/** Who sees to it that the next one comes. */
export function renewalWords({ renewer, renewedAt, acme, source }: Certificate): string {
  if (renewer === 'internal') return t('By itself, from {date} on', { date: date(renewedAt) });
  if (renewer === 'nobody') {
    return source === 'acme' ? t('By nobody: ACME was stopped') : t('By hand: put a new one in its place in time');
  }
  if (acme?.running) return t('By ACME: at work right now');
  return t('By ACME, from {time} on', { time: fullTime(renewedAt) });
}

/** What to do about it; '' when nothing. */
export function remedyWords({ state, domain, notAfter, source, standIn }: Certificate): string {
  const name = domain;
  switch (state) {
    case 'failing':
      return t(
        'No new certificate comes for {name} by ACME. The one that is shown ends on {date}. It is tried again by itself.',
        {
          name,
          date: date(notAfter),
        },
      );
    case 'ended':
      return standIn
        ? t(
            'The certificate of {name} has ended. One of this house’s own authority is shown in its place, which only devices that trust it accept. Put a new one in its place.',
            { name },
          )
        : t('The certificate of {name} has ended: apps and other servers refuse to connect.', { name });
    case 'ending':
      return source === 'internal'
        ? t(
            'It should have been renewed by itself: check the clock of this machine, and look for certificates in the log.',
          )
        : t('Put a new one in its place before {date}.', { date: date(notAfter) });
    case 'orphan':
      return t(
        'It came by ACME, and nobody asks for the next one: let it be got by ACME again, or put another one in its place.',
      );
    case 'unusable':
      return t('What is stored cannot be used, and another certificate is shown. Put a new one in its place.');
    default:
      return '';
  }
}

/** The part of an issuer that says who it is. */
export function issuerName(lines: string): string {
  const parts = lines.split('\n');
  return (parts.find((line) => line.startsWith('CN=')) ?? parts.at(-1) ?? '').replace(/^[A-Z]+=/, '');
}
