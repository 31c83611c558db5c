import { usage } from '../failure.ts';
import { plain, table } from '../text.ts';
import type { Verb } from '../verb.ts';

const SERVERS = ['bind', 'unbound', 'dnsmasq', 'windows'] as const;

const STATES = {
  right: 'right',
  missing: 'MISSING',
  different: 'DIFFERENT',
  unclear: 'unclear',
  unanswered: 'no answer',
} as const;

export const dns: readonly Verb[] = [
  {
    words: 'dns',
    args: ['DOMAIN'],
    options: ['for'],
    summary: 'which DNS records a domain should have, and which it has',
    async run({ client, given, print }, [domain = '']) {
      const wanted = SERVERS.find((one) => one === given.for);
      if (given.for !== undefined && wanted === undefined) throw usage(`--for takes one of: ${SERVERS.join(', ')}.`);
      const reply = await client.call('GET /api/domains/:domain/dns', { params: { domain }, query: {} });
      if (wanted !== undefined) return print({ text: reply.texts[wanted] }, reply.texts[wanted]);
      const rows = reply.records.map((one) => [
        // One that would only be nice to have is not shouted at anybody.
        one.state === 'missing' && !one.needed ? 'missing (useful)' : STATES[one.state],
        one.name,
        one.type,
        one.wanted.join(', ') || 'none',
        one.found.join(', ') || 'none',
      ]);
      const wrong = reply.records.filter(({ state }) => state !== 'right');
      const sentences = wrong.map(({ name, type, sentence }) => `${plain(name)} (${type}): ${plain(sentence)}\n`);
      const said = [...reply.remarks, ...reply.details].map((remark) => `${plain(remark)}\n`);
      const how = wrong.some(({ state }) => state === 'missing' || state === 'different')
        ? [
            `“hallwayctl dns ${plain(reply.domain)} --for bind” prints what to paste (also: ${SERVERS.slice(1).join(', ')}).\n`,
          ]
        : [];
      const parts = [
        table(['STATE', 'NAME', 'TYPE', 'SHOULD BE', 'IS'], rows),
        sentences.join(''),
        said.join('\n'),
        ...how,
      ];
      print(reply, parts.filter((part) => part !== '').join('\n'));
    },
  },
];
