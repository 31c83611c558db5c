import { table } from '../text.ts';
import type { Verb } from '../verb.ts';

export const domains: readonly Verb[] = [
  {
    words: 'domain add',
    args: ['DOMAIN'],
    options: [],
    summary: 'serve one more domain',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('POST /api/domains', { body: { name } });
      print(
        reply,
        `${reply.domain.name} is served. Devices that shall use it need the authority’s certificate anew:\n“hallwayctl certificate authority” prints it.\n`,
      );
    },
  },
  {
    words: 'domain list',
    args: [],
    options: [],
    summary: 'which domains are served',
    async run({ client, print }) {
      const reply = await client.call('GET /api/domains', {});
      const rows = reply.domains.map((one) => [one.name, String(one.people), String(one.online)]);
      print(reply, table(['DOMAIN', 'PEOPLE', 'ONLINE'], rows));
    },
  },
  {
    words: 'domain remove',
    args: ['DOMAIN'],
    options: [],
    summary: 'stop serving a domain in which nobody has an address',
    async run({ client, print }, [domain = '']) {
      const reply = await client.call('DELETE /api/domains/:domain', { params: { domain } });
      print(reply, `${domain} is not served any more.\n`);
    },
  },
];
