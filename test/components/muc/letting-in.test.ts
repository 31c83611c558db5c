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

test('nor does a department, a list or a link let anybody into a closed room before that, by whichever way', async (t) => {
  const scene = await openHouse(t);
  const { rooms, departments, bulk, invitations, options, peopleImports } = scene.commands;
  const late = { name: 'olga', door: 'panel', rights: ['admin'], proven: false } as const;
  await scene.account('romeo@example.test');
  await rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet', membersOnly: true });
  await rooms.create(by, DOMAIN, { name: 'hall', owner: 'juliet' });
  const [closed, open] = await Promise.all([
    departments.create(by, DOMAIN, { name: 'Closed', rooms: ['garden'] }),
    departments.create(by, DOMAIN, { name: 'Open', rooms: ['hall', 'new'] }),
  ]);
  const { id: linked } = (await invitations.create(by, DOMAIN, { departments: [closed.id] })).invitation;
  const romeo = 'romeo@example.test';
  const file = (department: string) => Buffer.from(`user,department\nromeo,${department}\nparis,${department}\n`);
  const wish = {
    domain: DOMAIN,
    way: 'generate',
    existing: 'update',
    makeDepartments: true,
    leaveOut: false,
    days: 14,
  } as const;
  const imports = async (who: typeof late | typeof by, department: string) => {
    const { digest } = await peopleImports.check(file(department), wish);
    await peopleImports.start(who, file(department), wish, 'people.csv', digest);
    await peopleImports.settled();
  };
  const ways: Record<
    string,
    (who: typeof late | typeof by, department: number, name: string, room: string) => Promise<unknown>
  > = {
    'its people': (who, id) => departments.move(who, id, { add: [romeo] }),
    'the departments of a person': (who, id) => departments.setFor(who, DOMAIN, 'romeo', [id]),
    'many people at once': (who, id) => bulk.department(who, [romeo], id, true),
    'its rooms': (who, id, _name, room) => departments.change(who, id, { rooms: ['first', room] }),
    'an invitation': (who, id) => invitations.create(who, DOMAIN, { departments: [id] }),
    'many invitations': (who, id) => invitations.createMany(who, DOMAIN, { people: ['paris'], departments: [id] }),
    'a file of people': (who, _id, name) => imports(who, name),
    'the rooms for everybody': (who, _id, _name, room) => options.set(who, 'rooms.for-all', [room], DOMAIN),
  };
  await departments.change(by, closed.id, { rooms: [] });
  await assert.rejects(ways['its rooms']!(late, closed.id, 'Closed', 'garden'), refused('prove-yourself'), 'its rooms');
  await departments.change(by, closed.id, { rooms: ['garden'] });
  for (const [name, way] of Object.entries(ways)) {
    if (name !== 'its rooms')
      await assert.rejects(way(late, closed.id, 'Closed', 'garden'), refused('prove-yourself'), name);
  }
  await assert.rejects(invitations.relink(late, linked), refused('prove-yourself'), 'a link made anew');
  await scene.settle();
  assert.deepEqual(
    (await rooms.members(DOMAIN, 'garden')).members.map(({ jid }) => jid),
    ['juliet@example.test'],
  );
  for (const [name, way] of Object.entries(ways)) {
    await assert.doesNotReject(way(late, open.id, 'Open', 'hall'), name);
    await departments.move(late, open.id, { remove: [romeo] });
  }
  await departments.move({ ...late, proven: true }, closed.id, { add: [romeo] });
  await departments.setFor(late, DOMAIN, 'romeo', [closed.id, open.id]);
  await departments.move(late, closed.id, { remove: [romeo] });
});
