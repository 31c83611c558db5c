import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openCommands } from '../../server/commands/index.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { createApp } from '../../server/http/app.ts';
import { parseStanza } from '../../server/stream/parser.ts';
import { NO_FILES, NO_TRANSFERS } from '../support/files.ts';
import { CALM, NO_BACKUPS } from '../support/no-backups.ts';
import { NO_CERTIFICATES } from '../support/no-certificates.ts';
import { NO_DNS } from '../support/no-dns.ts';
import {
  ADMIN,
  type Answer,
  type Client,
  claim,
  NO_COMPONENTS,
  openApp,
  openHouse,
  type TestHouse,
} from './support.ts';

const HOUR = 3_600_000;

let house: TestHouse;
let ask: Client;
let shut: () => Promise<void>;

beforeEach(async () => {
  house = await openHouse();
  ({ ask, close: shut } = await openApp(house));
});
afterEach(async () => {
  await shut();
  await house.close();
});

async function freshCode(): Promise<string> {
  return (await house.commands.claim.freshCode({ name: 'test', door: 'house' })).code;
}

describe('claiming', () => {
  test('makes the first administrator, signs in, and is gone', async () => {
    assert.equal((await ask('GET /api/session')).json.claimed, false);
    const cookie = await claim(house, ask);
    const session = await ask('GET /api/session', { cookie });
    assert.deepEqual(session.json, {
      claimed: true,
      admin: { name: 'olga', role: 'owner', rights: ['people', 'look', 'help', 'admin', 'audit', 'owner'] },
      domain: 'example.test',
      version: '0.0.1',
    });
    const again = await ask('POST /api/claim', { body: { code: 'x', name: 'eve', password: 'another long one' } });
    assert.equal(again.status, 404);
    const nothing = await ask('POST /api/no-such-thing', { body: {} });
    assert.equal(again.text, nothing.text, 'it answers as what was never there');
    assert.equal((await ask('POST /api/claim', { body: { nonsense: 1 } })).status, 404, 'not even the input is judged');
  });

  test('is not registered by a server that starts claimed', async () => {
    await claim(house, ask);
    const options = { stores: house.stores, house: house.house, counters: house.house.counters, version: '1' };
    const commands = await openCommands({
      parse: parseStanza,
      ...options,
      options: new OptionValues(house.stores.settings, []),
      befriend: async () => undefined,
      components: NO_COMPONENTS,
      federation: house.federation,
      files: NO_FILES,
      transfers: NO_TRANSFERS,
      backups: NO_BACKUPS,
      senses: CALM,
      dns: NO_DNS,
      certificates: NO_CERTIFICATES,
      certify: async () => undefined,
      hostname: 'chat.example.test',
      iterations: 4_096,
      listeners: () => [],
      panel: () => ({ url: 'https://x/', fingerprint: '' }),
    });
    const { app } = await createApp({ commands, side: 'panel', log: house.log });
    assert.equal(app.hasRoute({ method: 'POST', url: '/api/claim' }), false);
    assert.equal(app.hasRoute({ method: 'POST', url: '/api/sign-in' }), true);
    await app.close();
    commands.close();
  });

  test('of many who try at once with the right code, one succeeds', async () => {
    const code = await freshCode();
    const names = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay'];
    const tries = names.map((name) =>
      ask('POST /api/claim', { body: { code, name, password: 'a long enough passphrase' } }),
    );
    const answers = await Promise.all(tries);
    assert.equal(answers.filter((one) => one.status === 200).length, 1);
    assert.equal(answers.filter((one) => one.cookie !== undefined).length, 1);
    assert.equal(await house.stores.admins.count(), 1);
  });

  test('a wrong, an old and a replaced code are refused; a slip does not use the code up', async () => {
    const old = await freshCode();
    const code = await freshCode();
    const body = { name: 'olga', password: 'a long enough passphrase' };
    for (const wrong of ['', 'AAAA-AAAA-AAAA', old]) {
      const answer = await ask('POST /api/claim', { body: { ...body, code: wrong } });
      assert.ok([400, 403].includes(answer.status), answer.text);
      assert.equal(answer.json.error.field, 'code');
    }
    for (const [slip, field] of [
      [{ password: 'short' }, 'password'],
      [{ password: 'olgaolgaolga' }, 'password'],
      [{ password: 'aaaaaaaaaaaaaaa' }, 'password'],
      [{ name: 'two words' }, 'name'],
      [{ domain: 'no domain' }, 'domain'],
      [{ domain: '192.0.2.1' }, 'domain'],
    ] as const) {
      const answer = await ask('POST /api/claim', {
        body: { ...body, code, ...slip },
        from: `198.51.100.${field.length}`,
      });
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.json.error.field, field);
    }
    const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o');
    assert.equal((await ask('POST /api/claim', { body: { ...body, code: typed } })).status, 200);
  });

  test('a code stops after a day', async () => {
    const code = await freshCode();
    house.later(24 * HOUR + 1);
    assert.equal((await ask('POST /api/claim', { body: { code, ...ADMIN } })).status, 403);
  });

  test('may name the domain, which takes the place of the one nobody chose', async () => {
    const code = await freshCode();
    assert.equal((await ask('POST /api/claim', { body: { code, ...ADMIN, domain: 'Office.Test' } })).status, 200);
    assert.deepEqual(house.house.domains(), ['office.test']);
    const headers = { host: 'office.test:5281' };
    assert.equal((await ask('GET /api/session', { headers })).json.domain, 'office.test');
  });
});

describe('signing in', () => {
  test('gives a cookie of the strict kind, a fresh one each time, whose token is nowhere in the store', async () => {
    const first = await claim(house, ask);
    const answer = await ask('POST /api/sign-in', { body: ADMIN, cookie: first });
    assert.equal(answer.status, 200);
    assert.notEqual(answer.cookie, first);
    const set = String(answer.headers['set-cookie']);
    assert.match(set, /^__Host-hallway=[A-Za-z0-9_-]{43}; /);
    for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']) assert.ok(set.includes(part), part);
    assert.ok(!/Domain=/i.test(set));
    const token = /=([^;]+)/.exec(answer.cookie ?? '')?.[1] ?? '';
    const admin = await house.stores.admins.find('olga');
    assert.ok(!JSON.stringify(await house.stores.admins.sessionsOf(admin!.id)).includes(token));
  });

  test('a wrong password and an unknown name are told apart by nothing', async () => {
    await claim(house, ask);
    const wrong = await ask('POST /api/sign-in', { body: { name: 'olga', password: 'not the password' } });
    const unknown = await ask('POST /api/sign-in', { body: { name: 'nobody', password: 'not the password' } });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.text, unknown.text);
    const time = async (name: string) => {
      const started = performance.now();
      await house.commands.admins.known(name, 'x').catch(() => undefined);
      return performance.now() - started;
    };
    const [known, nobody] = [await time('olga'), await time('nobody')];
    assert.ok(nobody > known / 4, `unknown ${nobody} ms, known ${known} ms: no key was stretched`);
  });

  test('signing out ends it for good', async () => {
    const cookie = await claim(house, ask);
    assert.equal((await ask('POST /api/sign-out', { cookie })).status, 200);
    assert.equal((await ask('GET /api/domains', { cookie })).status, 401);
  });

  test('ends after twelve idle hours, is kept up by use, and ends after seven days', async () => {
    await claim(house, ask);
    const idle = (await ask('POST /api/sign-in', { body: ADMIN })).cookie!;
    house.later(12 * HOUR + 1);
    assert.equal((await ask('GET /api/domains', { cookie: idle })).status, 401);
    const used = (await ask('POST /api/sign-in', { body: ADMIN })).cookie!;
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      assert.equal((await ask('GET /api/domains', { cookie: used })).status, 200, `after ${hours} hours`);
      house.later(11 * HOUR);
    }
    house.later(11 * HOUR);
    assert.equal((await ask('GET /api/domains', { cookie: used })).status, 401);
  });

  test('a new password signs other browsers out, not this one', async () => {
    const other = await claim(house, ask);
    const cookie = (await ask('POST /api/sign-in', { body: ADMIN })).cookie!;
    const change = (body: object) => ask('POST /api/admin/password', { cookie, body });
    assert.equal((await change({ old: 'wrong', new: 'quite another passphrase' })).json.error.field, 'old');
    assert.equal((await change({ old: ADMIN.password, new: 'short' })).json.error.field, 'new');
    assert.equal((await change({ old: ADMIN.password, new: 'quite another passphrase' })).status, 200);
    assert.equal((await ask('GET /api/domains', { cookie })).status, 200);
    assert.equal((await ask('GET /api/domains', { cookie: other })).status, 401);
    assert.equal((await ask('POST /api/sign-in', { body: ADMIN })).status, 401);
  });

  test('a lost password is set anew by a code that works once and for an hour', async () => {
    const lost = await claim(house, ask);
    const by = { name: 'root', door: 'cli' } as const;
    const late = await house.commands.admins.resetCode(by);
    house.later(HOUR + 1);
    const reset = (code: string) =>
      ask('POST /api/admin/reset', { body: { code, password: 'found it again, luckily' } });
    assert.equal((await reset(late.code)).status, 403);
    const { code, name } = await house.commands.admins.resetCode(by);
    assert.equal(name, 'olga');
    const answer: Answer = await reset(code);
    assert.equal(answer.status, 200);
    assert.equal((await ask('GET /api/domains', { cookie: answer.cookie! })).status, 200);
    assert.equal((await ask('GET /api/domains', { cookie: lost })).status, 401);
    assert.equal((await reset(code)).status, 403);
  });

  test('a claim code is no reset code, nor the other way round', async () => {
    const code = await freshCode();
    await claim(house, ask);
    assert.equal(
      (await ask('POST /api/admin/reset', { body: { code, password: 'a long enough passphrase' } })).status,
      403,
    );
  });
});

describe('guessing', () => {
  const guess = (from: string, name = 'olga') =>
    ask('POST /api/sign-in', { body: { name, password: 'guess' }, from }).then((answer) => answer.status);

  test('is refused to an address that goes on, a /64 being one address', async () => {
    await claim(house, ask);
    const tries = await Promise.all(Array.from({ length: 12 }, (_, n) => guess(`2001:db8::${n + 1}`, `name${n}`)));
    assert.equal(tries.filter((status) => status === 401).length, 10);
    assert.equal(tries.filter((status) => status === 429).length, 2);
    assert.equal(await guess('2001:db8:0:1::1'), 401, 'another network is not concerned');
    assert.equal(await guess('::ffff:192.0.2.99'), 401);
  });

  test('does not lock the owner out', async () => {
    await claim(house, ask);
    for (let n = 0; n < 10; n++) await guess(`198.51.100.${n}`, ['olga', ' Olga', 'ｏｌｇａ\t'][n % 3]);
    const started = performance.now();
    const answer = await ask('POST /api/sign-in', { body: ADMIN, from: '203.0.113.5' });
    assert.equal(answer.status, 200);
    assert.ok(performance.now() - started > 100, 'but it is answered late');
  });

  test('a header does not make another address of it', async () => {
    await claim(house, ask);
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const headers = { 'x-forwarded-for': `203.0.113.${n}`, forwarded: `for=203.0.113.${n}` };
      const answer = await ask('POST /api/sign-in', {
        body: { name: `n${n}`, password: 'x' },
        headers,
        from: '192.0.2.200',
      });
      statuses.push(answer.status);
    }
    assert.ok(statuses.includes(429));
  });
});
