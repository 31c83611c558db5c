import type { BodyOf } from '../../http/contract/index.ts';
import { pairs } from '../text.ts';
import type { OptionName, Verb } from '../verb.ts';

const ROUTE = '/api/domains/:domain/contacts';
type Wish = BodyOf<`PUT ${typeof ROUTE}`>;
type Option = OptionName & ('admin' | 'abuse' | 'support' | 'security' | 'feedback' | 'sales' | 'status-page');

/** The options that set a field of XEP-0157 §3. */
const FIELDS: Readonly<Record<Option, keyof Wish>> = {
  admin: 'admin-addresses',
  abuse: 'abuse-addresses',
  support: 'support-addresses',
  security: 'security-addresses',
  feedback: 'feedback-addresses',
  sales: 'sales-addresses',
  'status-page': 'status-addresses',
};
const OPTIONS = Object.keys(FIELDS) as Option[];

export const contacts: readonly Verb[] = [
  {
    words: 'domain contacts',
    args: ['DOMAIN'],
    options: [...OPTIONS, 'clear'],
    summary: 'whom to write to: show it, or set what is named and keep the rest (URIs: xmpp:, mailto:, https:)',
    async run({ client, given, print }, [domain = '']) {
      const params = { domain };
      const named = OPTIONS.filter((option) => given[option] !== undefined);
      let reply = given.clear ? { contacts: {} } : await client.call(`GET ${ROUTE}`, { params });
      if (given.clear || named.length > 0) {
        const body: Wish = { ...reply.contacts };
        // An empty address is how to say: nobody.
        for (const option of named) body[FIELDS[option]] = (given[option] ?? []).filter((uri) => uri !== '');
        reply = await client.call(`PUT ${ROUTE}`, { params, body });
      }
      const lists: Wish = reply.contacts;
      const lines = OPTIONS.flatMap((option) => (lists[FIELDS[option]] ?? []).map((uri) => [option, uri] as const));
      print(reply, lines.length === 0 ? `Nobody is named for ${domain}.\n` : pairs(lines));
    },
  },
];
