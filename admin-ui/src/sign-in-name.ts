import { t } from './language.ts';

/** What is wrong with an administrator's sign-in name, as the server says it (commands/names.ts); undefined when it will do. */
export function wrongSignInName(input: string): string | undefined {
  const name = input.normalize('NFKC').trim();
  if (/^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]{0,63}$/u.test(name)) return undefined;
  return t('A sign-in name is letters, digits, dots and dashes, without spaces.');
}
