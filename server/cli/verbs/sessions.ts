import { usage } from '../failure.ts';
import { table, when } from '../text.ts';
import { account, type Verb } from '../verb.ts';

export const sessions: readonly Verb[] = [
  {
    words: 'session list',
    args: ['[JID]'],
    options: [],
    summary: 'which clients are connected',
    async run({ client, print }, [jid]) {
      if (jid !== undefined) account(jid);
      const reply = await client.call('GET /api/sessions', { query: jid === undefined ? {} : { jid } });
      const rows = reply.sessions.map((one) => [
        one.jid,
        one.address,
        `${one.tls} ${one.mechanism}`,
        when(one.since),
        one.presence === null ? '' : one.presence.show || 'available',
      ]);
      print(reply, `${table(['ADDRESS', 'FROM', 'SECURITY', 'SINCE', 'PRESENCE'], rows)}${reply.total} in all\n`);
    },
  },
  {
    words: 'session end',
    args: ['FULLJID'],
    options: [],
    summary: 'end one client’s session; it may connect again',
    async run({ client, print }, [full = '']) {
      const slash = full.indexOf('/');
      if (slash < 0 || slash === full.length - 1)
        throw usage(`“${full}” is not a full address like anna@example.com/desk.`);
      const params = { ...account(full.slice(0, slash)), resource: full.slice(slash + 1) };
      const reply = await client.call('DELETE /api/domains/:domain/accounts/:local/sessions/:resource', { params });
      print(reply, `Ended ${full}.\n`);
    },
  },
];
