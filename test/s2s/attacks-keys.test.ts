import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { dialbackKey } from '../../server/s2s/dialback-key.ts';
import type { Judgement } from '../../server/s2s/policy.ts';
import { ServerPeer } from '../support/server-peer.ts';
import { EVIL, JULIET, ROOT, say, siege } from '../support/siege.ts';

const HELLO = { to: 'verona.test', from: 'evil.test' };

test('keys of other servers (XEP-0220)', async (stage) => {
  const s = await siege(stage);

  /** The server of evil.test, which says of every key what the test wants; keys will do for the house. */
  async function besieged(
    t: TestContext,
    type: 'valid' | 'invalid' = 'valid',
    judgement: Partial<Judgement> = {},
  ): Promise<ServerPeer> {
    await s.begins(t, { proof: 'dialback', ...judgement });
    const peer = await ServerPeer.listens(t);
    s.book.set('evil.test', peer.place);
    peer.vouches(EVIL, 'evil.test', type);
    t.after(() => assert.deepEqual(peer.failures, []));
    return peer;
  }

  await stage.test('SECURITY 27: answers to what was never asked count for nothing', async (t) => {
    const peer = await besieged(t);
    const wire = await s.calls();
    await wire.introduces(HELLO);
    wire.write("<db:result from='evil.test' to='verona.test' type='valid'/>");
    wire.write("<db:verify from='evil.test' to='verona.test' id='1' type='valid'/>");
    wire.write(say('iago@evil.test', JULIET, 'one'));
    await wire.fails('not-authorized');
    assert.equal(peer.count, 0, 'nobody was asked');
    await s.stands();
  });

  await stage.test('SECURITY 27: a key for one domain says nothing of another', async (t) => {
    await besieged(t);
    const wire = await s.calls();
    await wire.introduces(HELLO);
    wire.claims('evil.test', 'verona.test');
    assert.equal(await wire.verdict('evil.test', 'verona.test'), 'valid');
    wire.write(say('romeo@mantua.test', JULIET, 'one'));
    await wire.fails('invalid-from');
    await s.stands();
  });

  await stage.test(
    '§2.1.2: who answers for the domain says that the key is not its own, and the claim is recorded',
    async (t) => {
      await besieged(t, 'invalid');
      const wire = await s.calls();
      await wire.introduces(HELLO);
      wire.claims('evil.test', 'verona.test');
      assert.equal(await wire.verdict('evil.test', 'verona.test'), 'invalid');
      wire.write(say('iago@evil.test', JULIET, 'one'));
      await wire.fails('not-authorized');
      assert.equal(s.codes('evil.test')[0], 'dialback-unverified');
      await s.stands();
    },
  );

  await stage.test('a claim to be a decent server is asked of that server, by its own address', async (t) => {
    const peer = await besieged(t);
    await s.stands();
    const wire = await s.calls();
    await wire.introduces(HELLO);
    wire.claims('mantua.test', 'verona.test', 'a guess');
    assert.equal(await wire.verdict('mantua.test', 'verona.test'), 'invalid');
    assert.equal(peer.count, 0, 'evil.test is not asked about others');
    assert.equal(s.codes('mantua.test').at(-1), 'dialback-unverified');
    await s.stands();
  });

  await stage.test('an answer about another stream, or of another domain, is no answer', async (t) => {
    const peer = await besieged(t);
    peer.handles(async (wire) => {
      await wire.welcomes(EVIL, '', { from: 'evil.test', id: 'one' });
      const { attrs } = await wire.element();
      wire.write(`<db:verify from='evil.test' to='verona.test' id='other' type='valid'/>`);
      wire.write(`<db:verify from='other.test' to='verona.test' id='${attrs.id}' type='valid'/>`);
      wire.write(`<db:result from='evil.test' to='verona.test' id='${attrs.id}' type='valid'/>`);
      wire.write(`<db:verify from='evil.test' to='other.test' id='${attrs.id}' type='valid'/>`);
    });
    const wire = await s.calls();
    await wire.introduces(HELLO);
    wire.claims('evil.test', 'verona.test');
    assert.equal(await wire.verdict('evil.test', 'verona.test'), 'invalid');
    await s.stands();
  });

  await stage.test('a key of ours is good for its stream, its domains and their directions alone', async (t) => {
    const peer = await besieged(t);
    // The house calls evil.test, which collects the key.
    const called = new Promise<{ id: string; key: string }>((resolve) => {
      peer.handles(async (wire) => {
        await wire.welcomes(EVIL, '<dialback xmlns="urn:xmpp:features:dialback"/>', {
          from: 'evil.test',
          id: 'chosen',
        });
        resolve({ id: 'chosen', key: (await wire.element()).text() });
      });
    });
    // Something of which nothing comes back, however long it waits.
    await s.juliet.sends("<iq type='result' id='nothing' to='iago@evil.test/cell'/>");
    const { id, key } = await called;
    const wire = await s.calls();
    await wire.introduces(HELLO);
    assert.equal(await wire.isTold('evil.test', 'verona.test', id, key), 'valid');
    for (const [from, to, other, text] of [
      ['evil.test', 'verona.test', 'another', key],
      ['mantua.test', 'verona.test', id, key],
      ['evil.test', 'conference.verona.test', id, key],
      ['verona.test', 'evil.test', id, key],
      ['evil.test', 'verona.test', id, `${key.slice(0, -1)}x`],
      ['evil.test', 'verona.test', id, ''],
      // CVE-2016-0756: what is put together from the parts in another way.
      ['evil.test', 'verona.test', `${id} `, key],
      ['evil.tes', 'verona.test', `t ${id}`, key],
    ] as const) {
      assert.equal(await wire.isTold(from, to, other, text), 'invalid', `${from} ${to} ${other}`);
    }
    await s.stands();
  });

  await stage.test('SECURITY 28: a key says nothing of the secret, and an empty id is not asked about', async (t) => {
    await besieged(t);
    const wire = await s.calls();
    await wire.introduces(HELLO);
    const key = dialbackKey(s.house.context.secret, 'evil.test', 'verona.test', '');
    assert.equal(await wire.isTold('evil.test', 'verona.test', '', key), 'invalid');
  });

  for (const from of ['evil.test/a b', 'x@evil.test', '', '@', 'evil.test\u00a0x', '..']) {
    await stage.test(
      `a question and a claim by '${from}', which is no domain, end the stream and nothing else`,
      async (t) => {
        const peer = await besieged(t);
        for (const what of ["<db:verify id='1'", '<db:result'] as const) {
          const wire = await s.calls();
          await wire.introduces(HELLO);
          wire.write(`${what} from='${from}' to='verona.test'>key</db:${what.slice(4, 10)}>`);
          await wire.fails('improper-addressing');
        }
        assert.equal(peer.count, 0);
        await s.stands();
      },
    );
  }

  await stage.test(
    '§2.1.2: claims to be a domain of ours, and claims for domains that are not ours, are refused',
    async (t) => {
      const peer = await besieged(t);
      const wire = await s.calls();
      await wire.introduces(HELLO);
      wire.claims('verona.test', 'verona.test');
      assert.equal(await wire.verdict('verona.test', 'verona.test'), 'not-acceptable');
      wire.claims('conference.verona.test', 'verona.test');
      assert.equal(await wire.verdict('conference.verona.test', 'verona.test'), 'not-acceptable');
      wire.claims('evil.test', 'mantua.test');
      assert.equal(await wire.verdict('evil.test', 'mantua.test'), 'item-not-found');
      assert.equal(peer.count, 0);
      await s.stands();
    },
  );

  await stage.test(
    'a server whose certificate is wrong cannot vouch where the policy wants certificates',
    async (t) => {
      const peer = await besieged(t, 'valid', { proof: 'certificate' });
      peer.vouches(ROOT.issue({ dns: ['other.test'] }), 'evil.test');
      const wire = await s.calls();
      await wire.introduces(HELLO);
      wire.claims('evil.test', 'verona.test');
      assert.equal(await wire.verdict('evil.test', 'verona.test'), 'remote-server-not-found');
      assert.deepEqual(s.codes('evil.test'), ['only-dialback']);
      await s.stands();
    },
  );

  await stage.test('the least TLS of a domain holds for what comes by keys, be it named in no header', async (t) => {
    const peer = await besieged(t, 'valid', { leastTls: 'TLSv1.3' });
    const wire = await s.calls();
    await wire.begins({ to: 'verona.test' });
    await wire.encrypts(undefined, { maxVersion: 'TLSv1.2' });
    await wire.begins({ to: 'verona.test' });
    wire.claims('evil.test', 'verona.test');
    assert.equal(await wire.verdict('evil.test', 'verona.test'), 'policy-violation');
    assert.deepEqual(s.codes('evil.test'), ['tls-too-old']);
    assert.equal(peer.count, 0, 'nobody was asked');
  });

  await stage.test('a flood of claims ends the stream, and makes few calls', async (t) => {
    const peer = await besieged(t, 'invalid');
    const wire = await s.calls();
    await wire.introduces(HELLO);
    for (let n = 0; n < 500; n++) wire.claims('evil.test', 'verona.test', `key ${n}`);
    assert.deepEqual(await wire.isOver(), ['policy-violation']);
    assert.ok(peer.count <= 20, `${peer.count} calls`);
    assert.ok(s.attempts('evil.test').length <= 100, `${s.attempts('evil.test').length} records`);
    await s.isClear();
    await s.stands();
  });

  await stage.test('a flood of claims to be domains that nobody has makes no calls that last', async (t) => {
    await besieged(t);
    const wire = await s.calls();
    await wire.introduces(HELLO);
    for (let n = 0; n < 500; n++) wire.claims(`u${n}.evil.test`, 'verona.test');
    assert.deepEqual(await wire.isOver(), ['policy-violation']);
    assert.ok(s.house.attempts.length <= 100, `${s.house.attempts.length} records`);
    assert.ok(
      ![...s.house.federation.remotes].some(({ domain }) => domain.endsWith('.evil.test')),
      'nothing is kept of them',
    );
    await s.stands();
  });

  await stage.test('a flood of questions about keys ends the stream', async (t) => {
    await besieged(t);
    const wire = await s.calls();
    await wire.introduces(HELLO);
    for (let n = 0; n < 1_000; n++) wire.write(`<db:verify from='evil.test' to='verona.test' id='${n}'>x</db:verify>`);
    assert.deepEqual(await wire.isOver(), ['policy-violation']);
    await s.stands();
  });

  await stage.test('a stream that is gone before its key was asked about gets nothing in', async (t) => {
    const peer = await besieged(t);
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      peer.handles(async (wire) => {
        await wire.welcomes(EVIL, '', { from: 'evil.test', id: 'one' });
        const { attrs } = await wire.element();
        answer = () => wire.write(`<db:verify from='evil.test' to='verona.test' id='${attrs.id}' type='valid'/>`);
        resolve();
      });
    });
    const wire = await s.calls();
    await wire.introduces(HELLO);
    wire.claims('evil.test', 'verona.test');
    await asked;
    wire.cut();
    await s.isClear();
    answer();
    await s.stands();
    assert.deepEqual(
      s.attempts('evil.test').map(({ outcome }) => outcome),
      ['failed'],
    );
  });
});
