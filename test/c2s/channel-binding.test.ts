import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
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

  describe('XEP-0484 §3.4: a token', () => {
    const NS = "xmlns='urn:xmpp:sasl:2'";
    const agent = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>";
    const encoded = (data: string | Buffer) =>
      `<initial-response>${Buffer.from(data).toString('base64')}</initial-response>`;
    const exporter = ({ tls }: XmppClient) => tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    const endPoint = ({ tls }: XmppClient) => createHash('sha256').update(tls.getPeerX509Certificate()!.raw).digest();

    async function token(mechanism: string): Promise<string> {
      await using client = await XmppClient.connect(appliance);
      const wish = `<request-token xmlns='urn:xmpp:fast:0' mechanism='${mechanism}'/>`;
      const plain = encoded('\0juliet\0capulet');
      client.send(`<authenticate ${NS} mechanism='PLAIN'>${plain}${agent}${wish}</authenticate>`);
      return (await client.next('success')).getChild('token')!.attrs.token as string;
    }

    async function shows(mechanism: string, secret: string, binding: (client: XmppClient) => Buffer): Promise<string> {
      await using client = await XmppClient.connect(appliance);
      const bound = binding(client);
      const proof = createHmac('sha256', secret).update('Initiator').update(bound).digest();
      const initial = encoded(Buffer.concat([Buffer.from('juliet\0'), proof]));
      client.send(
        `<authenticate ${NS} mechanism='${mechanism}'>${initial}${agent}<fast xmlns='urn:xmpp:fast:0'/></authenticate>`,
      );
      const end = await client.next(({ name }) => name === 'success' || name === 'failure');
      if (end.name === 'success') {
        const answer = createHmac('sha256', secret).update('Responder').update(bound).digest('base64');
        assert.equal(end.getChildText('additional-data'), answer);
      }
      return end.name;
    }

    it('is tied to the connection that shows it, whichever that is, and not to another', async () => {
      const secret = await token('HT-SHA-256-EXPR');
      assert.equal(await shows('HT-SHA-256-EXPR', secret, exporter), 'success');
      assert.equal(await shows('HT-SHA-256-EXPR', secret, exporter), 'success');
      await using other = await XmppClient.connect(appliance);
      assert.equal(await shows('HT-SHA-256-EXPR', secret, () => exporter(other)), 'failure');
      assert.equal(await shows('HT-SHA-256-NONE', secret, () => Buffer.alloc(0)), 'failure', 'a downgrade');
    });

    it('is tied to the certificate', async () => {
      const secret = await token('HT-SHA-256-ENDP');
      assert.equal(await shows('HT-SHA-256-ENDP', secret, endPoint), 'success');
      assert.equal(await shows('HT-SHA-256-ENDP', secret, () => Buffer.alloc(32)), 'failure');
    });
  });
});
