import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { type ConnectOptions, type LoginOptions, XmppClient } from '../support/xmpp-client.ts';

describe('what a login is bound to', { timeout: 60_000 }, () => {
  let appliance: Appliance;
  before(async () => {
    appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
  });
  after(() => appliance[Symbol.asyncDispose]());

  const login = async (options: ConnectOptions & LoginOptions): Promise<void> => {
    await using client = await XmppClient.login(appliance, 'juliet', 'capulet', options);
    assert.equal(client.jid, 'juliet@example.test/test');
  };

  for (const transport of ['starttls', 'tls'] as const) {
    for (const [version, bindings] of [
      ['TLSv1.2', ['tls-unique', 'tls-server-end-point', 'none']],
      // tls-unique is not named there, but clients that know no other take it all the same.
      ['TLSv1.3', ['tls-exporter', 'tls-server-end-point', 'tls-unique', 'none']],
    ] as const) {
      for (const binding of bindings) {
        it(`${version} by ${transport}: ${binding}`, () => login({ transport, version, binding }));
      }
    }
  }

  it('RFC 9266 §3: tls-exporter on TLS 1.2 is not taken, where two connections could share it', async () => {
    await assert.rejects(login({ version: 'TLSv1.2', binding: 'tls-exporter' }), /malformed-request/);
  });

  it('RFC 5802 §6: who could have bound, and was made to believe that we could not, is refused', async () => {
    await assert.rejects(login({ binding: 'none', flag: 'y' }), /not-authorized/);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`RFC 7627 §1: tls-unique is not taken on a resumed session (${version})`, async () => {
      await using first = await XmppClient.connect(appliance, { version, transport: 'tls' });
      const session = first.tls.getSession();
      assert.ok(session !== undefined);
      await using client = await XmppClient.connect(appliance, { version, transport: 'tls', session });
      assert.ok(client.tls.isSessionReused(), 'the session was not resumed: nothing is shown');
      const named = client.features?.getChild('sasl-channel-binding')?.toString() ?? '';
      assert.doesNotMatch(named, /tls-unique/);
      await assert.rejects(client.authenticate('juliet', 'capulet', { binding: 'tls-unique' }), /malformed-request/);
      await client.authenticate('juliet', 'capulet', { binding: 'none' });
    });
  }

  it('XEP-0440: the types that there are on this connection are named, the best first', async () => {
    const types = async (version: 'TLSv1.2' | 'TLSv1.3'): Promise<string[]> => {
      await using client = await XmppClient.connect(appliance, { version });
      const offered = client.features?.getChild('sasl-channel-binding')?.getChildren('channel-binding') ?? [];
      return offered.map(({ attrs }) => attrs.type as string);
    };
    assert.deepEqual(await types('TLSv1.3'), ['tls-exporter', 'tls-server-end-point']);
    assert.deepEqual(await types('TLSv1.2'), ['tls-unique', 'tls-server-end-point']);
  });
});
