import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const ask = (to: string): string => `<iq type='get' to='${to}'><query xmlns='jabber:iq:last'/></iq>`;

async function lastOf(actor: Actor, to: string): Promise<{ seconds: number; status: string }> {
  const query = child(await actor.gets(ask(to)), 'query', 'jabber:iq:last');
  assert.match(query?.attrs.seconds, /^\d+$/);
  return { seconds: Number(query!.attrs.seconds), status: textOf(query) };
}

async function wentAway(scene: Scene, bare: string, secondsAgo: number, status: string): Promise<void> {
  scene.stores.lastActivity.set((await scene.account(bare)).id, Date.now() - secondsAgo * 1_000, status);
}

test('XEP-0012 §5: the server tells how long it has been up', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${JULIET}/balcony`);
  assert.deepEqual(await lastOf(juliet, 'example.test'), { seconds: 0, status: '' });
  const now = Date.now();
  t.mock.method(Date, 'now', () => now + 3_725_000);
  assert.ok(Math.abs((await lastOf(juliet, 'example.test')).seconds - 3_725) <= 1);
});

describe('XEP-0012 §4: when somebody was last here', () => {
  for (const [state, allowed] of [
    ['none', false],
    ['to', false],
    ['from', true],
    ['both', true],
  ] as const) {
    test(`is ${allowed ? '' : 'not '}told to whom Romeo’s subscription is ‘${state}’`, async (t) => {
      const scene = await openScene(t);
      await scene.friends(ROMEO, JULIET, state);
      await wentAway(scene, ROMEO, 90, 'Banished');
      const juliet = await scene.connect(`${JULIET}/balcony`);
      if (!allowed) return void (await juliet.isRefused(ask(ROMEO), 'service-unavailable'));
      const { seconds, status } = await lastOf(juliet, ROMEO);
      assert.ok(seconds >= 90 && seconds <= 95, String(seconds));
      assert.equal(status, 'Banished');
    });
  }

  test('SECURITY 21, 49: a stranger cannot tell here from away from blocked from not there at all', async (t) => {
    const scene = await openScene(t);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const answers: Element[] = [await juliet.asks(ask(ROMEO))];
    romeo.leaves();
    await scene.settle();
    answers.push(await juliet.asks(ask(ROMEO)));
    await scene.stores.blocking.add((await scene.account(ROMEO)).id, [JULIET]);
    answers.push(await juliet.asks(ask(ROMEO)), await juliet.asks(ask('nobody@example.test')));
    const texts = answers.map((answer) => {
      for (const name of ['id', 'from', 'to']) delete answer.attrs[name];
      return serialize(answer);
    });
    assert.equal(new Set(texts).size, 1, texts.join('\n'));
    assert.equal(conditionOf(answers[0]!), 'service-unavailable');
  });

  test('0 while he is here; afterwards since he said goodbye, with his words', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.isRefused(ask('nurse@example.test'), 'service-unavailable');
    assert.deepEqual(await lastOf(juliet, ROMEO), { seconds: 0, status: '' });
    await romeo.sends("<presence type='unavailable'><status>Parting is such sweet sorrow</status></presence>");
    await scene.settle();
    const { seconds, status } = await lastOf(juliet, ROMEO);
    assert.ok(seconds <= 5, String(seconds));
    assert.equal(status, 'Parting is such sweet sorrow');
  });

  test('also when his connection just ended', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    await wentAway(scene, ROMEO, 10_000, 'long ago');
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    romeo.leaves();
    await scene.settle();
    const { seconds, status } = await lastOf(juliet, ROMEO);
    assert.ok(seconds <= 5, String(seconds));
    assert.equal(status, '');
  });

  test('one device of two that goes is no leaving', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    await wentAway(scene, ROMEO, 10_000, 'long ago');
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    await scene.comes(`${ROMEO}/street`);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await romeo.sends("<presence type='unavailable'><status>gone</status></presence>");
    await scene.settle();
    assert.deepEqual(await lastOf(juliet, ROMEO), { seconds: 0, status: '' });
    const stored = await scene.stores.lastActivity.get((await scene.account(ROMEO)).id);
    assert.equal(stored?.status, 'long ago');
  });

  test('a device that shows itself to nobody is not here', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    await wentAway(scene, ROMEO, 10_000, 'long ago');
    const romeo = await scene.connect(`${ROMEO}/hiding`);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    assert.equal((await lastOf(juliet, ROMEO)).status, 'long ago');
    romeo.leaves();
    await scene.settle();
    assert.equal((await lastOf(juliet, ROMEO)).status, 'long ago');
  });

  test('somebody who was never here has no last time', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.isRefused(ask(ROMEO), 'item-not-found');
  });

  test('one may ask about oneself', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    assert.deepEqual(await lastOf(juliet, JULIET), { seconds: 0, status: '' });
  });

  test('a clock that was put back gives no time to come', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET);
    await wentAway(scene, ROMEO, -600, '');
    const juliet = await scene.connect(`${JULIET}/balcony`);
    assert.equal((await lastOf(juliet, ROMEO)).seconds, 0);
  });
});

test('XEP-0012 §5: a stranger’s question to a device does not reach it', async (t) => {
  const scene = await openScene(t);
  await scene.friends(ROMEO, JULIET, 'to');
  const romeo = await scene.comes(`${ROMEO}/orchard`);
  await romeo.all();
  const juliet = await scene.connect(`${JULIET}/balcony`);
  await juliet.isRefused(ask(`${ROMEO}/orchard`), 'service-unavailable');
  await romeo.receivesNothing();
});

test('XEP-0012 §5: how long a device has been idle, the device itself tells to a contact', async (t) => {
  const scene = await openScene(t);
  await scene.friends(ROMEO, JULIET);
  const romeo = await scene.connect(`${ROMEO}/orchard`);
  const juliet = await scene.connect(`${JULIET}/balcony`);
  await juliet.sends(`<iq type='get' id='l1' to='${ROMEO}/orchard'><query xmlns='jabber:iq:last'/></iq>`);
  await romeo.receives(`<iq type='get' id='l1' from='${JULIET}/balcony'><query xmlns='jabber:iq:last'/></iq>`);
});
