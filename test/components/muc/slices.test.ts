import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Room } from '../../../server/components/muc/room.ts';
import { inSlices } from '../../../server/components/muc/slices.ts';
import type { Actor } from '../../support/actor.ts';
import { admin, configure, enters, makes, ROOM, roomOf } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

/** Time flies: whatever is done takes 20 ms. */
function slowly(t: Parameters<typeof openScene>[0]): void {
  let now = 0;
  t.mock.method(performance, 'now', () => {
    now += 20;
    return now;
  });
}

describe('what follows for many from one wish', () => {
  test('others have their turn in between, and none is left out', async (t) => {
    slowly(t);
    const said: string[] = [];
    const other = () => void (said.length < 6 && setImmediate(() => said.push('other') && other()));
    other();
    await inSlices(['one', 'two', 'three'], (word) => void said.push(word));
    assert.deepEqual(said.slice(0, 5), ['one', 'other', 'two', 'other', 'three']);
  });

  test('what is done quickly is done at once', () => {
    const said: number[] = [];
    void inSlices([1, 2, 3], (number) => void said.push(number));
    assert.deepEqual(said, [1, 2, 3]);
  });

  test('attack: one owner, one wish for all who are in a large room: the house goes on meanwhile', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    const names = ['romeo', 'nurse', 'tybalt', 'paris'];
    for (const name of names) await enters(await scene.comes(`${name}@example.test/street`), name);
    await juliet.all();
    slowly(t);
    const wishes: readonly (readonly [string, number])[] = [
      [configure({ moderatedroom: '1' }), 4],
      [configure({ moderatedroom: '0' }), 4],
      [admin(names.map((name) => `role='visitor' nick='${name}'`)), 4],
      [admin(names.map((name) => `affiliation='member' jid='${name}@example.test'`)), 4],
      [admin(names.map((name) => `affiliation='none' jid='${name}@example.test'`)), 4],
      [configure({ membersonly: '1' }), 4],
    ];
    await inTurns(t, juliet, roomOf(scene), wishes);
  });

  test('attack: a hat that all in a large room wear is changed, and destroyed: the house goes on meanwhile', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    await juliet.gets(hat('create', { title: 'Guest', uri: 'urn:hat' }));
    for (const name of ['romeo', 'nurse', 'tybalt', 'paris']) {
      await enters(await scene.comes(`${name}@example.test/street`), name);
      await juliet.gets(hat('assign', { jid: `${name}@example.test`, uri: 'urn:hat' }));
    }
    await juliet.all();
    slowly(t);
    await inTurns(t, juliet, roomOf(scene), [
      [hat('create', { title: 'Friend', uri: 'urn:hat' }), 4],
      [hat('destroy', { uri: 'urn:hat' }), 4],
    ]);
  });
});

function hat(name: string, fields: Record<string, string>): string {
  const type = "<field var='FORM_TYPE'><value>urn:xmpp:hats:commands</value></field>";
  const all = Object.entries(fields).map(([key, text]) => `<field var='hats#${key}'><value>${text}</value></field>`);
  const form = `<x xmlns='jabber:x:data' type='submit'>${type}${all.join('')}</x>`;
  const node = `urn:xmpp:hats:commands:${name}`;
  return `<iq type='set' to='${ROOM}'><command xmlns='http://jabber.org/protocol/commands' node='${node}'>${form}</command></iq>`;
}

/** Presence that follows from each of these wishes is told in so many turns of the event loop. */
async function inTurns(
  t: TestContext,
  owner: Actor,
  room: Room,
  wishes: readonly (readonly [string, number])[],
): Promise<void> {
  const tell = room.tell.bind(room);
  for (const [wish, presences] of wishes) {
    let turn = 0;
    let counting = true;
    const count = () => void (counting && setImmediate(() => ++turn && count()));
    count();
    const turns = new Set<number>();
    t.mock.method(room, 'tell', (...[occupant, stanza]: Parameters<typeof tell>) => {
      if (stanza.kind === 'presence') turns.add(turn);
      tell(occupant, stanza);
    });
    await owner.gets(wish);
    counting = false;
    assert.equal(turns.size, presences, wish);
    await owner.all();
  }
}
