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
  t.mock.timers.enable({ apis: ['Date'], now: 1_000 * HOUR });
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
