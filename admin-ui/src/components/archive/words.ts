import { count } from '../../format.ts';
import { t } from '../../language.ts';

/** How long messages are kept: `days` of 0 is for ever, `silent` means that nothing is from now on. */
export function keptWords({ days, silent }: { readonly days: number; readonly silent: boolean }): string {
  if (!silent) {
    return days === 0
      ? t('Messages are kept for ever.')
      : t('Messages are kept for one day. | Messages are kept for {n} days.', days);
  }
  return days === 0
    ? t('Nothing is kept from now on. What was kept before stays.')
    : t(
        'Nothing is kept from now on. What was kept before goes after one day. | Nothing is kept from now on. What was kept before goes after {n} days.',
        days,
      );
}

/** Whom a rule is about: the whole domain, or the department or room of that name. */
export function whomWords(kind: 'domain' | 'department' | 'room', name: string): string {
  if (kind === 'domain') return t('For all of {domain}:', { domain: name });
  return kind === 'department' ? t('For the department {name}:', { name }) : t('For the room {name}:', { name });
}

interface Change {
  /** Null: it has no rule of its own any more. */
  readonly rule: { readonly days: number; readonly silent: boolean } | null;
  readonly remove: boolean;
  readonly messages: number;
  readonly more: boolean;
}

/** What is to hold, and what goes by it now. */
export function changeWords({ rule, remove, messages, more }: Change): string {
  const holds =
    rule === null
      ? t('It has no rule of its own any more; what holds for the domain holds.')
      : remove && rule.silent
        ? t('Nothing is kept from now on.')
        : keptWords(rule);
  if (more) return `${holds} ${t('More than {count} messages go for good.', { count: count(messages) })}`;
  if (messages > 0) return `${holds} ${t('One message goes for good. | {n} messages go for good.', messages)}`;
  if (rule !== null && rule.days > 0 && !remove) return `${holds} ${t('No message is older than that now.')}`;
  return `${holds} ${t('No message goes by it now.')}`;
}
