import { bytes, table, when } from '../text.ts';
import type { Verb } from '../verb.ts';

/** What goes from one client to another through the file proxy. */
export const transfers: readonly Verb[] = [
  {
    words: 'transfer list',
    args: [],
    options: [],
    summary: 'which files go through the file proxy at this moment',
    async run({ client, print }) {
      const reply = await client.call('GET /api/transfers', {});
      const rows = reply.transfers.map((one) => [
        one.id,
        one.state === 'active' ? 'under way' : 'waiting',
        when(one.since),
        bytes(one.sent + one.received),
        one.requester ?? '',
        one.target ?? '',
        one.addresses.join(' '),
      ]);
      const hidden = reply.total - reply.transfers.length;
      const list = table(['ID', 'STATE', 'SINCE', 'SIZE SO FAR', 'FROM', 'TO', 'ADDRESSES'], rows);
      const text = rows.length === 0 ? 'Nothing is under way.\n' : list;
      print(reply, hidden > 0 ? `${text}and ${hidden} more\n` : text);
    },
  },
  {
    words: 'transfer end',
    args: ['ID'],
    options: [],
    summary: 'break one off; both sides see that it failed',
    async run({ client, print }, [transfer = '']) {
      const reply = await client.call('DELETE /api/transfers/:transfer', { params: { transfer } });
      print(reply, 'It is broken off.\n');
    },
  },
];
