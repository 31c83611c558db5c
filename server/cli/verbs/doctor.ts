import { Failure } from '../failure.ts';
import { plain } from '../text.ts';
import type { Verb } from '../verb.ts';

const SIGNS = { good: 'good', warn: 'WARNING', bad: 'BAD' } as const;

export const doctor: readonly Verb[] = [
  {
    words: 'doctor',
    args: [],
    options: [],
    summary: 'look at everything that may be wrong, and say what to do; exits with 1 when something is bad',
    async run({ client, print }) {
      const reply = await client.call('POST /api/doctor', {});
      const lines = reply.findings.map(({ severity, title, sentence, remedy }) => {
        const head = `${SIGNS[severity].padEnd(8)} ${plain(title)}: ${plain(sentence)}`;
        return remedy === '' ? head : `${head}\n         ${plain(remedy)}`;
      });
      print(reply, `${lines.join('\n')}\n`);
      const bad = reply.findings.filter(({ severity }) => severity === 'bad').length;
      if (bad > 0) throw new Failure(1, bad === 1 ? 'One thing is bad.' : `${bad} things are bad.`);
    },
  },
];
