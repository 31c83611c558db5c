import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError } from '../../server/commands/command-error.ts';
import { refused } from '../support/refused.ts';
import { openScene } from '../support/scene.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';

/** How each of them ended that were begun at the same time: `done`, or the code of a refusal. What is none is thrown. */
async function atOnce(...tasks: (() => Promise<unknown>)[]): Promise<string[]> {
  const ends = tasks.map((task) =>
    task().then(
      () => 'done',
      (error: unknown) => {
        if (error instanceof CommandError) return error.code;
        throw error;
      },
    ),
  );
  return (await Promise.all(ends)).sort();
}

test('a name becomes a domain or a component, whichever way it is asked for, and the other leaves nothing', async (t) => {
  const { commands, stores, hosts } = await openScene(t);
  const { domains, components } = commands;
  for (const order of [1, -1]) {
    for (const [domain, component] of [
      [`same${order + 1}.test`, `same${order + 1}.test`],
      [`next${order + 1}.test`, `conference.next${order + 1}.test`],
    ] as const) {
      const tasks = [() => domains.add(by, domain), () => components.add(by, component)];
      assert.deepEqual(await atOnce(...(order > 0 ? tasks : tasks.reverse())), ['domain-exists', 'done']);
      const served = hosts.get(domain) !== undefined;
      assert.equal(await stores.components.has(component), !served);
      assert.equal(
        (await stores.domains.list()).some(({ name }) => name === domain),
        served,
      );
      if (served) assert.ok(hosts.get(domain)?.rooms !== undefined, 'with its rooms');
    }
  }
});

test('a component that comes while a domain is being stored is heard: the domain is refused, and nothing of it stays', async (t) => {
  const { commands, stores, hosts } = await openScene(t);
  const { domains, components } = commands;
  const store = stores.domains.add.bind(stores.domains);
  for (const component of ['dual.test', 'upload.dual.test']) {
    stores.domains.add = async (name, now) => {
      await components.add(by, component);
      await store(name, now);
    };
    await assert.rejects(domains.add(by, 'dual.test'), refused('domain-exists', 'name'), component);
    assert.equal(hosts.get('dual.test'), undefined);
    assert.deepEqual(await stores.domains.list(), []);
    assert.ok(await stores.components.has(component));
    await components.remove(by, component);
  }
});

test('a domain is not served without the service that a component has the name of: the component goes first', async (t) => {
  const { commands, hosts } = await openScene(t);
  const { domains, components } = commands;
  await components.add(by, 'conference.next.test');
  await assert.rejects(domains.add(by, 'next.test'), /There is a component conference\.next\.test/);
  assert.equal(hosts.get('next.test'), undefined);
  await components.remove(by, 'conference.next.test');
  await domains.add(by, 'next.test');
  assert.ok(hosts.get('next.test')?.rooms !== undefined);
});

test('administrators of one name, and invitations that reserve one, are made once', async (t) => {
  const { administrators, invitations } = (await openScene(t)).commands;
  const invite = () => administrators.invite(by, 'paul', 'auditor');
  assert.deepEqual(await atOnce(invite, invite, invite), ['done', 'invalid', 'invalid']);
  const reserve = () => invitations.create(by, DOMAIN, { local: 'paris' });
  const many = () => invitations.createMany(by, DOMAIN, { people: ['Tybalt', 'paris@example.test'] });
  assert.deepEqual(await atOnce(reserve, many, reserve), ['account-exists', 'account-exists', 'done']);
});

test('a change of a setting is taken back once', async (t) => {
  const { options } = (await openScene(t)).commands;
  await options.set(by, 'rooms.per-person', 5, DOMAIN);
  const { rows } = await options.history({ key: 'rooms.per-person' });
  const undo = () => options.undo(by, rows[0]!.id);
  assert.deepEqual(await atOnce(undo, undo), ['done', 'setting-changed']);
  assert.equal((await options.history({ key: 'rooms.per-person' })).rows.length, 2);
});
