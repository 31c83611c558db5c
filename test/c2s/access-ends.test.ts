import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commands } from '../../server/commands/index.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { dial } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import { ends } from './bosh.ts';
import { agent, authenticate, BIND_ALL, byToken, conditionOf, plain, resume, tokenOf, wantToken } from './sasl2.ts';
import { overBosh, overWebSocket, resumptionOf } from './sasl2-web.ts';
import { openWeb } from './web.ts';

const J = 'juliet@example.test';
const WHO = ['example.test', 'juliet'] as const;
const BY = { name: 'olga', door: 'panel' } as const;
const NEW = 'a new password 1';
/** Five devices. */
const [TCP, HIBERNATING, WEB, WEB_GONE, BOSH] = [1, 2, 3, 4, 5].map((n) => `d4565fa7-4d72-4749-b3d3-74000000000${n}`);

/** Juliet is there in every way that there is, and two of her devices are expected back (XEP-0198 §5). */
async function everywhere(t: TestContext) {
  const stage = await openWeb(t);
  const { scene, door, port } = stage;
  const how = (device: string | undefined) => agent(device) + wantToken() + BIND_ALL;
  const overTcp = async (device: string | undefined) => {
    const { wire } = dial(door);
    await wire.opens('example.test');
    const success = await plain(wire, how(device));
    await wire.element();
    return { wire, success };
  };
  const tcp = await overTcp(TCP);
  const hibernating = await overTcp(HIBERNATING);
  const web = await overWebSocket(port, how(WEB));
  await web.wire.receives("<features xmlns='http://etherx.jabber.org/streams'/>");
  const webGone = await overWebSocket(port, how(WEB_GONE));
  const bosh = await overBosh(port, how(BOSH));
  hibernating.wire.cut();
  webGone.wire.socket.terminate();
  await sleep(50);
  const host = scene.host('example.test');
  const there = () => host.sessions.of(J).map(({ outlet }) => outlet.away);
  assert.deepEqual(there().sort(), [false, false, false, true, true]);

  const all = [tcp, hibernating, web, webGone, bosh].map(({ success }) => success);
  const devices = [TCP, HIBERNATING, WEB, WEB_GONE, BOSH];
  const tokens = all.map((success, n) => ({ token: tokenOf(success), device: devices[n]! }));
  const waiting = bosh.bosh.says('');
  let comers = 0; // each from another address: who fails often has to wait
  await sleep(20);
  return {
    ...stage,
    there,
    tokens,
    resumptions: all.map(resumptionOf),
    /** Each connection is told, and closed. */
    async over() {
      await tcp.wire.fails('not-authorized');
      await web.wire.fails('not-authorized');
      const last = await waiting;
      ends(last, 'remote-stream-error');
      assert.ok(find(last, 'error', 'not-authorized') !== undefined, serialize(last));
      ends(await bosh.bosh.says("<presence xmlns='jabber:client'/>"), 'item-not-found');
    },
    /** What a device does that comes back. */
    async returns(login: (wire: ReturnType<typeof dial>['wire']) => Promise<unknown>) {
      const { wire } = dial(door, { address: `192.0.2.${++comers}` });
      await wire.opens('example.test');
      const answer = await login(wire);
      wire.cut();
      return answer;
    },
  };
}

type Stage = Awaited<ReturnType<typeof everywhere>>;

async function noTokenIsGood({ tokens, returns, resumptions }: Stage): Promise<void> {
  for (const [n, { token, device }] of tokens.entries()) {
    // Also not to take up the very session that it was given with.
    const more = resume(resumptions[n]!, 0);
    const answer = await returns(async (wire) => conditionOf(await byToken(wire, token, { device, more })));
    assert.equal(answer, 'not-authorized');
  }
}

async function noSessionIsLeft({ there, returns, resumptions }: Stage, password: string): Promise<void> {
  for (const id of resumptions) {
    await returns(async (wire) => {
      const success = await plain(wire, resume(id, 0), 'juliet', password);
      assert.ok(find(success, 'failed', 'item-not-found') !== undefined, serialize(success));
    });
  }
  assert.deepEqual(there(), []);
}

test('attack: a dismissed colleague stays in by a session or a token: disabled, at once and everywhere', async (t) => {
  const stage = await everywhere(t);
  const { scene, there, over, returns } = stage;
  await scene.commands.accounts.disable(BY, ...WHO);
  assert.deepEqual(there(), [], 'as soon as the administrator is told that it is done');
  await over();
  assert.equal(await returns(async (wire) => conditionOf(await plain(wire))), 'account-disabled');
  await noTokenIsGood(stage);
  await scene.commands.accounts.enable(BY, ...WHO);
  await noTokenIsGood(stage);
  await noSessionIsLeft(stage, 'wherefore');
});

const resets: readonly (readonly [who: string, set: (commands: Commands) => Promise<unknown>])[] = [
  ['by an administrator', (commands) => commands.accounts.setPassword(BY, ...WHO, { password: NEW })],
  [
    'by a link',
    async ({ resetLinks }) => {
      const { url } = await resetLinks.create(BY, ...WHO);
      await resetLinks.use(url.slice(url.lastIndexOf('/') + 1), NEW, '192.0.2.9');
    },
  ],
];
for (const [who, set] of resets) {
  test(`attack: a thief of the password stays in after it was reset ${who}`, async (t) => {
    const stage = await everywhere(t);
    await set(stage.scene.commands);
    assert.deepEqual(stage.there(), []);
    await stage.over();
    assert.equal(await stage.returns(async (wire) => conditionOf(await plain(wire))), 'not-authorized');
    await noTokenIsGood(stage);
    await noSessionIsLeft(stage, NEW);
  });
}

test('attack: somebody removed stays in, or comes in to who has the name next', async (t) => {
  const stage = await everywhere(t);
  const { scene, there, over, returns } = stage;
  await scene.commands.accounts.remove(BY, ...WHO, J);
  assert.deepEqual(there(), []);
  await over();
  assert.equal(await returns(async (wire) => conditionOf(await plain(wire))), 'not-authorized');
  await noTokenIsGood(stage);
  await scene.account(J);
  await noTokenIsGood(stage);
  await noSessionIsLeft(stage, 'wherefore');
});

test('attack: who is disabled between the two halves of a login, over WebSocket and BOSH, gets no session', async (t) => {
  const { scene, port } = await openWeb(t);
  const web = await overWebSocket(port, agent(WEB));
  await web.wire.receives("<features xmlns='http://etherx.jabber.org/streams'/>");
  const { bosh } = await overBosh(port, agent(BOSH));
  await scene.commands.accounts.disable(BY, ...WHO);
  const bind = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
  web.wire.write(bind);
  await web.wire.fails('not-authorized');
  ends(await bosh.says(bind), 'remote-stream-error');
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});

test('attack: who logs in in the very moment in which the access is taken gets no session that stays', async (t) => {
  const { scene, door } = await openWeb(t);
  const { credentials } = scene.stores;
  const takes = [
    () => scene.commands.accounts.disable(BY, ...WHO),
    () => scene.commands.accounts.setPassword(BY, ...WHO, { password: NEW }),
    () => scene.commands.accounts.remove(BY, ...WHO, J),
  ];
  for (const take of takes) {
    await scene.account(J);
    const { wire } = dial(door);
    await wire.opens('example.test');
    // The last look at the password must wait, and its answer comes when the access has just been taken.
    const taken = Promise.withResolvers<void>();
    let looks = 0;
    const real = credentials.of.bind(credentials);
    const mock = t.mock.method(credentials, 'of', async (account: number) => {
      const found = await real(account);
      if (++looks < 3) return found;
      mock.mock.restore();
      await take();
      taken.resolve();
      return found;
    });
    wire.write(authenticate('PLAIN', '\0juliet\0wherefore', BIND_ALL));
    await taken.promise;
    await scene.settle();
    assert.deepEqual(
      scene
        .host('example.test')
        .sessions.of(J)
        .map(({ jid }) => jid.full),
      [],
    );
    await wire.fails('not-authorized');
    if (take === takes[0]) await scene.commands.accounts.enable(BY, ...WHO);
    if (take === takes[1]) await scene.commands.accounts.setPassword(BY, ...WHO, { password: 'wherefore' });
  }
});

test('attack: who takes up a session while the access is taken is not given another one instead', async (t) => {
  const { scene, door } = await openWeb(t);
  const login = async (more: string) => {
    const { wire } = dial(door);
    await wire.opens('example.test');
    wire.write(authenticate('PLAIN', '\0juliet\0wherefore', more));
    return wire;
  };
  const gone = await login(BIND_ALL);
  const id = resumptionOf(await gone.element());
  gone.cut();
  await sleep(20);
  scene.db.hold(); // the session is taken up once what it had sent is on disk, and that takes a while
  const wire = await login(resume(id, 0) + BIND_ALL);
  await sleep(50);
  await scene.commands.accounts.disable(BY, ...WHO);
  scene.db.release();
  await wire.fails('not-authorized');
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});
