import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { serialize } from '../../../server/xmpp/element.ts';
import { refused } from '../../support/refused.ts';
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

async function audited(scene: Scene): Promise<string[]> {
  const { rows } = await scene.commands.audit.page(undefined, 100);
  return rows.map((row) => `${row.action} ${row.subject} ${JSON.stringify(row.detail)}`).reverse();
}

test('who lets somebody into a closed room, or opens it, shows first who they are; those in it are told (§10.3)', async (t) => {
  const scene = await openHouse(t);
  const { rooms } = scene.commands;
  const late = { name: 'olga', door: 'panel', rights: ['admin'], proven: false } as const;
  for (const [name, config] of [
    ['garden', { membersOnly: true }],
    ['vault', { password: 'rose' }],
  ] as const) {
    await rooms.create(by, DOMAIN, { name, owner: 'juliet', ...config });
    for (const affiliation of ['member', 'admin', 'owner'] as const) {
      const work = rooms.affiliate(late, DOMAIN, name, 'olga@example.test', { affiliation });
      await assert.rejects(work, refused('prove-yourself'), `${name} ${affiliation}`);
    }
    await assert.rejects(
      rooms.configure(late, DOMAIN, name, { membersOnly: false, password: '' }),
      refused('prove-yourself'),
    );
    await rooms.affiliate(late, DOMAIN, name, 'romeo@example.test', { affiliation: 'outcast' });
    await rooms.configure(late, DOMAIN, name, { title: 'x' });
  }
  await rooms.create(late, DOMAIN, { name: 'hall', owner: 'juliet' });
  await rooms.affiliate(late, DOMAIN, 'hall', 'olga@example.test', { affiliation: 'member' });
  const juliet = await scene.comes('juliet@example.test/balcony');
  await enters(juliet, 'Juliet');
  await rooms.affiliate({ ...late, proven: true }, DOMAIN, 'garden', 'olga@example.test', { affiliation: 'member' });
  const told = (await juliet.all()).map(serialize).join();
  assert.match(told, /<item affiliation=['"]member['"] jid=['"]olga@example\.test['"]/);
  assert.ok((await audited(scene)).some((row) => row.startsWith(`room.member ${ROOM} {"who":"olga@example.test"`)));
});
