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
