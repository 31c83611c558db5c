import { numberOption, type Option, switchOption } from '../host/options.ts';

/** XEP-0484 §4.2: how long a device may be away and still come in by its token. */
export const tokenDays = numberOption({
  key: 'login.token-days',
  scope: 'house',
  group: 'Logging in',
  title: 'Quick login stays valid for',
  help: 'Modern apps log in again without the password for this long after they were last used. 0 makes them use the password every time.',
  least: 0,
  most: 365,
  unit: 'days',
  default: 30,
});

/** XEP-0352 §3.2: an administrator should have a say in it. */
export const phonesRest = switchOption({
  key: 'phones.rest',
  scope: 'domain',
  group: 'Phones',
  title: 'Let phones rest',
  help: 'While nobody looks at a phone, it gets messages and calls at once, and the rest (who is there, who is typing) when somebody looks again. This saves much of its battery.',
  default: true,
});

export const CLIENT_OPTIONS: readonly Option[] = [tokenDays, phonesRest];
