import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child } from '../../server/xmpp/element.ts';
import { certificate, DAY_MS } from '../support/authority.ts';
import { SASL, ServerPeer } from '../support/server-peer.ts';
import { EVIL, JULIET, ROOT, say, siege } from '../support/siege.ts';

const HELLO = { to: 'verona.test', from: 'evil.test' };
const now = Date.now();

/** What is shown by who says to be evil.test, and why it does not do (RFC 9525, SECURITY 25, 30). */
const BAD = {
  'certificate-missing': undefined,
  'certificate-expired': ROOT.issue({ dns: ['evil.test'], notBefore: now - 90 * DAY_MS, notAfter: now - DAY_MS }),
  'certificate-not-yet': ROOT.issue({ dns: ['evil.test'], notBefore: now + DAY_MS, notAfter: now + 90 * DAY_MS }),
  'certificate-self-signed': certificate({ dns: ['evil.test'] }),
  'certificate-unknown-issuer': certificate({ dns: ['evil.test'], issuer: certificate({ cn: 'Nobody', ca: true }) }),
  'certificate-wrong-name': ROOT.issue({
    dns: ['other.test', '*.evil.test', 'evil.test.other.test'],
    cn: 'other.test',
  }),
  'certificate-common-name-only': ROOT.issue({ cn: 'evil.test' }),
  'certificate-bad': ROOT.issue({ dns: ['evil.test'], eku: ['client'] }),
} as const;

test('certificates of servers that come to us', async (stage) => {
  const s = await siege(stage);
  for (const [code, shown] of Object.entries(BAD)) {
    await stage.test(`SECURITY 30: ${code}: EXTERNAL is not offered, refused, and nothing comes in`, async (t) => {
      await s.begins(t);
      const wire = await s.calls();
      const features = await wire.introduces(HELLO, shown);
      assert.equal(child(features, 'mechanisms', SASL), undefined);
      wire.write(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>=</auth>`);
      await wire.receives(`<failure xmlns='${SASL}'><not-authorized/></failure>`);
      assert.deepEqual(s.codes('evil.test'), [code]);
      wire.write(say('iago@evil.test', JULIET, 'one'));
      await wire.fails('not-authorized');
      await s.isClear();
      await s.stands();
    });
  }
  await stage.test('XEP-0368: the same by TLS from the first byte', async (t) => {
    await s.begins(t);
    const wire = await s.calls('tls');
    await wire.encryptsNow(BAD['certificate-wrong-name'], { ALPNProtocols: ['xmpp-server'] });
    assert.equal(child(await wire.begins(HELLO), 'mechanisms', SASL), undefined);
    wire.cut();
    const good = await s.calls('tls');
    await good.encryptsNow(EVIL, { ALPNProtocols: ['xmpp-server'] });
    await good.begins(HELLO);
    await good.authenticates(HELLO);
    good.cut();
    await s.isClear();
  });
  await stage.test('a good certificate of another domain does not help who names that one first', async (t) => {
    await s.begins(t);
    const wire = await s.calls();
    await wire.begins({ to: 'verona.test', from: 'mantua.test' });
    await wire.encrypts(EVIL);
    const features = await wire.begins({ to: 'verona.test', from: 'mantua.test' });
    assert.equal(child(features, 'mechanisms', SASL), undefined);
    wire.write(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>=</auth>`);
    await wire.receives(`<failure xmlns='${SASL}'><not-authorized/></failure>`);
    assert.deepEqual(s.codes('mantua.test').at(-1), 'certificate-wrong-name');
    wire.cut();
    await s.isClear();
    await s.stands();
  });
  await stage.test('SECURITY 29: a good certificate stands for no key: who is asked must say so', async (t) => {
    await s.begins(t, { proof: 'dialback' });
    const peer = await ServerPeer.listens(t);
    s.book.set('evil.test', peer.place);
    peer.vouches(EVIL, 'evil.test', 'invalid');
    const wire = await s.calls();
    await wire.introduces(HELLO, EVIL);
    wire.claims('evil.test', 'verona.test');
    assert.equal(await wire.verdict('evil.test', 'verona.test'), 'invalid');
    assert.equal(peer.count, 1);
    wire.cut();
    await s.isClear();
  });
  await stage.test(
    'a stream that was ended for its certificate is tried once, and nothing is sent on it',
    async (t) => {
      await s.begins(t);
      const peer = await ServerPeer.listens(t);
      s.book.set('evil.test', peer.place);
      const heard: string[] = [];
      peer.handles(async (wire) => {
        await wire.answers("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", { from: 'evil.test', id: 'one' });
        await wire.isEncrypted(BAD['certificate-expired']);
        for (let item = await wire.next(); item !== undefined; item = await wire.next()) heard.push(String(item));
      });
      const attempt = await s.house.federation.tryNow('verona.test', 'evil.test');
      assert.equal(attempt.problem?.code, 'certificate-expired');
      assert.equal(attempt.chain?.length, 1);
      await s.isClear();
      assert.deepEqual([peer.count, heard], [1, []]);
    },
  );
});
