import { setTimeout as pause } from 'node:timers/promises';
import { askLine } from '../ask.ts';
import type { Client } from '../client.ts';
import { usage } from '../failure.ts';
import { table } from '../text.ts';
import type { Verb } from '../verb.ts';

const LOOK_MS = 1_000;

/** With thousands of people a domain goes slowly; to interrupt this does not keep it here. */
async function untilGone(client: Client, domain: string): Promise<void> {
  for (;;) {
    const { domains: left } = await client.call('GET /api/domains', {});
    if (!left.some(({ name }) => name === domain)) return;
    await pause(LOOK_MS);
  }
}

export const domains: readonly Verb[] = [
  {
    words: 'domain add',
    args: ['DOMAIN'],
    options: [],
    summary: 'serve one more domain',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('POST /api/domains', { body: { name } });
      print(
        reply,
        `${reply.domain.name} is served. Devices that shall use it need the authority’s certificate anew:\n“hallwayctl certificate authority” prints it.\n${reply.domain.advice ? `${reply.domain.advice.text}\n` : ''}`,
      );
    },
  },
  {
    words: 'domain list',
    args: [],
    options: [],
    summary: 'which domains are served',
    async run({ client, print }) {
      const reply = await client.call('GET /api/domains', {});
      const rows = reply.domains.map((one) => [one.name, String(one.people), String(one.online)]);
      print(reply, table(['DOMAIN', 'PEOPLE', 'ONLINE'], rows));
    },
  },
  {
    words: 'domain remove',
    args: ['DOMAIN'],
    options: ['yes'],
    summary: 'stop serving a domain; with people in it they are deleted, too, once that was confirmed',
    async run({ client, terminal, given, print }, [domain = '']) {
      const params = { domain };
      const losses = await client.call('GET /api/domains/:domain/losses', { params });
      let confirm: string | undefined;
      if (losses.people > 0 && given.yes === true) confirm = domain;
      else if (losses.people > 0) {
        const some = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`;
        const invitations = some(losses.invitations, 'invitation', 'invitations');
        const lost = `${some(losses.people, 'person', 'people')}, ${some(losses.rooms, 'room', 'rooms')} and ${invitations}`;
        if (terminal.stdin.isTTY !== true) throw usage(`With ${domain} would go ${lost}, for good: say --yes.`);
        confirm = await askLine(terminal, `With ${domain} go ${lost}, for good. Type its name: `);
      }
      const query = confirm === undefined ? {} : { confirm };
      const reply = await client.call('DELETE /api/domains/:domain', { params, query });
      if (!reply.done) await untilGone(client, domain.toLowerCase());
      print({ done: true }, `${domain} is not served any more.\n`);
    },
  },
];
