import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const HOUR = 60 * 60 * 1_000;
const info = `<iq type='get' to='${ROOM}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;

async function told(actor: Actor): Promise<string | undefined> {
  const answer = serialize(await actor.gets(info));
  return /message-activity' [^>]*label='Messages per hour'><value>([^<]*)</.exec(answer)?.[1];
}

/** A room, and a clock that the server alone sees. */
async function open(t: Parameters<typeof openScene>[0]) {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) });
  const scene = await openScene(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(romeo, 'Romeo');
  return { scene, romeo, pass: (hours: number) => t.mock.timers.tick(hours * HOUR) };
}

async function become(scene: Scene, actor: Actor, change: Record<string, unknown>): Promise<void> {
  const { rooms } = scene.stores;
  await actor.sends(leave('Romeo'));
  await actor.all();
  const stored = (await rooms.get('conference.example.test', 'garden'))!;
  await rooms.configure(stored.id, { ...stored.config, ...change });
  await enters(actor, 'Romeo');
}

describe('how much is said in a room (XEP-0502)', () => {
  test('§3.1, §5: messages by the hour, of the hours that are over; what is not known is not told', async (t) => {
    const { romeo, pass } = await open(t);
    for (let i = 0; i < 3; i++) await romeo.sends(say(`m${i}`));
    await romeo.all();
    assert.equal(await told(romeo), undefined);
    pass(1);
    assert.equal(await told(romeo), '3');
    pass(1);
    assert.equal(await told(romeo), '1.5');
    await romeo.sends(say('late'));
    await romeo.all();
    pass(1);
    assert.equal(await told(romeo), '1.33');
    pass(21);
    assert.equal(await told(romeo), '0.17');
    pass(2);
    assert.equal(await told(romeo), '0.04', 'of the first hour nothing counts any more');
    pass(1_000);
    assert.equal(await told(romeo), '0');
  });

  test('§3.1: what was said before a restart is counted in the archive, once however often it is asked', async (t) => {
    const { scene, romeo, pass } = await open(t);
    const silent = async (id: string, more: string) =>
      romeo.sends(`<message to='${ROOM}' type='groupchat' id='${id}'>${more}</message>`);
    await romeo.sends(say('one'));
    pass(1);
    for (const text of ['two', 'three']) await romeo.sends(say(text));
    await silent('c', "<body>2</body><replace xmlns='urn:xmpp:message-correct:0' id='two'/>");
    await silent('s', '<subject>Love</subject>');
    pass(1);
    await romeo.sends(say('four'));
    await romeo.all();
    await scene.settle();
    await scene.hosts.remove('example.test');
    scene.hosts.add('example.test');
    const again = await scene.comes('romeo@example.test/orchard');
    assert.equal(await told(again), '1.5', 'of the two hours that are over');
    await enters(again, 'Romeo');
    await again.sends(say('five'));
    await again.all();
    const asked = scene.db.operations;
    for (let i = 0; i < 5; i++) assert.equal(await told(again), '1.5');
    assert.equal(scene.db.operations, asked, 'nobody makes the server count all the time');
    pass(1);
    assert.equal(
      await told(again),
      String(5 / 3)
        .slice(0, 4)
        .replace('1.66', '1.67'),
    );
    pass(22);
    assert.equal(await told(again), String(Math.round((4 / 24) * 100) / 100), 'the first hour is a day ago');
  });

  test('§3.1: somebody speaks first after a restart; two ask at once; without an archive only what was heard is told', async (t) => {
    const { scene, romeo, pass } = await open(t);
    await romeo.sends(say('one'));
    pass(1);
    await scene.settle();
    await scene.hosts.remove('example.test');
    scene.hosts.add('example.test');
    const again = await scene.comes('romeo@example.test/orchard');
    await enters(again, 'Romeo');
    for (const text of ['two', 'three']) await again.sends(say(text));
    await again.all();
    pass(1);
    assert.deepEqual(await Promise.all([told(again), told(again)]), ['1.5', '1.5']);
    await become(scene, again, { archived: false });
    await scene.settle();
    await scene.hosts.remove('example.test');
    scene.hosts.add('example.test');
    const last = await scene.comes('romeo@example.test/orchard');
    assert.equal(await told(last), undefined);
    pass(1);
    assert.equal(await told(last), '0');
  });

  test('§4: not what has no text, is a correction, or private', async (t) => {
    const { romeo, pass } = await open(t);
    for (const xml of [
      `<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`,
      `<message to='${ROOM}' type='groupchat'><active xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      `<message to='${ROOM}' type='groupchat'><body>b</body><replace xmlns='urn:xmpp:message-correct:0' id='a'/></message>`,
      `<message to='${ROOM}/Romeo' type='chat'><body>b</body></message>`,
    ]) {
      await romeo.sends(xml);
    }
    await romeo.all();
    pass(1);
    assert.equal(await told(romeo), '0');
  });

  test('§3.1, §9: only of rooms that stay, can be found, and are open to all; though nobody is in', async (t) => {
    const { scene, romeo, pass } = await open(t);
    await romeo.sends(say('one'));
    await romeo.all();
    pass(1);
    for (const [change, known] of [
      [{ membersOnly: true }, false],
      [{ membersOnly: false, public: false }, false],
      [{ public: true, password: 'x' }, false],
      [{ password: '' }, true],
    ] as const) {
      await become(scene, romeo, change);
      assert.equal((await told(romeo)) !== undefined, known, JSON.stringify(change));
    }
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    assert.equal(await told(romeo), '1');
  });
});
