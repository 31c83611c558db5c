import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const D = 'example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const jid = (local: string): string => `${local}@${D}`;
const tokenIn = (url: string): string => url.split('/').at(-1)!;

/** Whom somebody has in the contact list. */
async function has(actor: Actor): Promise<string[]> {
  const answer = await actor.gets("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
  return elements(find(answer, 'query')!)
    .map(({ attrs }) => attrs.jid as string)
    .sort();
}

/** Sales, with Juliet in it, who is here. */
async function office(scene: Scene) {
  const { departments } = scene.commands;
  await scene.account(jid('juliet'));
  const { id } = await departments.create(BY, D, { name: 'Sales', rooms: ['sales'] });
  await departments.move(BY, id, { add: [jid('juliet')] });
  await scene.settle();
  const juliet = await scene.comes(`${jid('juliet')}/phone`);
  return { id, juliet, departments };
}

const names = (scene: Scene, domain = D): string[] => scene.stores.departments.list(domain).map(({ name }) => name);
async function rowsOf(scene: Scene): Promise<Record<string, number>> {
  const tables = ['department', 'department_member', 'department_sight', 'department_room', 'department_grant'];
  const counts: Record<string, number> = {};
  for (const table of [...tables, 'invitation_department']) {
    const row = await scene.db.get<{ n: number }>({ text: `SELECT count(*) AS n FROM ${table}`, values: [] });
    if (row!.n > 0) counts[table] = row!.n;
  }
  return counts;
}

describe('the ways into a department and out of it', () => {
  test('an invitation: who takes it is in at once, and colleagues who are here see them', async (t) => {
    const scene = await openScene(t);
    const { id, juliet } = await office(scene);
    const { invitations, registration } = scene.commands;
    const { url, invitation } = await invitations.create(BY, D, { departments: [id] });
    assert.deepEqual(invitation.departments, [{ id, name: 'Sales' }]);
    const ticket = await registration.ticket(D, tokenIn(url), '192.0.2.1');
    const from = { domain: D, address: '192.0.2.1', door: 'panel' } as const;
    await registration.register({ ...from, local: 'romeo', name: 'Romeo', password: 'wherefore art thou', ticket });
    await scene.settle();
    assert.deepEqual(await has(juliet), [jid('romeo')]);
    assert.deepEqual(await has(await scene.comes(`${jid('romeo')}/desk`)), [jid('juliet')]);
    assert.equal((await scene.commands.rooms.get(D, 'sales')).counts.members, 2);
    await assert.rejects(invitations.create(BY, D, { departments: [999] }), { code: 'department-not-found' });
  });

  test('an invitation whose department is gone meanwhile leads into none, and into no other one', async (t) => {
    const scene = await openScene(t);
    const { id, juliet, departments } = await office(scene);
    const { invitations, registration } = scene.commands;
    const { url } = await invitations.create(BY, D, { departments: [id] });
    await departments.remove(BY, id);
    const again = await departments.create(BY, D, { name: 'Sales' });
    assert.notEqual(again.id, id, 'a number is never given again');
    await departments.move(BY, again.id, { add: [jid('juliet')] });
    const ticket = await registration.ticket(D, tokenIn(url), '192.0.2.1');
    const from = { domain: D, address: '192.0.2.1', door: 'panel' } as const;
    await registration.register({ ...from, local: 'romeo', password: 'wherefore art thou', ticket });
    await scene.settle();
    await juliet.all();
    assert.deepEqual(await has(juliet), []);
  });

  test('an import: its rows are in, and out again when it is taken back', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await office(scene);
    const { peopleImports } = scene.commands;
    const file = Buffer.from('user,name,department\nromeo,Romeo,sales\nparis,Paris,Stock\n');
    const wish = {
      domain: D,
      way: 'generate',
      existing: 'refuse',
      makeDepartments: true,
      leaveOut: false,
      days: 14,
    } as const;
    const { digest } = await peopleImports.check(file, wish);
    const { id } = await peopleImports.start(BY, file, wish, 'people.csv', digest);
    await peopleImports.settled();
    await scene.settle();
    assert.deepEqual(await has(juliet), [jid('romeo')]);
    assert.deepEqual(names(scene), ['Sales', 'Stock']);
    await juliet.all();
    await peopleImports.undo(BY, id);
    await peopleImports.settled();
    await scene.settle();
    const pushed = (await juliet.all()).flatMap((one) => find(one, 'query', 'item')?.attrs.subscription ?? []);
    assert.deepEqual(pushed, ['remove']);
    assert.deepEqual([await has(juliet), names(scene)], [[], ['Sales']]);
  });

  test('a person: in grace they stay in it, restored they are as before; made again under the name they are in none', async (t) => {
    const scene = await openScene(t);
    const { id, juliet, departments } = await office(scene);
    const { leaving, accounts } = scene.commands;
    await scene.account(jid('romeo'));
    await departments.move(BY, id, { add: [jid('romeo')] });
    await leaving.remove(BY, D, 'romeo', jid('romeo'));
    assert.deepEqual(
      (await departments.of(D, 'romeo')).map(({ name }) => name),
      ['Sales'],
    );
    await accounts.restore(BY, D, 'romeo');
    await scene.settle();
    assert.deepEqual(await has(juliet), [jid('romeo')]);

    await leaving.remove(BY, D, 'romeo', jid('romeo'), true);
    await scene.settle();
    assert.deepEqual(await has(juliet), []);
    await scene.account(jid('romeo'));
    await scene.settle();
    await juliet.all();
    const romeo = await scene.comes(`${jid('romeo')}/desk`);
    assert.deepEqual([await has(romeo), await has(juliet)], [[], []]);
    assert.equal((await scene.commands.rooms.get(D, 'sales')).counts.members, 1);
    await juliet.receivesNothing();
  });

  test('a department: its people stay, with what they arranged themselves; nothing of it is left', async (t) => {
    const scene = await openScene(t);
    const { id, juliet, departments } = await office(scene);
    await scene.friends(jid('juliet'), jid('romeo'));
    await scene.account(jid('paris'));
    const { id: other } = await departments.create(BY, D, { name: 'Stock' });
    await departments.move(BY, id, { add: [jid('romeo'), jid('paris')] });
    await departments.relate(BY, id, other, 'mutual');
    await scene.commands.invitations.create(BY, D, { departments: [id] });
    await scene.settle();
    assert.deepEqual(await has(juliet), [jid('paris'), jid('romeo')]);
    await departments.remove(BY, id);
    await scene.settle();
    assert.deepEqual(await has(juliet), [jid('romeo')]);
    assert.ok(await scene.stores.accounts.find(D, 'paris'));
    assert.deepEqual(await rowsOf(scene), { department: 1 });
  });

  test('a domain: all of it goes, and who serves the name again finds no department', async (t) => {
    const scene = await openScene(t, { domains: [D, 'other.test'] });
    for (const name of [D, 'other.test']) await scene.stores.domains.add(name);
    const { juliet } = await office(scene);
    const { departments, domains, federation } = scene.commands;
    await scene.account('romeo@other.test');
    const { id } = await departments.create(BY, 'other.test', { name: 'Sales', rooms: ['sales'] });
    const { id: second } = await departments.create(BY, 'other.test', { name: 'Stock' });
    await departments.move(BY, id, { add: ['romeo@other.test'] });
    await departments.relate(BY, id, second, 'sees');
    await federation.policy.chooseDepartments(BY, { add: [id] });
    await scene.commands.options.set(BY, 'departments.usually', 'mutual', 'other.test');
    await scene.settle();
    await domains.remove(BY, 'other.test', 'other.test');
    await scene.settle();
    assert.deepEqual(scene.book.policy.departments, []);
    const { department, department_member } = await rowsOf(scene);
    assert.deepEqual([department, department_member, await has(juliet)], [1, 1, []], 'that of the other domain stays');

    await domains.add(BY, 'other.test');
    await scene.account('romeo@other.test');
    assert.deepEqual(departments.list('other.test'), { departments: [], relations: [], usually: 'hidden' });
    assert.deepEqual(await departments.of('other.test', 'romeo'), []);
    assert.deepEqual(await has(await scene.comes('romeo@other.test/desk')), []);
  });
});
