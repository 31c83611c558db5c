import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NameError, type Names } from '../../server/s2s/names.ts';
import { LinkProblem } from '../../server/s2s/problem.ts';
import { BIDI, EXTERNAL, MANAGEMENT, SASL, ServerPeer, type ServerWire } from '../support/server-peer.ts';
import { EVIL, NAMELESS, siege, until } from '../support/siege.ts';

const IAGO = 'iago@evil.test';
const SM = 'urn:xmpp:sm:3';

/** A server that takes our certificate; what it offers on the stream that is begun after that is up to the test. */
async function takes(wire: ServerWire, offered = ''): Promise<void> {
  await wire.welcomes(EVIL, EXTERNAL + BIDI, { from: 'evil.test', id: 'one' });
  await wire.receives("<bidi xmlns='urn:xmpp:bidi'/>");
  await wire.receives(`<auth xmlns='${SASL}' mechanism='EXTERNAL'/>`);
  wire.write(`<success xmlns='${SASL}'/>`);
  wire.header('verona.test', "from='evil.test' version='1.0' id='two' xmlns:db='jabber:server:dialback'");
  wire.write(`<stream:features>${offered}</stream:features>`);
  await wire.heads();
}

test('servers that are called and behave badly', async (stage) => {
  const world: { names: Partial<Names> } = { names: {} };
  const s = await siege(stage, {
    names: {
      ...NAMELESS,
      srv: (name, signal) => (world.names.srv ?? NAMELESS.srv)(name, signal),
    },
  });
  const remote = () => s.house.federation.remotes.find('verona.test', 'evil.test')!;
  const message = (id: string): Promise<void> =>
    s.juliet.sends(`<message to='${IAGO}' type='chat' id='${id}'><body>${id}</body></message>`);

  async function attack(name: string, run: (t: TestContext, peer: ServerPeer) => Promise<void>) {
    await stage.test(name, async (t) => {
      await s.begins(t);
      world.names = {};
      const peer = await ServerPeer.listens(t);
      s.book.set('evil.test', peer.place);
      await run(t, peer);
      assert.deepEqual(peer.failures, []);
      s.house.federation.closeNow('evil.test');
      await until(() => remote().link === undefined, 'the end of the link');
      remote().refuse(new LinkProblem('closed-by-admin'));
      await s.isClear();
      await s.juliet.all();
      await s.stands();
    });
  }
  const trying = (): void => void s.house.federation.tryNow('verona.test', 'evil.test');

  await attack(
    'XEP-0198: management that was offered and fails: nothing is said twice, pings confirm',
    async (_t, peer) => {
      await message('one');
      trying();
      const wire = await peer.called();
      await takes(wire, MANAGEMENT);
      await wire.receives(`<enable xmlns='${SM}'/>`);
      wire.write(`<failed xmlns='${SM}'/>`);
      await wire.receives(`<message to='${IAGO}' id='one'/>`);
      await until(
        () => s.house.federation.links().some(({ domain, managed }) => domain === 'evil.test' && !managed),
        'it',
      );
      const link = remote().link!;
      link.confirm();
      const ping = await wire.stanza();
      assert.equal(ping.name, 'iq');
      wire.write(`<iq type='result' id='${ping.attrs.id}' from='evil.test' to='verona.test'/>`);
      await until(() => link.unconfirmed === 0, 'the confirmation');
      assert.equal(s.house.rows.size, 0);
    },
  );

  await attack(
    'who takes streams and ends them before anything has arrived is called less and less often',
    async (_t, peer) => {
      peer.handles(async (wire) => {
        await takes(wire);
        await wire.stanza();
        wire.cut();
      });
      await message('one');
      const pauses: number[] = [];
      for (let n = 0; n < 5; n++) {
        trying();
        await until(
          () => peer.count === n + 1 && remote().link === undefined && remote().waiting === 1 && !remote().calling,
          'the end',
        );
        pauses.push(remote().retryAt - Date.now());
      }
      assert.ok(pauses[0]! <= 2_000 && pauses[4]! >= 10_000, pauses.join());
      assert.equal(s.house.rows.size, 1, 'it waits on disk');
    },
  );

  await attack('the first of two machines says nothing: the second is called', async (t, peer) => {
    const silent = await ServerPeer.listens(t);
    silent.handles(async () => silence.abort());
    const silence = new AbortController();
    t.mock.method(AbortSignal, 'timeout', (ms: number) =>
      ms === 15_000 && peer.count === 0 ? silence.signal : new AbortController().signal,
    );
    s.book.delete('evil.test');
    const at = (port: number, priority: number) => ({ target: '127.0.0.1', port, priority, weight: 0 });
    world.names = {
      srv: (name) =>
        name.startsWith('_xmpp-server.')
          ? Promise.resolve({ records: [at(silent.port, 1), at(peer.port, 2)], more: 0 })
          : Promise.reject(new NameError('no-record', name)),
    };
    trying();
    const wire = await peer.called();
    await takes(wire);
    await until(() => remote().link !== undefined, 'the link');
    assert.equal(silent.count, 1);
    assert.equal(s.attempts('evil.test').at(-1)?.outcome, 'connected');
  });

  for (const [condition, code] of [
    ['undefined-condition', 'stream-error'],
    ['policy-violation', 'policy-theirs'],
    ['not-authorized', 'stream-error'],
    ['system-shutdown', undefined],
  ] as const) {
    await attack(`who ends a link with ${condition}: ${code ?? 'nothing'} is written down`, async (_t, peer) => {
      trying();
      const wire = await peer.called();
      await takes(wire);
      await until(() => remote().link !== undefined, 'the link');
      wire.write(`<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`);
      await until(() => remote().link === undefined, 'the end');
      assert.deepEqual(s.codes('evil.test'), code === undefined ? [undefined] : [undefined, code]);
    });
  }

  await attack('SECURITY 31: on a stream of ours that goes both ways nobody else comes in', async (_t, peer) => {
    trying();
    const wire = await peer.called();
    await takes(wire);
    await until(() => remote().link !== undefined, 'the link');
    wire.write("<message from='romeo@mantua.test' to='juliet@verona.test'><body>one</body></message>");
    await wire.fails('invalid-from');
    await until(() => remote().link === undefined, 'the end');
    assert.deepEqual(s.codes('evil.test'), [undefined, 'broke-the-rules'], 'it is written down why the link has ended');
  });

  await attack(
    'a key on a stream of ours opens nothing, and an answer that nobody waits for says nothing',
    async (_t, peer) => {
      trying();
      const wire = await peer.called();
      await takes(wire);
      await until(() => remote().link !== undefined, 'the link');
      wire.claims('other.test', 'verona.test');
      wire.write("<db:result from='other.test' to='verona.test' type='valid'/>");
      wire.write("<db:verify from='x y' to='verona.test' id='1'>key</db:verify>");
      wire.write("<message from='a@other.test' to='juliet@verona.test'><body>one</body></message>");
      await wire.fails('invalid-from');
    },
  );

  await stage.test('a flood of unknown domains: all are told, and all are forgotten', async (t) => {
    await s.begins(t);
    const { remotes } = s.house.federation;
    const before = [...remotes].length;
    for (let n = 0; n < 300; n++)
      await s.juliet.sends(`<message to='x@n${n}.evil.test' id='${n}'><body>x</body></message>`);
    for (let n = 0; n < 300; n++) await s.juliet.receives("<message type='error'/>");
    await s.isClear();
    assert.equal([...remotes].length, before + 300);
    remotes.tick(Date.now() + 11 * 60_000);
    assert.ok([...remotes].length <= before);
    assert.equal(s.house.rows.size, 0);
    await s.stands();
  });
});
