import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Fastify from 'fastify';
import { guard } from '../../server/http/auth.ts';
import { contract } from '../../server/http/contract/index.ts';
import { type Client, claim, ORIGIN, openApp, openHouse, type TestHouse } from './support.ts';

/** Whatever a route is asked here, it must get past the guard: any answer but these is one from behind it. */
const SHUT = [401, 403];
const PUBLIC = [
  'GET /api/session',
  'POST /api/sign-in',
  'POST /api/admin/reset',
  'GET /api/certificate-authority',
  'GET /api/outage/:domain',
  // Whoever holds a link: the token in it is what lets in.
  'POST /api/invite/look',
  'POST /api/invite/accept',
  'POST /api/reset/look',
  'POST /api/reset/use',
];
const LOCAL = ['GET /api/sessions', 'POST /api/claim-code', 'POST /api/admin/reset-code'];
const NOT_JSON = ['GET /api/events'];
const all = Object.keys(contract);
const admin = all.filter((key) => ![...PUBLIC, ...LOCAL, 'POST /api/claim'].includes(key));

function filled(key: string): string {
  return key.replace(':domain', 'example.test').replace(':local', 'nobody').replace(':resource', 'x');
}

describe('who may use what', () => {
  let house: TestHouse;
  let panel: { ask: Client; close: () => Promise<void> };
  let socket: { ask: Client; close: () => Promise<void> };
  let cookie: string;

  before(async () => {
    house = await openHouse();
    panel = await openApp(house);
    socket = await openApp(house, 'socket');
    cookie = await claim(house, panel.ask);
  });
  after(async () => {
    await panel.close();
    await socket.close();
    await house.close();
  });

  for (const key of admin) {
    test(`${key} without a cookie is 401`, async () => {
      for (const wrong of [undefined, '__Host-hallway=', `__Host-hallway=${'A'.repeat(43)}`, 'hallway=x']) {
        const answer = await panel.ask(filled(key), wrong === undefined ? {} : { cookie: wrong });
        assert.equal(answer.status, 401, answer.text);
        assert.equal(answer.json.error.code, 'not-signed-in');
      }
    });

    if (!key.startsWith('GET')) {
      test(`${key} from another origin is 403`, async () => {
        const origins = [
          'https://evil.test',
          'null',
          `http://${ORIGIN.slice(8)}`,
          `${ORIGIN}.evil.test`,
          'https://panel.example.test',
        ];
        for (const origin of origins) assert.equal((await panel.ask(filled(key), { cookie, origin })).status, 403);
        assert.equal((await panel.ask(filled(key), { cookie, origin: '' })).status, 403, 'no origin, but a cookie');
        const site = { 'sec-fetch-site': 'cross-site' };
        assert.equal((await panel.ask(filled(key), { cookie, headers: site })).status, 403);
      });
    }

    if (!NOT_JSON.includes(key) && key !== 'POST /api/sign-out') {
      test(`${key} with the cookie gets behind the guard`, async () => {
        const answer = await panel.ask(filled(key), { cookie });
        assert.ok(!SHUT.includes(answer.status), answer.text);
        assert.notEqual(answer.json.error?.message, 'There is nothing at this address.');
      });
    }
  }

  for (const key of PUBLIC) {
    test(`${key} needs no cookie`, async () => {
      const answer = await panel.ask(filled(key));
      assert.notEqual(answer.json.error?.code, 'not-signed-in');
      assert.notEqual(answer.json.error?.message, 'There is nothing at this address.');
    });
  }

  for (const key of LOCAL) {
    test(`${key} is at the socket only`, async () => {
      const answer = await panel.ask(filled(key), { cookie });
      assert.equal(answer.status, 404);
      assert.equal(answer.json.error.message, 'There is nothing at this address.');
      assert.notEqual((await socket.ask(filled(key))).status, 404);
    });
  }

  test('the socket needs no cookie and says who called', async () => {
    const answer = await socket.ask('POST /api/domains', {
      body: { name: 'second.test' },
      headers: { 'hallway-caller': 'root' },
      origin: '',
    });
    assert.equal(answer.status, 200, answer.text);
    const [row] = await house.stores.audit.page({ limit: 1 });
    assert.deepEqual([row?.actor, row?.door, row?.action, row?.subject], ['root', 'cli', 'domain.add', 'second.test']);
  });

  test('the panel does not believe that header', async () => {
    const answer = await panel.ask('GET /api/domains', { headers: { 'hallway-caller': 'root' } });
    assert.equal(answer.status, 401);
  });

  test('a cookie that is not ours does not hide ours, nor does a second of the same name get in', async () => {
    assert.equal((await panel.ask('GET /api/domains', { cookie: `a=b; ${cookie}` })).status, 200);
    assert.equal(
      (await panel.ask('GET /api/domains', { cookie: `__Host-hallway=${'B'.repeat(43)}; ${cookie}` })).status,
      401,
    );
  });
});

test('a route that does not say who may use it cannot be registered', async () => {
  const house = await openHouse();
  const app = Fastify();
  guard(app, 'panel', house.commands);
  assert.throws(() => app.get('/api/open', () => 'oops'), /GET \/api\/open does not say who may use it/);
  await house.close();
});

test('every route of the contract is registered, and no other', async () => {
  const house = await openHouse();
  const { createApp } = await import('../../server/http/app.ts');
  const { app } = await createApp({ commands: house.commands, side: 'socket', log: house.log });
  for (const key of all) {
    const [method, url] = key.split(' ') as [string, string];
    assert.ok(app.hasRoute({ method: method as 'GET', url }), key);
  }
  const registered = app.printRoutes({ commonPrefix: false }).match(/\((?:GET|POST|DELETE|PUT|PATCH)[^)]*\)/g) ?? [];
  const count = registered.flatMap((one) => one.slice(1, -1).split(', ')).length;
  assert.equal(count, all.length);
  await app.close();
  await house.close();
});
