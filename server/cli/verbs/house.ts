import { duration, pairs, plain, when } from '../text.ts';
import type { Verb } from '../verb.ts';

export const house: readonly Verb[] = [
  {
    words: 'status',
    args: [],
    options: [],
    summary: 'what the server is doing',
    async run({ client, print }) {
      const reply = await client.call('GET /api/overview', {});
      const { people, rates, memory } = reply;
      print(
        reply,
        pairs([
          ['Version', reply.version],
          ['Running for', duration(reply.uptime)],
          ['Host name', reply.hostname],
          ['Domains', reply.domains.join(', ')],
          ...reply.certificates.map(
            (one) => ['Certificate', `${one.domain}, ${one.source}, until ${when(one.notAfter)}`] as const,
          ),
          ['People', `${people.total} (${people.online} online, ${people.disabled} disabled)`],
          ['Sessions', String(reply.sessions)],
          ['A second', `${rates.messages} messages, ${rates.presences} presences, ${rates.logins} logins`],
          ['Memory', `${Math.round(memory.resident / 1_048_576)} MB`],
          ['Event loop', `${reply.eventLoopDelay.p99} ms late or less, 99 of 100 times in the last ten seconds`],
          ['Listeners', reply.listeners.map((one) => `${one.name} ${one.address}`).join(', ')],
        ]),
      );
    },
  },
  {
    words: 'claim-code',
    args: [],
    options: [],
    summary: 'a fresh one-time code for claiming a new server in the browser',
    async run({ client, print }) {
      const reply = await client.call('POST /api/claim-code', {});
      print(
        reply,
        `${pairs([
          ['Panel', reply.url],
          ['Claim code', reply.code],
          ['Valid until', when(reply.expiresAt)],
          ['Certificate', reply.fingerprint],
        ])}The browser warns about the certificate as long as it does not know this server: compare the SHA-256 fingerprint.\n`,
      );
    },
  },
  {
    words: 'admin reset',
    args: ['[NAME]'],
    options: [],
    summary:
      'a one-time link by which an administrator sets a new password; using it takes their codes and passkeys away and ends their sessions',
    async run({ client, print }, [name]) {
      const reply = await client.call('POST /api/admin/reset-code', { body: name === undefined ? {} : { name } });
      print(
        reply,
        `${plain(reply.name)} sets a new password here:\n${pairs([
          ['Link', `${reply.url}#${reply.code}`],
          ['Code', reply.code],
          ['Valid until', when(reply.expiresAt)],
          ['Certificate', reply.fingerprint],
        ])}When it is used, their codes of an app, recovery codes and passkeys are gone and their sessions end; until then nothing changes.\n`,
      );
    },
  },
];
