import type { ReplyOf } from '../../http/contract/index.ts';
import { bytes, table, when } from '../text.ts';
import type { Verb } from '../verb.ts';

type Samples = ReplyOf<'GET /api/figures'>['samples'];

const number = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
const a = (what: string) => (value: number) => `${number(value)} ${what}`;

const LINES: readonly (readonly [name: keyof Samples, title: string, show: (value: number) => string])[] = [
  ['online', 'People online', number],
  ['sessions', 'Devices', number],
  ['messages', 'Messages', a('a second')],
  ['delivered', 'Delivered', a('a second')],
  ['bounced', 'Refused with an error', a('a second')],
  ['logins', 'Logins', a('a second')],
  ['refused', 'Wrong passwords', a('a second')],
  ['links', 'Links with other servers', number],
  ['files', 'Files', number],
  ['fileBytes', 'Files take', bytes],
  ['cpu', 'CPU', a('% of a core')],
  ['memory', 'Memory', bytes],
  ['late99', 'Late within 10 s, 99 of 100', a('ms')],
  ['lateMax', 'Late within 10 s, at worst', a('ms')],
];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export const figures: readonly Verb[] = [
  {
    words: 'figures',
    args: ['[hour|day]'],
    options: [],
    summary: 'what the server did in the last hour, or the last day',
    async run({ client, print }, [range = 'hour']) {
      const reply = await client.call('GET /api/figures', { query: { range: range as 'hour' } });
      const { samples } = reply;
      const [first, last] = [samples.at[0], samples.at.at(-1)];
      if (first === undefined || last === undefined) return print(reply, 'Nothing has been measured yet.\n');
      const rows = LINES.map(([name, title, show]) => {
        const values = samples[name];
        return [title, show(values.at(-1)!), show(mean(values)), show(Math.max(...values))];
      });
      const since = `Measured ${samples.at.length} times from ${when(first)} to ${when(last)}.\n`;
      print(reply, table(['', 'NOW', 'ON AVERAGE', 'AT MOST'], rows) + since);
    },
  },
  {
    words: 'metrics show',
    args: [],
    options: [],
    summary: 'the figures as Prometheus reads them',
    async run({ client, write }) {
      await client.stream('GET /metrics', {}, write);
    },
  },
  {
    words: 'metrics status',
    args: [],
    options: [],
    summary: 'whether Prometheus may read the figures at /metrics',
    async run({ client, print }) {
      const reply = await client.call('GET /api/metrics', {});
      const since = reply.createdAt === null ? '' : ` since ${when(reply.createdAt)}`;
      print(reply, reply.on ? `On, with a token that is good${since}.\n` : 'Off: there is no token.\n');
    },
  },
  {
    words: 'metrics token',
    args: [],
    options: [],
    summary: 'make the token for /metrics and print it once; the one before it is good for nothing then',
    async run({ client, print }) {
      const reply = await client.call('POST /api/metrics/token', {});
      print(reply, `${reply.token}\n`);
    },
  },
  {
    words: 'metrics off',
    args: [],
    options: [],
    summary: 'take the token away: /metrics is not there any more',
    async run({ client, print }) {
      const reply = await client.call('DELETE /api/metrics/token', {});
      print(reply, 'Nobody can read /metrics any more.\n');
    },
  },
];
