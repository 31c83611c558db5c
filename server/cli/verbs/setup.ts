import type { ReplyOf } from '../../http/contract/index.ts';
import { pairs } from '../text.ts';
import type { Verb } from '../verb.ts';

const text = ({ steps, left }: ReplyOf<'GET /api/setup'>): string =>
  `${pairs(steps.map(({ name, done }) => [name, done ? 'done' : 'to do'] as const))}${left === 0 ? 'All is done.\n' : ''}`;

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
];
