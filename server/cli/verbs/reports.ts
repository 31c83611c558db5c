import { usage } from '../failure.ts';
import { pairs, when } from '../text.ts';
import { type Verb, whole } from '../verb.ts';

export const reports: readonly Verb[] = [
  {
    words: 'report list',
    args: [],
    options: ['before', 'limit'],
    summary: 'what people told when they blocked somebody, the newest first',
    async run({ client, given, print }) {
      const before = whole('before', given.before);
      const limit = whole('limit', given.limit);
      const query = { ...(before !== undefined && { before }), ...(limit !== undefined && { limit }) };
      const reply = await client.call('GET /api/reports', { query });
      const shown = reply.rows.map((row) =>
        pairs([
          [`report ${row.id}`, when(row.time)],
          ['about', row.subject],
          ['by', row.reporter],
          ['reason', row.reason],
          ...(row.text === '' ? [] : [['says', row.text] as const]),
          ...row.messages.map((one) => [`message of ${when(one.time)}`, one.text] as const),
        ]),
      );
      const more = reply.hasMore ? `\nThere are more: --before ${reply.rows.at(-1)?.id}\n` : '';
      print(reply, shown.length === 0 ? 'Nobody has reported anything.\n' : `${shown.join('\n')}${more}`);
    },
  },
  {
    words: 'report remove',
    args: ['NUMBER'],
    options: [],
    summary: 'remove a report that was dealt with',
    async run({ client, print }, [number = '']) {
      if (!/^[1-9]\d{0,14}$/.test(number)) throw usage(`“${number}” is not the number of a report.`);
      const reply = await client.call('DELETE /api/reports/:id', { params: { id: number } });
      print(reply, `Report ${number} is removed.\n`);
    },
  },
];
