import type { LogEntry, LogEvents } from '../../http/contract/index.ts';
import { usage } from '../failure.ts';
import { plain, when } from '../text.ts';
import { type Verb, whole } from '../verb.ts';

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

function written({ time, level, text }: LogEntry): string {
  const [first = '', ...more] = text.split('\n').map(plain);
  return [`${when(time)} ${level.padEnd(5)} ${first}`, ...more, ''].join('\n');
}

/** Takes server-sent events apart: what comes may end anywhere. */
export function events(take: (name: string, data: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, name] = /^event: (.*)$/m.exec(block) ?? [];
      const [, data] = /^data: (.*)$/m.exec(block) ?? [];
      if (name !== undefined && data !== undefined) take(name, data);
    }
  };
}

export const log: readonly Verb[] = [
  {
    words: 'log',
    args: [],
    options: ['level', 'search', 'limit', 'follow'],
    summary: 'the newest entries of the server’s log',
    async run({ client, given, print, write }) {
      const level = LEVELS.find((one) => one === given.level);
      if (given.level !== undefined && level === undefined) throw usage(`--level takes one of: ${LEVELS.join(', ')}.`);
      const filter = {
        ...(level !== undefined && { level }),
        ...(given.search !== undefined && { text: given.search }),
      };
      const query = { ...filter, limit: whole('limit', given.limit) ?? 50 };
      const reply = await client.call('GET /api/log', { query });
      if (given.follow !== true) return print(reply, reply.entries.map(written).join(''));
      const show = (entry: LogEntry) => write(given.json === true ? `${JSON.stringify(entry)}\n` : written(entry));
      for (const entry of reply.entries) show(entry);
      const seen = reply.entries.at(-1)?.id ?? 0;
      const take = events((name, data) => {
        if (name !== 'log') return;
        const { entries, leftOut } = JSON.parse(data) as LogEvents['log'];
        for (const entry of entries) show(entry);
        if (leftOut > 0) write(`(${leftOut} more in this moment)\n`);
      });
      await client.stream('GET /api/log/events', { ...filter, after: seen }, take);
    },
  },
];
