import { t } from '../../language.ts';

/** DNS servers that there is text to paste for. */
export const DNS_PROGRAMS = [
  { value: 'bind', label: t('BIND, and most others') },
  { value: 'unbound', label: 'Unbound' },
  { value: 'dnsmasq', label: 'dnsmasq' },
  { value: 'windows', label: t('Windows DNS') },
] as const;
