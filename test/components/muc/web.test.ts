import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Element, elements, serialize } from '../../../server/xmpp/element.ts';
import { open as openBosh } from '../../c2s/bosh.ts';
import { openWeb, WebWire } from '../../c2s/web.ts';
import { enter, enters, leave, MUC, makes, ROOM, roomOf, say } from '../../support/rooms.ts';
import { find } from '../../support/xml.ts';

const SM = "xmlns='urn:xmpp:sm:3'";
const CLIENT = "xmlns='jabber:client'";
const R = 'romeo@example.test';

const framed = (xml: string): string => xml.replace(/^<\w+/, (tag) => `${tag} ${CLIENT}`);
const bodies = (all: readonly Element[]): string[] =>
  all.flatMap((one) => {
    const body = one.name === 'message' ? find(one, 'body')?.children[0] : undefined;
    return typeof body === 'string' ? [body] : [];
  });

describe('a room by WebSocket (RFC 7395)', () => {
  async function comes(t: TestContext, managed = true) {
    const { scene, port } = await openWeb(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    for (let n = 0; n < 5; n++) await juliet.sends(say(`before ${n}`));
    await juliet.all();
    const wire = await new WebWire(port).ready();
    await wire.binds(`${R}/web`);
    let token = '';
    if (managed) {
      wire.write(`<enable ${SM} resume='true'/>`);
      token = (await wire.receives(`<enabled ${SM} id='*' resume='true'/>`)).attrs.id as string;
    }
    wire.write(framed(enter('Romeo')));
    return { scene, port, juliet, wire, token };
  }
  const until = async (wire: WebWire, isLast: (one: Element) => boolean): Promise<Element[]> => {
    const all: Element[] = [];
    for (;;) {
      const one = await wire.next();
      assert.ok(one !== undefined, all.map(serialize).join('\n'));
      all.push(one);
      if (isLast(one)) return all;
    }
  };
  const isSubject = (one: Element): boolean => find(one, 'subject') !== undefined;

  test('one enters, sees who is there, hears what was said, and talks', async (t) => {
    const { juliet, wire } = await comes(t);
    const told = await until(wire, isSubject);
    assert.deepEqual(
      told.map(({ name }) => name),
      ['presence', 'presence', ...Array(5).fill('message'), 'message'],
    );
    assert.deepEqual(bodies(told), ['before 0', 'before 1', 'before 2', 'before 3', 'before 4']);
    wire.write(framed(say('hello')));
    assert.deepEqual(bodies(await until(wire, (one) => bodies([one])[0] === 'hello')), ['hello']);
    await juliet.receives(`<presence from='${ROOM}/Romeo'><x xmlns='${MUC}#user'/></presence>`);
    await juliet.receives(`<message from='${ROOM}/Romeo'><body>hello</body></message>`);
  });

  test('a connection that is lost is taken up again: nothing is missing, doubled or out of order, and nobody noticed', async (t) => {
    const { port, juliet, wire, token } = await comes(t);
    const h = (await until(wire, isSubject)).length;
    await juliet.all();
    wire.socket.terminate();
    await sleep(20);
    for (let n = 0; n < 100; n++) await juliet.sends(say(`${n}`));
    const again = await new WebWire(port).ready();
    await again.logsIn(R);
    again.write(`<resume ${SM} previd='${token}' h='${h}'/>`);
    await again.receives(`<resumed ${SM} previd='${token}'/>`);
    await juliet.sends(say('last'));
    const got = bodies(await until(again, (one) => bodies([one])[0] === 'last'));
    assert.deepEqual(got, [...Array.from({ length: 100 }, (_, n) => `${n}`), 'last']);
    assert.deepEqual(
      (await juliet.all()).filter(({ name }) => name === 'presence'),
      [],
    );
  });

  test('attack: who reads nothing in a busy room is out of it in the end, and the others go on', async (t) => {
    const { scene, juliet, wire } = await comes(t, false);
    await until(wire, isSubject);
    const tybalt = await scene.comes('tybalt@example.test/street');
    await enters(tybalt, 'Tybalt');
    wire.socket.pause();
    const text = 'x'.repeat(200_000);
    for (let n = 0; n < 200; n++) {
      await juliet.sends(
        `<message to='${ROOM}' type='groupchat'><body>${text}</body><no-store xmlns='urn:xmpp:hints'/></message>`,
      );
      juliet.received.length = 0;
      if (n % 10 === 0) await sleep(1);
    }
    await scene.settle();
    const got = await tybalt.all();
    assert.equal(bodies(got).length, 200);
    assert.equal(got.filter(({ attrs }) => attrs.type === 'unavailable').length, 1);
    assert.deepEqual([...roomOf(scene).occupants.keys()], ['Juliet', 'Tybalt']);
  });
});

describe('a room by BOSH (XEP-0124)', () => {
  test('one enters, hears what was said, talks, and leaves; who ends the session is out', async (t) => {
    const { scene, bosh } = await openBosh(t);
    const juliet = await scene.comes('nurse@example.test/balcony');
    await makes(juliet, 'Nurse');
    for (let n = 0; n < 300; n++) await juliet.sends(say(`before ${n}`));
    await juliet.all();
    await bosh.binds('juliet');
    const got: Element[] = [];
    const rounds = async (isOver: () => boolean, first = '') => {
      got.push(...elements(await bosh.says(first)));
      for (let n = 0; !isOver() && n < 50; n++) got.push(...elements(await bosh.says('')));
    };
    await rounds(() => got.some((one) => find(one, 'subject') !== undefined), framed(enter('Juliet')));
    assert.deepEqual(bodies(got).length, 20);
    assert.ok(got.every(({ attrs }) => attrs.xmlns === 'jabber:client'));
    got.length = 0;
    for (let n = 0; n < 1_000; n++) await juliet.sends(say(`${n}`));
    await rounds(() => bodies(got).length >= 1_000);
    assert.deepEqual(
      bodies(got),
      Array.from({ length: 1_000 }, (_, n) => `${n}`),
    );
    await juliet.all();
    got.length = 0;
    await rounds(() => bodies(got).includes('hi'), framed(say('hi')));
    await juliet.receives(`<message from='${ROOM}/Juliet'><body>hi</body></message>`);
    got.length = 0;
    await rounds(() => got.some(({ attrs }) => attrs.type === 'unavailable'), framed(leave('Juliet')));
    await juliet.receives(`<presence from='${ROOM}/Juliet' type='unavailable'/>`);
    assert.equal(roomOf(scene).occupants.size, 1);
    await rounds(() => got.some((one) => find(one, 'subject') !== undefined), framed(enter('Juliet')));
    await bosh.says(`<presence ${CLIENT} type='unavailable'/>`, "type='terminate'");
    await scene.settle();
    assert.equal(roomOf(scene).occupants.size, 1);
  });
});
