import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { CommandError } from '../../../server/commands/command-error.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { readsArchive, stanzaIds } from '../../support/archive.ts';
import { enter, enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';
const reading = { reason: 'Complaint of Juliet' };

async function garden(t: TestContext) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  const { rooms, audit } = scene.commands;
  const log = async () =>
    (await audit.page(undefined, 100)).rows
      .filter(({ action }) => action === 'room.moderate')
      .map(({ actor, subject, detail }) => `${actor} ${subject} ${JSON.stringify(detail)}`);
  const seen = async () =>
    (await rooms.archive(by, DOMAIN, 'garden', reading)).messages.map(({ nick, kind, text }) => [nick, kind, text]);
  return { scene, juliet, romeo, rooms, log, seen };
}

/** Says it, and gives the id that the room gave it. */
async function says(who: Actor, xml: string): Promise<number> {
  await who.all();
  await who.sends(xml);
  return Number(stanzaIds((await who.all()).at(-1)).at(-1)!.id);
}

const refused =
  (code: string, field?: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof CommandError, String(error));
    assert.deepEqual([error.code, error.field], [code, field], error.message);
    return true;
  };

describe('XEP-0425: administrators take messages away', () => {
  test('§3, §4: everybody is told by the room, a tombstone stays, and it is audited without the words', async (t) => {
    const { juliet, romeo, rooms, log, seen, scene } = await garden(t);
    const id = await says(romeo, say('secret'));
    await juliet.all();
    await romeo.all();
    assert.deepEqual(await rooms.moderate(by, DOMAIN, 'garden', id, ' Not here <b> '), [id]);
    for (const who of [juliet, romeo]) {
      const [told, ...more] = await who.all();
      assert.deepEqual(more, []);
      assert.equal(told!.attrs.from, ROOM);
      assert.match(
        serialize(told!),
        new RegExp(`<retract [^>]*id='${id}'><moderated [^>]*by='${ROOM}'/><reason>Not here &lt;b(>|&gt;)</reason>`),
      );
    }
    const { found } = await readsArchive(juliet, {}, '', ROOM);
    const grave = serialize(found[0]!.message);
    assert.match(grave, new RegExp(`<occupant-id .*<retracted [^>]*><moderated [^>]*by='${ROOM}'/><reason>Not here`));
    assert.doesNotMatch(grave, /<body|olga/);
    assert.deepEqual(await seen(), [
      ['Romeo', 'moderated', 'Not here <b>'],
      ['', 'other', ''],
    ]);
    const [row, ...rest] = await log();
    assert.deepEqual(rest, []);
    assert.equal(row, `olga ${ROOM} ${JSON.stringify({ message: id, nick: 'Romeo', reason: 'Not here <b>' })}`);
    const nurse = await scene.comes('nurse@example.test/hall');
    await nurse.sends(enter('Nurse'));
    const told = (await nurse.all()).map(serialize).join('');
    assert.match(told, /<retracted/);
    assert.doesNotMatch(told, /<body>secret/, 'nor are newcomers told');
  });

  test('with what corrected it (XEP-0308), whichever of them is named, however many were taken away before', async (t) => {
    const { romeo, rooms, seen, scene } = await garden(t);
    for (let i = 0; i < 30; i++) {
      const first = await says(romeo, say(`wrong${i}`));
      const correction =
        `<message to='${ROOM}' type='groupchat' id='c${i}'><body>still wrong${i}</body>` +
        `<replace xmlns='urn:xmpp:message-correct:0' id='wrong${i}'/></message>`;
      const second = await says(romeo, correction);
      const ids = i % 2 === 0 ? [first, second] : [second, first];
      assert.deepEqual(await rooms.moderate(by, DOMAIN, 'garden', ids[0]!), ids);
    }
    await scene.settle();
    assert.doesNotMatch(JSON.stringify(await seen()), /wrong/);
  });

  test('in a room that nobody is in, and in one that administrators only may reach; also after a restart', async (t) => {
    const { juliet, romeo, rooms, seen, scene } = await garden(t);
    const id = await says(romeo, say('secret'));
    for (const who of [juliet, romeo]) await who.sends(leave('x'));
    await scene.settle();
    await scene.commands.options.set(by, 'rooms.on', false);
    await rooms.moderate(by, DOMAIN, 'garden', id);
    assert.deepEqual((await seen())[0], ['Romeo', 'moderated', '']);
    await scene.commands.options.set(by, 'rooms.on', true);
    await romeo.sends(enter('Romeo'));
    assert.doesNotMatch((await romeo.all()).map(serialize).join(''), /<body>secret/);
  });

  test('what an author took back is told apart from what was taken away', async (t) => {
    const { romeo, seen } = await garden(t);
    const id = await says(romeo, say('secret'));
    await says(
      romeo,
      `<message to='${ROOM}' type='groupchat' id='r'><retract xmlns='urn:xmpp:message-retract:1' id='${id}'/></message>`,
    );
    assert.deepEqual((await seen())[0], ['Romeo', 'removed', '']);
  });

  test('refused, and not audited: what is not there, of another room, gone already, a subject, what the room said', async (t) => {
    const { juliet, romeo, rooms, log, seen } = await garden(t);
    const id = await says(romeo, say('one'));
    const subject = await says(juliet, `<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    await makes(juliet, 'Juliet', {}, 'hall@conference.example.test');
    const elsewhere = await says(juliet, say('two', 'hall@conference.example.test'));
    for (const wrong of [1, elsewhere, subject]) {
      await assert.rejects(rooms.moderate(by, DOMAIN, 'garden', wrong), refused('invalid', 'id'));
    }
    await assert.rejects(rooms.moderate(by, DOMAIN, 'cellar', id), refused('room-not-found'));
    await assert.rejects(rooms.moderate(by, DOMAIN, 'garden', id, 'x'.repeat(1_001)), refused('invalid', 'id'));
    assert.deepEqual(await log(), []);
    assert.deepEqual((await seen())[0], ['Romeo', 'message', 'one']);
    const both = await Promise.allSettled([1, 2].map(() => rooms.moderate(by, DOMAIN, 'garden', id)));
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'of two at once, one does it');
    assert.equal((await log()).length, 1);
  });
});
