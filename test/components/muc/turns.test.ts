import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Turns } from '../../../server/components/muc/turns.ts';
import { enter, ROOM } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

function takes(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('the turns of rooms', () => {
  test('what fits in one turn of the event loop is done at once, and without a promise', () => {
    const turns = new Turns(1_000);
    assert.equal(
      turns.run(() => 42),
      42,
    );
  });

  test('a flood is spread over turns, in the order in which it came, and others have theirs in between', async () => {
    const turns = new Turns(4);
    const done: number[] = [];
    let ticks = 0;
    let ticking = true;
    const tick = (): void => {
      ticks++;
      if (ticking) setImmediate(tick);
    };
    setImmediate(tick);
    const all = Array.from({ length: 20 }, (_, i) =>
      turns.run(() => {
        takes(2);
        done.push(i);
      }),
    );
    assert.ok(done.length >= 1 && done.length <= 3, `${done.length} at once`);
    await Promise.all(all);
    ticking = false;
    assert.deepEqual(
      done,
      Array.from({ length: 20 }, (_, i) => i),
    );
    assert.ok(ticks >= 6, `others had ${ticks} turns`);
    await turn();
  });

  test('who waits is told of a failure like who does not', async () => {
    const turns = new Turns(0);
    const fails = (): never => {
      throw new Error('no');
    };
    await assert.rejects(async () => turns.run(fails), /no/);
    await assert.rejects(async () => turns.run(fails), /no/);
    assert.equal(await turns.run(async () => 'yes'), 'yes');
  });
});

test('what somebody sends to a room is handled in their order, however many come in at once', async (t) => {
  const scene = await openScene(t);
  const people = await Promise.all(Array.from({ length: 40 }, (_, i) => scene.comes(`person${i}@example.test/desk`)));
  const [owner] = people;
  await owner!.sends(enter('nick0'));
  await owner!.gets(
    `<iq type='set' to='${ROOM}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
  );
  for (const one of people) await one.all();
  const busy = people.slice(1).map(async (one, i) => {
    await one.sends(enter(`nick${i + 1}`));
    await one.sends(`<message to='${ROOM}' type='groupchat'><body>${i}</body></message>`);
    await one.sends(`<presence to='${ROOM}/nick${i + 1}' type='unavailable'/>`);
  });
  await Promise.all(busy);
  const got = await owner!.all();
  for (let i = 1; i < people.length; i++) {
    const his = got.filter(({ attrs }) => attrs.from === `${ROOM}/nick${i}`);
    assert.deepEqual(
      his.map(({ name, attrs }) => `${name} ${attrs.type ?? ''}`),
      ['presence ', 'message groupchat', 'presence unavailable'],
    );
  }
});
