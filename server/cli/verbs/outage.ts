import { usage } from '../failure.ts';
import type { Verb } from '../verb.ts';

export const outage: readonly Verb[] = [
  {
    words: 'outage show',
    args: ['[DOMAIN]'],
    options: [],
    summary: 'the notice of an outage as the file that apps read, to be put on another machine',
    async run({ client, print }, [given]) {
      const { domains } = given === undefined ? await client.call('GET /api/domains', {}) : { domains: [] };
      const domain = given ?? (domains.length === 1 ? domains[0]!.name : undefined);
      if (domain === undefined) throw usage('Say which domain.');
      const reply = await client.call('GET /api/outage/:domain', { params: { domain } });
      print(reply, `${JSON.stringify(reply, null, 2)}\n`);
    },
  },
];
