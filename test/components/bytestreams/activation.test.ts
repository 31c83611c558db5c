import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ProxyLimits } from '../../../server/components/bytestreams/door.ts';
import { transfersOfAll, transfersOfOne } from '../../../server/components/bytestreams/options.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { activation, connectTo, GREETING, hashOf, opened, query, SocksEnd, until } from '../../support/socks.ts';

const J = 'juliet@example.test/balcony';
const R = 'romeo@elsewhere.test/orchard';
const BY = { name: 'olga', door: 'panel' } as const;

async function open(t: TestContext, proxy: Partial<ProxyLimits> = {}) {
  const scene = await openScene(t, { proxy });
  const port = await opened(scene);
  const dial = (sid: string, requester = J, target = R) => new SocksEnd(t, port).names(hashOf(sid, requester, target));
  const juliet = await scene.comes(J);
  /** The target's end and the requester's, connected. */
  const both = async (sid: string, requester = J, target = R) =>
    [await dial(sid, requester, target), await dial(sid, requester, target)] as const;
  return { scene, juliet, port, dial, both };
}

const active = (scene: Scene): number => scene.proxy.list().filter(({ state }) => state === 'active').length;

async function areLinked(one: SocksEnd, other: SocksEnd): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.write('what light');
    assert.equal(String(await to.read(10)), 'what light');
  }
}

describe('XEP-0065 §6.3.5: activation', () => {
  test('by the requester, once both are there, is answered with an empty result, and data goes both ways', async (t) => {
    const { scene, juliet, both } = await open(t);
    const [target, requester] = await both('s1');
    const answer = await juliet.gets(activation('s1', R));
    assert.deepEqual([answer.attrs.from, answer.children.length], ['proxy.example.test', 0]);
    await areLinked(target, requester);
    const [transfer, ...others] = scene.proxy.list();
    assert.deepEqual(others, []);
    const { id, since, ...rest } = transfer!;
    assert.ok(id.length > 8 && Date.now() - since < 5_000);
    assert.deepEqual(rest, {
      state: 'active',
      requester: J,
      target: R,
      sent: 10,
      received: 10,
      addresses: ['127.0.0.1', '127.0.0.1'],
    });
  });

  test('§7: the target may be known by its place in a room, §5.3.2: or by a bare address, in whatever capitals', async (t) => {
    const { juliet, both } = await open(t);
    const places = [
      ['garden@conference.example.test/Rómeo of Montague', 'garden@conference.example.test/Rómeo of Montague'],
      ['romeo@elsewhere.test', ' Romeo@Elsewhere.TEST\n'],
    ] as const;
    for (const [hashed, written] of places) {
      const [target, requester] = await both('s', J, hashed);
      await juliet.gets(activation('s', written));
      await areLinked(target, requester);
    }
  });

  test('is refused with item-not-found where nobody is, with not-allowed where one is, and again when it is under way', async (t) => {
    const { juliet, dial, port } = await open(t);
    await juliet.isRefused(activation('s1', R), 'item-not-found');
    const target = await dial('s1');
    await juliet.isRefused(activation('s1', R), 'not-allowed');
    const requester = await dial('s1');
    await juliet.gets(activation('s1', R));
    await juliet.isRefused(activation('s1', R), 'not-allowed');
    // §10.1: nor does a third come in between.
    const third = new SocksEnd(t, port);
    third.write(Buffer.concat([GREETING, connectTo(hashOf('s1', J, R))]));
    assert.deepEqual([...(await third.rest())].slice(0, 4), [5, 0, 5, 2]);
    await areLinked(target, requester);
  });

  test('that is malformed is refused', async (t) => {
    const { juliet } = await open(t);
    await juliet.isRefused(activation('', R), 'bad-request');
    await juliet.isRefused(activation('s', ''), 'bad-request');
    await juliet.isRefused(activation('s', 'a b@example.test'), 'jid-malformed');
    const bare = "<query xmlns='http://jabber.org/protocol/bytestreams' sid='s'/>";
    await juliet.isRefused(`<iq type='set' to='proxy.example.test'>${bare}</iq>`, 'bad-request');
    const inside = `<iq type='set' to='somebody@proxy.example.test'>${query('s', R)}</iq>`;
    await juliet.isRefused(inside, 'item-not-found');
  });
});

describe('attacks on the activation', () => {
  test('attack: a third party that knows all of the stream activates it: item-not-found, and nothing passes', async (t) => {
    const { scene, juliet, both } = await open(t);
    const tybalt = await scene.comes('tybalt@example.test/street');
    const [target, requester] = await both('s1');
    // As itself, for the target, for the requester, and by writing the requester where only the target belongs.
    for (const wish of [R, J, 'juliet@example.test']) await tybalt.isRefused(activation('s1', wish), 'item-not-found');
    await tybalt.isRefused(activation(`s1${J}`, R), 'item-not-found');
    requester.write('secret');
    await target.isSilent();
    assert.equal(active(scene), 0);
    await juliet.gets(activation('s1', R));
    assert.equal(String(await target.read(6)), 'secret');
  });

  test('attack: the same, in the name of the requester: the stream of whoever lies ends', async (t) => {
    const { scene, both } = await open(t);
    const tybalt = await scene.comes('tybalt@example.test/street');
    await both('s1');
    const lie = activation('s1', R).replace('<iq', `<iq id='x' from='${J}'`);
    await assert.rejects(tybalt.sends(lie), { condition: 'invalid-from' });
    assert.equal(active(scene), 0);
  });

  test('attack: the target activates, and so does another device of the requester: item-not-found', async (t) => {
    const { scene, both } = await open(t);
    const nurse = await scene.comes('nurse@example.test/kitchen');
    const phone = await scene.comes('juliet@example.test/phone');
    await both('s1', J, nurse.jid);
    await nurse.isRefused(activation('s1', J), 'item-not-found');
    await nurse.isRefused(activation('s1', nurse.jid), 'item-not-found');
    await phone.isRefused(activation('s1', nurse.jid), 'item-not-found');
    assert.equal(active(scene), 0);
  });

  test('attack: an account of this server is not enough for the stream of a requester elsewhere', async (t) => {
    const { scene, juliet, both } = await open(t);
    await both('s1', R, J);
    for (const wish of [J, R]) await juliet.isRefused(activation('s1', wish), 'item-not-found');
    assert.equal(active(scene), 0);
  });

  test('attack: data before the activation is relayed to nobody, however much comes, and waits with who sent it', async (t) => {
    const { scene, juliet, both } = await open(t);
    const [target, requester] = await both('s1');
    const before = process.memoryUsage();
    const much = Buffer.alloc(64 * 1024 * 1024, 1);
    for (const end of [target, requester]) end.write(much);
    await target.isSilent(300);
    await requester.isSilent(1);
    for (const { socket } of [target, requester]) assert.ok(socket.writableLength > 0, 'the server took it all');
    const after = process.memoryUsage();
    const grown = (after.arrayBuffers - before.arrayBuffers - much.length) / 1024;
    assert.ok(grown < 1_024, `${Math.round(grown)} kB were kept`);
    assert.equal(scene.proxy.list()[0]!.sent, 0);
    await juliet.isRefused(activation('s2', R), 'item-not-found');
    await target.isSilent(1);
  });

  test('attack: who talks behind the request in one breath is not relayed either, and nothing of it is lost', async (t) => {
    const { juliet, dial, port } = await open(t);
    const target = await dial('s1');
    const requester = new SocksEnd(t, port);
    requester.write(Buffer.concat([GREETING, connectTo(hashOf('s1', J, R)), Buffer.from('a')]));
    assert.equal((await requester.read(49)).length, 49);
    await target.isSilent();
    requester.write('b');
    await target.isSilent();
    await juliet.gets(activation('s1', R));
    requester.write('c');
    assert.equal(String(await target.read(3)), 'abc');
    requester.socket.end();
    await until(() => target.ended, 'the end is not passed on');
  });

  test('attack: activating all the time is slowed down', async (t) => {
    const { juliet } = await open(t);
    for (let i = 0; i < 60; i++) await juliet.isRefused(activation(`s${i}`, R), 'item-not-found');
    await juliet.isRefused(activation('s', R), 'resource-constraint');
  });

  test('attack: one person, or all together, want more transfers at a time than an administrator allows', async (t) => {
    const { scene, juliet, both } = await open(t);
    const nurse = await scene.comes('nurse@example.test/kitchen');
    await scene.house.options.set(transfersOfOne, '', 2);
    await scene.house.options.set(transfersOfAll, '', 3);
    const firsts = [];
    for (const sid of ['1', '2', '3']) firsts.push(await both(sid));
    await both('4', nurse.jid);
    await both('5', nurse.jid);
    await juliet.gets(activation('1', R));
    await juliet.gets(activation('2', R));
    await juliet.isRefused(activation('3', R), 'resource-constraint');
    await nurse.gets(activation('4', R));
    await nurse.isRefused(activation('5', R), 'resource-constraint');
    scene.proxy.end(scene.proxy.list()[0]!.id);
    await until(() => active(scene) === 2, 'it stays');
    await juliet.gets(activation('3', R));
  });
});

describe('whose access ends', () => {
  test('an account that is disabled, or removed, has its transfers end, those to it, too, and no others', async (t) => {
    const { scene, juliet, both } = await open(t);
    const nurse = await scene.comes('nurse@example.test/kitchen');
    const others = await both('o', nurse.jid);
    await nurse.gets(activation('o', R));
    const own = await both('1');
    const given = await both('2', nurse.jid, J);
    await juliet.gets(activation('1', R));
    await nurse.gets(activation('2', J));
    await scene.commands.accounts.disable(BY, 'example.test', 'juliet');
    for (const end of [...own, ...given]) await end.isClosed();
    await areLinked(...others);
    await scene.commands.accounts.remove(BY, 'example.test', 'nurse', 'nurse@example.test');
    for (const end of others) await end.isClosed();
    await until(() => scene.proxy.list().length === 0, 'they are remembered');
  });

  test('who is disabled meanwhile begins nothing: the session is gone', async (t) => {
    const { scene, juliet, both } = await open(t);
    await both('1');
    await scene.commands.accounts.disable(BY, 'example.test', 'juliet');
    assert.equal(juliet.ended?.condition, 'not-authorized');
    await juliet.sends(activation('1', R));
    await scene.settle();
    assert.equal(active(scene), 0);
  });

  test('a session that ends takes no transfer with it, a domain that is served no more does', async (t) => {
    const { scene, juliet, both } = await open(t);
    const ends = await both('1');
    await juliet.gets(activation('1', R));
    juliet.leaves();
    await areLinked(...ends);
    await scene.hosts.remove('example.test');
    for (const end of ends) await end.isClosed();
  });
});
