import { domainToASCII } from 'node:url';
import { hasMore, listOption } from '../host/options.ts';

const NAME = /^(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/;

/** Names by which browsers may reach this server, beside those that it knows of. */
export const webNames = listOption({
  key: 'web.names',
  scope: 'house',
  group: 'Web',
  title: 'Other names of this server',
  help: 'Names such as chat.intranet.example.com by which people open these pages, when they are neither the name of this machine nor within one of your domains. Each is itself only, without names below it. Opened by an IP address it always answers.',
  longest: 253,
  most: 50,
  default: [],
  needsProof: hasMore,
  wrong: (names) => {
    const wrong = names.find((name) => !NAME.test(domainToASCII(name)));
    return wrong === undefined ? undefined : `${wrong} is not a name such as chat.intranet.example.com.`;
  },
});
