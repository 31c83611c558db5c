import { table, when } from '../text.ts';
import { account, type Verb } from '../verb.ts';

export const devices: readonly Verb[] = [
  {
    words: 'device list',
    args: ['JID'],
    options: [],
    summary: 'which devices a person logs in with',
    async run({ client, print }, [jid = '']) {
      const reply = await client.call('GET /api/domains/:domain/accounts/:local/devices', { params: account(jid) });
      const rows = reply.devices.map((one) => [
        one.id,
        one.name || one.resources[0] || '',
        one.software,
        one.connected ? 'connected' : when(one.lastSeen),
        [one.password ? 'password' : '', one.token ? 'token' : ''].filter((way) => way !== '').join(', '),
      ]);
      print(reply, table(['ID', 'DEVICE', 'APP', 'LAST SEEN', 'COMES IN BY'], rows));
    },
  },
  {
    words: 'device revoke',
    args: ['JID', '[ID]'],
    options: [],
    summary: 'log one device of a person out; without an ID all of them',
    async run({ client, print }, [jid = '', device]) {
      if (device === undefined) {
        const all = await client.call('DELETE /api/domains/:domain/accounts/:local/devices', { params: account(jid) });
        const hint = 'Who knows the password may come back: set another one to keep them out.\n';
        print(all, `Logged out all devices of ${jid} (${all.devices}).\n${all.mayReturn ? hint : ''}`);
        return;
      }
      const params = { ...account(jid), device };
      const reply = await client.call('DELETE /api/domains/:domain/accounts/:local/devices/:device', { params });
      const hint = 'It has shown the password, so it may come back: set another one to keep it out.\n';
      print(reply, `Logged out a device of ${jid}.\n${reply.mayReturn ? hint : ''}`);
    },
  },
];
