import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { child, type Element, textOf } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enters, ROOM } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';

/** A house with Juliet in it. */
async function openHouse(t: TestContext): Promise<Scene> {
  const scene = await openScene(t);
  await scene.account('juliet@example.test');
  return scene;
}

/** What the house has told somebody. */
const notesOf = (stanzas: readonly Element[]): string[] =>
  stanzas
    .filter(({ name, attrs }) => name === 'message' && attrs.from === DOMAIN)
    .map((one) => textOf(child(one, 'body')));

/** Somebody comes, and is given what has waited. */
async function arrives(scene: Scene, bare: string): Promise<{ actor: Actor; notes: string[] }> {
  const actor = await scene.connect(`${bare}/desk`);
  await actor.sends('<presence/>');
  return { actor, notes: notesOf(await actor.all()) };
}

describe('owners of a room who are not in it', () => {
  const told = (what: string) => `An administrator of this server ${what} the room ${ROOM}, which you own.`;

  test('are told what administrators do to who may come in: with their next login when they are away', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    await scene.account('nurse@example.test');
    await rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet', membersOnly: true });
    await rooms.affiliate(by, DOMAIN, 'garden', 'romeo@example.test', { affiliation: 'member' });
    await rooms.affiliate(by, DOMAIN, 'garden', 'romeo@example.test', { affiliation: 'member' });
    await rooms.configure(by, DOMAIN, 'garden', { title: 'x' });
    await rooms.configure(by, DOMAIN, 'garden', { membersOnly: false });
    await rooms.affiliate(by, DOMAIN, 'garden', 'nurse@example.test', { affiliation: 'owner' });
    await rooms.affiliate(by, DOMAIN, 'garden', 'juliet@example.test', { affiliation: 'none' });
    const { notes } = await arrives(scene, 'juliet@example.test');
    const { actor: nurse, notes: hers } = await arrives(scene, 'nurse@example.test');
    assert.deepEqual(notes, [
      told('made romeo@example.test a member of'),
      told('changed who may come into'),
      told('made nurse@example.test an owner of'),
      told('took juliet@example.test out of the list of people of'),
    ]);
    assert.deepEqual(hers, [told('took juliet@example.test out of the list of people of')]);
    await rooms.affiliate(by, DOMAIN, 'garden', 'paris@example.test', { affiliation: 'admin' });
    assert.deepEqual(
      notesOf(await nurse.all()),
      [told('made paris@example.test an admin of')],
      'at once who is online',
    );
    await enters(nurse, 'Nurse');
    await rooms.affiliate(by, DOMAIN, 'garden', 'paris@example.test', { affiliation: 'none' });
    assert.deepEqual(notesOf(await nurse.all()), [], 'who is in sees it');
  });

  test('are not drowned in it: the last of many says that there may be more', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    await rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet' });
    for (let n = 0; n < 25; n++)
      await rooms.affiliate(by, DOMAIN, 'garden', `p${n}@example.test`, { affiliation: 'member' });
    const { notes } = await arrives(scene, 'juliet@example.test');
    assert.equal(notes.length, 20);
    assert.deepEqual(notes.map((one) => one.includes('not told one by one')).indexOf(true), 19);
  });

  test('are told once a day that a department has let people in', async (t) => {
    const scene = await openHouse(t);
    const { rooms, departments } = scene.commands;
    await rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet', membersOnly: true });
    const { id } = await departments.create(by, DOMAIN, { name: 'Sales', rooms: ['garden'] });
    for (const local of ['romeo', 'nurse']) {
      await scene.account(`${local}@example.test`);
      await departments.move(by, id, { add: [`${local}@example.test`] });
      await scene.comes(`${local}@example.test/desk`);
      await scene.settle();
    }
    assert.equal((await rooms.members(DOMAIN, 'garden')).total, 3);
    const { notes } = await arrives(scene, 'juliet@example.test');
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /let people in, by a department/);
  });
});
