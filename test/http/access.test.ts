import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Fastify from 'fastify';
import type { Role } from '../../server/commands/rights.ts';
import { guard } from '../../server/http/auth.ts';
import { contract, type Route } from '../../server/http/contract/index.ts';
import { NEEDS } from './route-rights.ts';
import { type Client, claim, ORIGIN, openApp, openHouse, type TestHouse } from './support.ts';

/** Refusals of the guard, not of what is behind it. */
const GUARDED = ['not-signed-in', 'not-your-role', 'foreign-origin'];
/** They do not answer at once, or end the session by which the rest is asked. */
const LASTING = ['GET /api/events', 'GET /api/log/events', 'POST /api/sign-out'];
/** Which role has which right, once more and apart from the code. */
const HAVE: Readonly<Record<Role, readonly string[]>> = {
  owner: ['self', 'people', 'look', 'help', 'admin', 'audit', 'owner'],
  admin: ['self', 'people', 'look', 'help', 'admin'],
  'help-desk': ['self', 'people', 'help'],
  auditor: ['self', 'people', 'look', 'audit'],
};
const all = Object.keys(NEEDS) as Route[];
const needOf = (key: Route) => NEEDS[key].replace('!', '');
const at = (...needs: string[]) => all.filter((key) => needs.includes(needOf(key)));
const signedIn = all.filter((key) => !['public', 'web', 'local'].includes(needOf(key)));

function filled(key: string): string {
  return key.replace(':domain', 'example.test').replace(':local', 'nobody').replace(':resource', 'x');
}

describe('who may use what', () => {
  let house: TestHouse;
  let panel: { ask: Client; close: () => Promise<void> };
  let socket: { ask: Client; close: () => Promise<void> };
  let cookie: string;
  const cookies = new Map<Role, string>();

  before(async () => {
    house = await openHouse();
    panel = await openApp(house);
    socket = await openApp(house, 'socket');
    cookie = await claim(house, panel.ask);
    for (const role of [...Object.keys(HAVE), 'king'] as Role[]) {
      await house.stores.admins.create({ name: role, passwordHash: '', role });
      const { token } = await house.commands.admins.welcome(role, { address: '', agent: '' });
      cookies.set(role, `__Host-hallway=${token}`);
    }
  });
  after(async () => {
    await panel.close();
    await socket.close();
    await house.close();
  });

  for (const key of signedIn) {
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

    test(`${key} is for whoever has “${needOf(key)}” and no other role (SECURITY 66)`, async () => {
      for (const [role, rights] of Object.entries(HAVE)) {
        const mayUse = rights.includes(needOf(key));
        if (mayUse && LASTING.includes(key)) continue;
        const answer = await panel.ask(filled(key), { cookie: cookies.get(role as Role)! });
        const code = answer.json.error?.code;
        if (mayUse) assert.ok(!GUARDED.includes(code), `${role}: ${answer.text}`);
        else assert.deepEqual([answer.status, code], [403, 'not-your-role'], role);
        assert.notEqual(answer.json.error?.message, 'There is nothing at this address.');
      }
      if (needOf(key) === 'self') return;
      const unknown = await panel.ask(filled(key), { cookie: cookies.get('king' as Role)! });
      assert.equal(unknown.status, 403, 'a role that is none may do nothing');
    });
  }

  for (const key of at('public')) {
    if (key === 'GET /metrics') continue; // has a token of its own (figures.test.ts)
    test(`${key} needs no cookie`, async () => {
      const answer = await panel.ask(filled(key));
      assert.notEqual(answer.json.error?.code, 'not-signed-in');
      const claimed = key === 'POST /api/claim';
      assert.equal(answer.json.error?.message === 'There is nothing at this address.', claimed);
    });
  }

  for (const key of all.filter((one) => !LASTING.includes(one) && one !== 'POST /api/claim')) {
    const here = needOf(key) !== 'self';
    test(`${key} is ${here ? '' : 'not '}at the socket, where nobody signs in`, async () => {
      const answer = await socket.ask(filled(key), { origin: '' });
      assert.ok(!GUARDED.includes(answer.json.error?.code), answer.text);
      assert.equal(answer.json.error?.message !== 'There is nothing at this address.', here);
    });
  }

  for (const key of at('local')) {
    test(`${key} is at the socket only`, async () => {
      const answer = await panel.ask(filled(key), { cookie });
      assert.equal(answer.status, 404);
      assert.equal(answer.json.error.message, 'There is nothing at this address.');
    });
  }

  test('what is dangerous is only for who has shown a short while ago who they are', async () => {
    const { token } = await house.commands.admins.welcome('owner', { address: '', agent: '' });
    const mine = `__Host-hallway=${token}`;
    house.later(5 * 60_000);
    for (const key of signedIn.filter((one) => !LASTING.includes(one))) {
      const { status, json, text } = await panel.ask(filled(key), { cookie: mine });
      const asked = status === 403 && json.error.code === 'prove-yourself';
      assert.equal(asked, NEEDS[key].endsWith('!'), `${key}: ${text}`);
    }
    const asked = await panel.ask('DELETE /api/domains/:domain', { cookie: cookies.get('auditor')! });
    assert.equal(asked.json.error.code, 'not-your-role', 'nobody is asked to prove what would not help them');
    const proof = { password: 'a long enough passphrase' };
    assert.equal((await panel.ask('POST /api/account/prove', { cookie, body: proof })).status, 200);
    const gone = await panel.ask('DELETE /api/domains/nowhere.test', { cookie });
    assert.equal(gone.json.error.code, 'domain-not-found');
    const other = await panel.ask('DELETE /api/domains/nowhere.test', { cookie: mine });
    assert.equal(other.json.error.code, 'prove-yourself', 'it holds for the browser that was asked, and no other');
  });

  test('what loosens a rule, lets somebody into a closed room, or thins backups away is asked for by what is wished', async () => {
    const { token } = await house.commands.admins.welcome('admin', { address: '', agent: '' });
    const { token: other } = await house.commands.admins.welcome('owner', { address: '', agent: '' });
    const [admin, owner] = [`__Host-hallway=${token}`, `__Host-hallway=${other}`];
    const rule = 'PUT /api/federation/rules/partner.test';
    const put = async (who: string, key: string, body: object) => {
      const { status, json } = await panel.ask(key, { cookie: who, body });
      return json.error?.code ?? status;
    };
    for (const key of ['backup.keep', 'backup.folder']) {
      const value = key === 'backup.keep' ? 1 : '/mnt/mine';
      assert.equal(await put(admin, `PUT /api/settings/${key}`, { value }), 'not-your-role', key);
      assert.equal((await panel.ask(`DELETE /api/settings/${key}`, { cookie: admin })).status, 403, key);
    }
    assert.equal(await put(owner, 'PUT /api/settings/backup.keep', { value: 3 }), 200, 'an owner, fresh from the door');
    const { rows } = await house.commands.options.history({ key: 'backup.keep' });
    const undo = `POST /api/setting-changes/${rows[0]?.id}/undo`;
    assert.equal(await put(admin, undo, {}), 'not-your-role', 'nor by taking back what an owner did');
    house.later(5 * 60_000);
    assert.equal(await put(owner, 'PUT /api/settings/backup.keep', { value: 1 }), 'prove-yourself');
    assert.equal(await put(owner, undo, {}), 'prove-yourself');
    assert.equal(await put(admin, 'PUT /api/settings/canteen.seats', { value: 5 }), 200, 'others are as they were');
    for (const more of [{ proof: 'dialback' }, { address: '127.0.0.1:22' }]) {
      assert.equal(await put(admin, rule, { verdict: 'allow', ...more }), 'prove-yourself', JSON.stringify(more));
      assert.equal(await put(admin, rule, { verdict: 'deny', ...more }), 200);
    }
    assert.equal(
      await put(admin, rule, { verdict: 'allow', keep: true }),
      'prove-yourself',
      'what a denial had in store',
    );
    const friend = 'PUT /api/federation/rules/friend.test';
    assert.equal(await put(admin, friend, { verdict: 'allow' }), 200, 'who merely allows a partner is not asked');
    assert.equal(await put(admin, friend, { verdict: 'allow', proof: 'certificate' }), 200);
    for (const all of ['*.com', '*.co.uk']) {
      const body = { verdict: 'allow' };
      const { status, json, text } = await panel.ask(`PUT /api/federation/rules/${all}`, { cookie: admin, body });
      assert.deepEqual([status, json.error?.field], [422, 'pattern'], text);
    }
    for (const [pattern, verdict] of [
      ['office', 'allow'],
      ['*.com', 'deny'],
      ['*.other.test', 'allow'],
    ] as const)
      assert.equal(await put(admin, `PUT /api/federation/rules/${pattern}`, { verdict }), 200, pattern);
    const acme = {
      directory: 'https://127.0.0.1:1/',
      authority: '',
      email: '',
      agreed: true,
      challenge: 'dns-01',
      hook: 'x',
    };
    const { token: fresh } = await house.commands.admins.welcome('admin', { address: '', agent: '' });
    const now = `__Host-hallway=${fresh}`;
    assert.equal(await put(now, 'PUT /api/acme', acme), 'not-your-role', 'which script is run an owner says');
    const keep = await socket.ask('PUT /api/settings/backup.keep', { body: { value: 2 }, origin: '' });
    assert.equal(keep.status, 200, `who is root decides anyway: ${keep.text}`);
  });

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

test('every route of the contract is registered at the door where it belongs, and no other', async () => {
  const house = await openHouse();
  const { createApp } = await import('../../server/http/app.ts');
  for (const side of ['socket', 'panel'] as const) {
    const { app } = await createApp({ commands: house.commands, side, log: house.log });
    const here = all.filter((key) => needOf(key) !== (side === 'socket' ? 'self' : 'local'));
    for (const key of here) {
      const [method, url] = key.split(' ') as [string, string];
      assert.ok(app.hasRoute({ method: method as 'GET', url }), key);
    }
    const registered = app.printRoutes({ commonPrefix: false }).match(/\((?:GET|POST|DELETE|PUT|PATCH)[^)]*\)/g) ?? [];
    const count = registered.flatMap((one) => one.slice(1, -1).split(', ')).length;
    assert.equal(count, here.length);
    await app.close();
  }
  assert.deepEqual(Object.keys(contract).sort(), [...all].sort());
  await house.close();
});
