import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { el, serialize } from '../../../server/xmpp/element.ts';
import { parseJid } from '../../../server/xmpp/jid.ts';
import { Stanza } from '../../../server/xmpp/stanza.ts';
import { addComponent, componentComes } from '../../support/component.ts';
import { MUC, makes, ROOM, roomOf, roomsOf, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const inside = (scene: Scene): string[] => [...roomOf(scene).clients.keys()];
const by = { name: 'test', door: 'house' } as const;

async function open(t: TestContext) {
  const scene = await openScene(t, { grace: 150 });
  const juliet = await scene.comes('juliet@example.test/balcony');
  await makes(juliet, 'Juliet');
  return { scene, juliet };
}

describe('somebody of an external component (XEP-0114) in a room', () => {
  const D = 'irc.example.test';
  const guest = async (t: TestContext) => {
    const { scene, juliet } = await open(t);
    const secret = await addComponent(scene, D);
    const bridge = await componentComes(scene, D, secret);
    bridge.write(`<presence from='mercutio@${D}/irc' to='${ROOM}/Mercutio'><x xmlns='${MUC}'/></presence>`);
    await bridge.receives(`<presence from='${ROOM}/Juliet' to='mercutio@${D}/irc'/>`);
    await bridge.receives(`<presence from='${ROOM}/Mercutio'/>`);
    await scene.settle();
    await juliet.all();
    return { scene, juliet, bridge, secret };
  };
  const isIn = (scene: Scene): boolean => inside(scene).includes(`mercutio@${D}/irc`);

  test('hears and is heard', async (t) => {
    const { juliet, bridge } = await guest(t);
    await bridge.all();
    bridge.write(`<message from='mercutio@${D}/irc' to='${ROOM}' type='groupchat'><body>ho!</body></message>`);
    await bridge.receives(`<message from='${ROOM}/Mercutio' to='mercutio@${D}/irc'><body>ho!</body></message>`);
    await juliet.receives(`<message from='${ROOM}/Mercutio'><body>ho!</body></message>`);
  });

  test('stays while the component restarts, and misses nothing', async (t) => {
    const { scene, juliet, bridge, secret } = await guest(t);
    bridge.cut();
    await sleep(20);
    await juliet.sends(say('still there?'));
    await scene.settle();
    const again = await componentComes(scene, D, secret);
    await again.receives(`<message from='${ROOM}/Juliet' to='mercutio@${D}/irc'><body>still there?</body></message>`);
    assert.ok(isIn(scene));
  });

  test('misses nothing of what is said quickly, though hundreds of the same component are in the room', async (t) => {
    const { scene, juliet, bridge } = await guest(t);
    for (let i = 0; i < 300; i++) {
      bridge.write(`<presence from='actor${i}@${D}/irc' to='${ROOM}/Actor${i}'><x xmlns='${MUC}'/></presence>`);
    }
    while (inside(scene).length < 302) await sleep(5);
    await juliet.all();
    bridge.duplex.removeAllListeners('data');
    let heard = 0;
    let rest = '';
    bridge.duplex.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('</body>');
      rest = parts.pop()!;
      heard += parts.length;
    });
    for (let n = 0; n < 20; n++) void juliet.sends(say(`${n} ${'x'.repeat(200)}`.replaceAll(' ', '-')));
    await scene.settle();
    for (let waited = 0; heard < 20 * 301 && waited < 200; waited++) await sleep(10);
    assert.equal(heard, 20 * 301);
  });

  test('is let out when the component stays away, though nobody says anything', async (t) => {
    const { scene, juliet, bridge } = await guest(t);
    bridge.cut();
    await sleep(250);
    await juliet.receives(`<presence from='${ROOM}/Mercutio' type='unavailable'/>`);
    assert.ok(!isIn(scene));
  });

  test('is let out when the component is taken off the list', async (t) => {
    const { scene, juliet } = await guest(t);
    await scene.commands.components.remove(by, D);
    await juliet.receives(`<presence from='${ROOM}/Mercutio' type='unavailable'/>`);
    assert.ok(!isIn(scene));
  });

  for (const [when, early] of [
    ['while it was waited for', true],
    ['only after it was waited for', false],
  ] as const) {
    test(`is let out when the component stays away: what was said ${when} shows it`, async (t) => {
      const { scene, juliet, bridge } = await guest(t);
      bridge.cut();
      await sleep(20);
      if (early) await juliet.sends(say('gone?'));
      await sleep(250);
      if (!early) await juliet.sends(say('gone?'));
      await scene.settle();
      assert.ok(!isIn(scene), 'a ghost stays');
      const got = (await juliet.all()).map(serialize);
      assert.equal(got.filter((one) => one.includes("code='333'")).length, 1, got.join('\n'));
    });
  }

  test('attack: many people of a component that is gone are let out, and nothing is sent to one ghost of another', async (t) => {
    const MANY = 60;
    const { scene, juliet, bridge } = await guest(t);
    for (let i = 0; i < MANY; i++) {
      bridge.write(`<presence from='actor${i}@${D}/irc' to='${ROOM}/Actor${i}'><x xmlns='${MUC}'/></presence>`);
    }
    while (inside(scene).length < MANY + 2) await sleep(5);
    await bridge.all();
    t.mock.method(scene.house.router, 'lost', () => {}); // as of a server of which nobody says that it is gone
    bridge.cut();
    await sleep(250);
    await juliet.all();
    const { mock } = t.mock.method(scene.house.router.find(D)!, 'accept');
    await juliet.sends(say('anybody there?'));
    const gone = (await juliet.all()).map(serialize).filter((one) => /type='unavailable'.*code='333'/.test(one));
    assert.equal(gone.length, MANY + 1);
    assert.deepEqual(inside(scene), [juliet.jid]);
    assert.equal(mock.callCount(), MANY + 1, 'one refusal shows that a device is gone');
  });

  test('a component that does not read what it is sent has nobody in the room any more, and that once', async (t) => {
    const { scene, juliet, bridge } = await guest(t);
    bridge.duplex.pause();
    const lost = t.mock.method(scene.house.router, 'lost');
    const long = 'x'.repeat(200_000);
    for (let n = 0; n < 60 && isIn(scene); n++) {
      await juliet.sends(`<message to='mercutio@${D}/irc' type='chat'><body>${long}</body></message>`);
    }
    await scene.settle();
    assert.ok(!isIn(scene));
    assert.equal(lost.mock.callCount(), 1);
    const seen = await juliet.all();
    assert.ok(seen.some(({ name, attrs }) => name === 'presence' && attrs.type === 'unavailable'));
  });

  test('who comes again at the moment when they are missed stays in', async (t) => {
    const { scene, juliet, bridge } = await guest(t);
    const { router } = scene.house;
    t.mock.method(router, 'lost', () => {});
    bridge.cut();
    await sleep(250);
    const comes = new Stanza(
      el('presence', {}, el('x', { xmlns: MUC })),
      parseJid(`mercutio@${D}/irc`),
      parseJid(`${ROOM}/Mercutio`),
    );
    t.mock.method(router.find(D)!, 'accept', () => {});
    // Who is missed is let out at the next turn: that one waits until they have come.
    let nextTurn = (): void => assert.fail('nobody was missed');
    const turns = t.mock.method(globalThis, 'setImmediate', (run: () => void) => {
      nextTurn = run;
    });
    roomsOf(scene).ghosts.add(roomOf(scene), comes.from);
    turns.mock.restore();
    await router.route(comes);
    nextTurn();
    const got = await juliet.all();
    assert.ok(isIn(scene));
    assert.ok(!got.some(({ attrs }) => attrs.type === 'unavailable'));
  });
});
