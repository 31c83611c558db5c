import type { ReplyOf } from '../../http/contract/index.ts';
import { usage } from '../failure.ts';
import { pairs } from '../text.ts';
import type { Verb } from '../verb.ts';

/** The same as in `commands/setup.ts`, which is not loaded here. */
const REACHES = ['office', 'internet'] as const;
const from = { office: 'only from the office', internet: 'from the internet, too' } as const;

const text = ({ steps, left, reach }: ReplyOf<'GET /api/setup'>): string =>
  `${pairs(steps.map(({ name, done }) => [name, done ? 'done' : 'to do'] as const))}${reach ? `People reach the server ${from[reach]}.\n` : ''}${left === 0 ? 'All is done.\n' : ''}`;

export const setup: readonly Verb[] = [
  {
    words: 'setup',
    args: [],
    options: [],
    summary: 'how far the house is set up',
    async run({ client, print }) {
      const reply = await client.call('GET /api/setup', {});
      print(reply, text(reply));
    },
  },
  {
    words: 'setup done',
    args: ['STEP'],
    options: [],
    summary: 'say of a step that it is done',
    async run({ client, print }, [step = '']) {
      const reply = await client.call('PUT /api/setup/:step', { params: { step }, body: { done: true } });
      print(reply, text(reply));
    },
  },
  {
    words: 'setup reach',
    args: ['FROM'],
    options: [],
    summary: 'say from where people are to reach the server: office or internet',
    async run({ client, print }, [input = '']) {
      const reach = REACHES.find((one) => one === input);
      if (reach === undefined) throw usage(`People reach the server from one of: ${REACHES.join(', ')}.`);
      const reply = await client.call('PUT /api/setup', { body: { reach } });
      print(reply, text(reply));
    },
  },
];
