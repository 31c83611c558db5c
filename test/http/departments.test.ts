import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createApp } from '../../server/http/app.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';

const D = 'example.test';
const ALL = `/api/domains/${D}/departments`;
const jid = (local: string): string => `${local}@${D}`;

describe('departments over HTTP', () => {
  let scene: Scene;
  let close: () => Promise<void>;
  let app: Awaited<ReturnType<typeof createApp>>;

  before(async () => {
    ({ scene, close } = await openLastingScene({ domains: [D, 'other.test'] }));
    for (const one of ['juliet', 'romeo', 'paris']) await scene.account(jid(one));
    await scene.account('nurse@other.test');
    app = await createApp({ commands: scene.commands, side: 'socket', log: scene.house.log });
  });
  after(async () => {
    app.streams.close();
    await app.app.close();
    await close();
  });

  async function ask(key: string, body?: object) {
    const [method, url] = key.split(' ') as ['GET', string];
    const answer = await app.app.inject({ method, url, ...(body !== undefined && { payload: body }) });
    return { status: answer.statusCode, json: answer.json(), text: answer.body };
  }

  async function does(key: string, body?: object) {
    const { status, json, text } = await ask(key, body);
    assert.equal(status, 200, `${key}: ${text}`);
    return json;
  }

  const make = async (name: string, more: object = {}): Promise<number> =>
    (await does(`POST ${ALL}`, { name, ...more })).department.id;
  const named = async (): Promise<string[]> =>
    (await does(`GET ${ALL}`)).departments.map(({ name }: { name: string }) => name);
  const newest = async () => {
    const [{ action, subject, detail }] = (await does('GET /api/audit?limit=1')).rows;
    return [action, subject, detail];
  };

  test('are made, listed in their order, changed, removed; each deed is written down', async () => {
    assert.deepEqual(await does(`GET ${ALL}`), { departments: [], relations: [], usually: 'hidden' });
    const made = (await does(`POST ${ALL}`, { name: ' Sales ', description: 'Who sells', rooms: ['sales', 'all'] }))
      .department;
    assert.deepEqual(await newest(), ['department.create', D, { department: 'Sales' }]);
    const { id, createdAt, ...rest } = made;
    const plain = { domain: D, name: 'Sales', description: 'Who sells', rooms: ['all', 'sales'], people: 0, online: 0 };
    assert.deepEqual(rest, plain);
    assert.ok(Math.abs(Date.now() - createdAt) < 600_000);
    const stock = await make('Stock');
    assert.deepEqual(await named(), ['Sales', 'Stock']);
    assert.deepEqual(await does(`PUT ${ALL}/order`, { order: [stock] }), { done: true });
    assert.deepEqual(await newest(), ['department.order', D, { order: String(stock) }]);
    assert.deepEqual(await named(), ['Stock', 'Sales']);

    const changed = await does(`PATCH /api/departments/${id}`, { name: 'Selling', description: '' });
    assert.deepEqual([changed.department.name, changed.department.description], ['Selling', '']);
    assert.deepEqual(changed.department.rooms, ['all', 'sales'], 'what is not wished stays');
    assert.equal((await newest())[0], 'department.change');
    assert.deepEqual((await does(`PATCH /api/departments/${id}`, { rooms: ['all'] })).department.rooms, ['all']);
    assert.deepEqual(await newest(), ['department.rooms', D, { department: 'Selling', rooms: 'all' }]);
    const read = await does(`GET /api/departments/${id}`);
    assert.equal(read.department.name, 'Selling');
    assert.deepEqual(
      read.relations.map(({ one, other, relation, usual }: Record<string, unknown>) => [one, other, relation, usual]),
      [
        [id, stock, 'hidden', true],
        [id, id, 'mutual', true],
      ],
    );
    assert.deepEqual(await does(`DELETE /api/departments/${stock}`), { done: true });
    assert.deepEqual(await newest(), ['department.remove', D, { department: 'Stock' }]);
    assert.deepEqual(await named(), ['Selling']);
    assert.deepEqual((await does('GET /api/domains/other.test/departments')).departments, [], 'of this domain only');
  });

  test('have people, by department and by person, a page at a time', async () => {
    const id = await make('Garden');
    await scene.comes(`${jid('juliet')}/phone`);
    await scene.commands.accounts.setName({ name: 'olga', door: 'panel' }, D, 'romeo', 'Romeo Montague');
    const { department } = await does(`POST /api/departments/${id}/people`, {
      add: ['juliet', 'romeo', 'paris'].map(jid),
    });
    assert.deepEqual([department.people, department.online], [3, 1]);
    assert.deepEqual(await newest(), ['department.join', jid('paris'), { department: 'Garden' }]);
    const people = (query: string) => does(`GET /api/departments/${id}/people${query}`);
    assert.deepEqual(await people('?limit=2'), {
      people: [
        { local: 'juliet', name: '', online: true },
        { local: 'paris', name: '', online: false },
      ],
      total: 3,
      hasMore: true,
    });
    const rest = { people: [{ local: 'romeo', name: 'Romeo Montague', online: false }], hasMore: false };
    assert.deepEqual(await people('?after=paris'), { ...rest, total: 3 });
    assert.deepEqual(await people('?search=MONTAGUE'), { ...rest, total: 1 });
    await does(`POST /api/departments/${id}/people`, { remove: [jid('juliet')] });
    assert.deepEqual(await newest(), ['department.leave', jid('juliet'), { department: 'Garden' }]);
    assert.equal((await people('')).total, 2);

    const own = `/api/domains/${D}/accounts/romeo/departments`;
    const other = await make('Kitchen');
    const of = (reply: { departments: { name: string }[] }) => reply.departments.map(({ name }) => name);
    assert.deepEqual(of(await does(`GET ${own}`)), ['Garden']);
    assert.deepEqual(
      of(await does(`PUT ${own}`, { departments: [other, id] })),
      ['Garden', 'Kitchen'],
      'in their order',
    );
    assert.deepEqual(await newest(), ['account.departments', jid('romeo'), { from: 'Garden', to: 'Garden, Kitchen' }]);
    assert.deepEqual(of(await does(`PUT ${own}`, { departments: [] })), []);
    const { results } = await does('POST /api/people/department', {
      people: [jid('romeo'), jid('nobody'), 'nurse@other.test'],
      department: other,
      member: true,
    });
    assert.deepEqual(
      results.map(({ done }: { done: boolean }) => done),
      [true, false, false],
    );
    const listed = await does(`GET /api/people?department=${other}`);
    assert.deepEqual(
      listed.people.map((one: { jid: string; departments: string[] }) => [one.jid, one.departments]),
      [[jid('romeo'), ['Kitchen']]],
    );
    assert.ok(listed.departments.some((one: { id: number; domain: string }) => one.id === other && one.domain === D));
  });

  test('who has whom is decided for two, read from either side, and taken back', async () => {
    const [one, other] = [await make('One'), await make('Other')];
    const relate = (relation: string, a = one, b = other) =>
      does(`PUT /api/departments/${a}/relations/${b}`, { relation });
    const read = async (a: number, b: number) => {
      const { relations } = await does(`GET /api/departments/${a}`);
      const found = relations.find((each: { other: number }) => each.other === b);
      return [found.relation, found.usual];
    };
    assert.deepEqual(await relate('sees'), { relation: { one, other, relation: 'sees', usual: false } });
    assert.deepEqual(await newest(), ['department.sight', D, { department: 'One', other: 'Other', relation: 'sees' }]);
    assert.deepEqual(
      [await read(one, other), await read(other, one)],
      [
        ['sees', false],
        ['seen', false],
      ],
    );
    for (const relation of ['seen', 'mutual', 'hidden']) {
      await relate(relation);
      assert.deepEqual(await read(one, other), [relation, false]);
    }
    await relate('hidden', one, one);
    assert.deepEqual(await read(one, one), ['hidden', false]);
    await relate('usual');
    assert.deepEqual(await read(one, other), ['hidden', true]);
    await scene.commands.options.set({ name: 'olga', door: 'panel' }, 'departments.usually', 'mutual', D);
    assert.deepEqual(await read(one, other), ['mutual', true]);
    assert.equal((await does(`GET ${ALL}`)).usually, 'mutual');
  });

  test('refusals: each with its status, its code and the field at fault; nothing is done by them', async () => {
    const id = await make('Chiefs');
    const elsewhere = (await does('POST /api/domains/other.test/departments', { name: 'Chiefs' })).department.id;
    const before = await does(`GET ${ALL}`);
    const people = `POST /api/departments/${id}/people`;
    const own = `PUT /api/domains/${D}/accounts/juliet/departments`;
    const cases: [string, object | undefined, number, string, string | undefined][] = [
      [`POST ${ALL}`, {}, 400, 'invalid', 'name'],
      [`POST ${ALL}`, { name: ' ' }, 422, 'invalid', 'name'],
      [`POST ${ALL}`, { name: 'CHIEFS' }, 409, 'department-exists', 'name'],
      [`POST ${ALL}`, { name: 'a\nb' }, 422, 'invalid', 'name'],
      [`POST ${ALL}`, { name: 'a\u202eb' }, 422, 'invalid', 'name'],
      [`POST ${ALL}`, { name: 'x'.repeat(61) }, 422, 'invalid', 'name'],
      [`POST ${ALL}`, { name: 'New', description: 'x'.repeat(501) }, 422, 'invalid', 'description'],
      [`POST ${ALL}`, { name: 'New', rooms: ['Big Room'] }, 422, 'invalid', 'rooms'],
      [`POST ${ALL}`, { name: 'New', rooms: Array.from({ length: 21 }, (_, n) => `r${n}`) }, 422, 'invalid', 'rooms'],
      [`POST ${ALL}`, { name: 'New', colour: 'red' }, 400, 'invalid', 'colour'],
      ['GET /api/domains/elsewhere.test/departments', undefined, 404, 'domain-not-found', undefined],
      [`PUT ${ALL}/order`, { order: [elsewhere] }, 404, 'department-not-found', 'department'],
      [`PUT ${ALL}/order`, { order: [0] }, 400, 'invalid', 'order'],
      ['GET /api/departments/999', undefined, 404, 'department-not-found', 'department'],
      ['GET /api/departments/1e3', undefined, 400, 'invalid', 'id'],
      ['PATCH /api/departments/999', { name: 'x' }, 404, 'department-not-found', 'department'],
      [`PATCH /api/departments/${id}`, { name: 'selling' }, 409, 'department-exists', 'name'],
      ['DELETE /api/departments/999', undefined, 404, 'department-not-found', 'department'],
      [`GET /api/departments/${id}/people?limit=0`, undefined, 400, 'invalid', 'limit'],
      ['GET /api/departments/999/people', undefined, 404, 'department-not-found', 'department'],
      [people, { add: [jid('juliet'), jid('nobody')] }, 404, 'account-not-found', 'add'],
      [people, { add: ['nurse@other.test'] }, 404, 'account-not-found', 'add'],
      [people, { add: ['@'] }, 404, 'account-not-found', 'add'],
      [people, { add: Array.from({ length: 1_001 }, (_, n) => jid(`u${n}`)) }, 400, 'invalid', 'add'],
      [own, { departments: [elsewhere] }, 404, 'department-not-found', 'department'],
      [own, { departments: [999] }, 404, 'department-not-found', 'department'],
      [own.replace('juliet', 'nobody'), { departments: [] }, 404, 'account-not-found', 'add'],
      [
        `PUT /api/departments/${id}/relations/${elsewhere}`,
        { relation: 'mutual' },
        404,
        'department-not-found',
        'department',
      ],
      [`PUT /api/departments/${id}/relations/${id}`, { relation: 'sees' }, 422, 'invalid', 'relation'],
      [`PUT /api/departments/${id}/relations/${id}`, { relation: 'friends' }, 400, 'invalid', 'relation'],
    ];
    for (const [key, body, status, code, field] of cases) {
      const answer = await ask(key, body);
      assert.deepEqual(
        [answer.status, answer.json.error?.code, answer.json.error?.field],
        [status, code, field],
        `${key}: ${answer.text}`,
      );
    }
    assert.deepEqual(await does(`GET ${ALL}`), before);
  });

  test('bounds: so many departments of a domain, so many of a person', async () => {
    const ids: number[] = [];
    while (ids.length < 21) ids.push(await make(`Number ${ids.length}`));
    const own = `PUT /api/domains/${D}/accounts/paris/departments`;
    const refused = await ask(own, { departments: ids });
    assert.deepEqual([refused.status, refused.json.error.field], [422, 'departments']);
    await does(own, { departments: ids.slice(1) });
    const joins = await ask(`POST /api/departments/${ids[0]}/people`, { add: [jid('paris')] });
    assert.deepEqual([joins.status, joins.json.error.field], [422, 'departments']);
    for (let n = (await named()).length; n < 200; n++) await scene.stores.departments.create(D, `More ${n}`, '');
    const one = await ask(`POST ${ALL}`, { name: 'One more' });
    assert.deepEqual([one.status, one.json.error.code], [429, 'too-many']);
  });
});
