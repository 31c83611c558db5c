import { pairs, table, when } from '../text.ts';
import type { Verb } from '../verb.ts';

export const components: readonly Verb[] = [
  {
    words: 'component add',
    args: ['NAME'],
    options: ['domain'],
    summary: 'let a program of your own answer for a domain (XEP-0114); prints its secret, once',
    async run({ client, given, print }, [word = '']) {
      const name = given.domain === undefined ? word : `${word}.${given.domain}`;
      const reply = await client.call('POST /api/components', { body: { name } });
      const where =
        reply.addresses.length === 0
          ? 'nothing listens: see “component” under [listen] in the boot file'
          : reply.addresses.join(', ');
      print(
        reply,
        pairs([
          ['Component', reply.component.name],
          ['Secret', reply.secret],
          ['Connects to', where],
        ]),
      );
    },
  },
  {
    words: 'component list',
    args: [],
    options: [],
    summary: 'which components may connect, and which are there',
    async run({ client, print }) {
      const reply = await client.call('GET /api/components', {});
      const rows = reply.components.map(({ name, connected }) => [
        name,
        connected === null ? 'not connected' : `since ${when(connected.since)}`,
        connected?.address ?? '',
      ]);
      print(reply, table(['COMPONENT', 'CONNECTED', 'FROM'], rows));
    },
  },
  {
    words: 'component remove',
    args: ['NAME'],
    options: [],
    summary: 'let a component connect no more',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('DELETE /api/components/:name', { params: { name } });
      print(reply, `${name} is no component any more.\n`);
    },
  },
];
