import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Answer, type Client, claim, HOST, openApp, openHouse, type TestHouse } from './support.ts';

const BY = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';
const DAY = 86_400_000;

const DEVICE = {
  id: 'phone',
  software: 'Conversations',
  name: 'phone',
  firstSeen: 1,
  lastSeen: 2,
  passwordAt: 1,
  current: { seed: Buffer.alloc(32), mechanism: 'HT-SHA-256-NONE', issuedAt: 1, expiresAt: 9e12, count: -1 },
  fresh: undefined,
};

let house: TestHouse;
let ask: Client;
let close: () => Promise<void>;
beforeEach(async () => {
  house = await openHouse();
  ({ ask, close } = await openApp(house));
});
afterEach(async () => {
  await close();
  await house.close();
});

const tokenOf = (url: string): string => url.split('/').at(-1)!;
async function invites(wish: Parameters<TestHouse['commands']['invitations']['create']>[2] = {}): Promise<string> {
  return tokenOf((await house.commands.invitations.create(BY, DOMAIN, wish)).url);
}
async function resets(local = 'anna'): Promise<string> {
  return tokenOf((await house.commands.resetLinks.create(BY, DOMAIN, local)).url);
}
const makes = (local: string) => house.commands.accounts.create(BY, DOMAIN, { local, password: 'first secret' });
const accepts = (token: string, local: string, from = '192.0.2.1') =>
  ask('POST /api/invite/accept', { body: { token, local, password: 'my own secret', name: 'Anna B' }, from });

function isRefused({ status, json, text }: Answer, expected: number, code: string): void {
  assert.deepEqual([status, json.error?.code], [expected, code], text);
}

const CONNECTION = { server: 'chat.example.test', port: 5222, tlsPort: null, ownAuthority: false, webChat: false };

describe('an invitation in the browser', () => {
  test('says what it is for, makes the account and how to reach it', async () => {
    await makes('romeo');
    const token = await invites({ contact: 'romeo@example.test' });
    const seen = await ask('POST /api/invite/look', { body: { token } });
    assert.equal(seen.status, 200, seen.text);
    assert.deepEqual(
      { ...seen.json, expiresAt: 0, error: 0 },
      {
        domain: DOMAIN,
        account: true,
        local: '',
        name: '',
        inviter: { jid: 'romeo@example.test', name: '' },
        expiresAt: 0,
        url: `https://${HOST}/invite/${token}`,
        uri: `xmpp:${DOMAIN}?register;preauth=${token}`,
        used: false,
        connection: CONNECTION,
        error: 0,
      },
    );
    const made = await accepts(token, 'Anna');
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(
      { ...made.json, error: 0 },
      {
        jid: 'anna@example.test',
        connection: CONNECTION,
        error: 0,
      },
    );
    const { account } = await house.commands.accounts.get(DOMAIN, 'anna');
    assert.equal(account.name, 'Anna B');
    isRefused(await accepts(token, 'bert'), 410, 'link-used');
    const again = await ask('POST /api/invite/look', { body: { token } });
    assert.deepEqual([again.status, again.json.used, again.json.connection], [200, true, CONNECTION]);
  });

  test('a name or password that will not do leaves the invitation as it was', async () => {
    await makes('romeo');
    const token = await invites();
    isRefused(await accepts(token, 'romeo'), 409, 'account-exists');
    isRefused(await accepts(token, 'admin'), 422, 'invalid');
    isRefused(await accepts(token, 'two words'), 422, 'invalid');
    const short = await ask('POST /api/invite/accept', { body: { token, local: 'anna', password: 'short' } });
    assert.deepEqual([short.status, short.json.error.field], [422, 'password']);
    assert.equal((await accepts(token, 'anna')).status, 200);
  });

  test('what is unknown, expired, used or taken back says so plainly, and looks alike from outside', async () => {
    const expired = await invites();
    house.later(8 * DAY);
    isRefused(await ask('POST /api/invite/look', { body: { token: expired } }), 410, 'link-expired');
    isRefused(await accepts(expired, 'anna'), 410, 'link-expired');
    isRefused(await ask('POST /api/invite/look', { body: { token: 'x'.repeat(28) } }), 404, 'link-unknown');
    const { url, invitation } = await house.commands.invitations.create(BY, DOMAIN, {});
    await house.commands.invitations.revoke(BY, invitation.id);
    isRefused(await ask('POST /api/invite/look', { body: { token: tokenOf(url) } }), 404, 'link-unknown');
    house.later(31 * DAY);
    await house.commands.invitations.expire();
    isRefused(await ask('POST /api/invite/look', { body: { token: expired } }), 404, 'link-unknown');
  });

  test('XEP-0445 §5: one that expires between being shown and being used still lets in', async () => {
    const token = await invites();
    const { registration } = house.commands;
    const ticket = await registration.ticket(DOMAIN, token, '192.0.2.1');
    house.later(8 * DAY);
    const wish = {
      domain: DOMAIN,
      local: 'anna',
      password: 'my own secret',
      address: '192.0.2.1',
      door: 'chat',
    } as const;
    await registration.register({ ...wish, ticket });
    await assert.rejects(registration.register({ ...wish, local: 'bert', ticket }), { code: 'link-used' });
  });

  test('attack: used for another name, or for another purpose (SECURITY 68)', async () => {
    await makes('romeo');
    const named = await invites({ local: 'anna', name: 'Anna Bell' });
    isRefused(await accepts(named, 'eve'), 422, 'invalid');
    isRefused(await ask('POST /api/reset/look', { body: { token: named } }), 404, 'link-unknown');
    const reset = await resets('romeo');
    isRefused(await ask('POST /api/invite/look', { body: { token: reset } }), 404, 'link-unknown');
    isRefused(await accepts(reset, 'eve'), 404, 'link-unknown');
    assert.equal((await accepts(named, 'anna')).status, 200);
    const { account } = await house.commands.accounts.get(DOMAIN, 'anna');
    assert.equal(account.name, 'Anna Bell', 'the office’s name stands');
  });

  test('attack: raced for by many at once, it makes one account (SECURITY 68)', async () => {
    const token = await invites();
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => accepts(token, `guest${n}`)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410, 410, 410, 410]);
    assert.equal(await house.stores.accounts.count(DOMAIN), 1);
  });

  test('attack: a page of another site makes a browser accept it (SECURITY 64)', async () => {
    const token = await invites();
    const body = { token, local: 'anna', password: 'my own secret' };
    for (const headers of [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }] as const) {
      const origin = 'origin' in headers ? headers.origin : undefined;
      const more = origin === undefined ? { headers: { ...headers } } : { origin };
      isRefused(await ask('POST /api/invite/accept', { body, ...more }), 403, 'foreign-origin');
      isRefused(await ask('POST /api/reset/use', { body: { token, password: 'x' }, ...more }), 403, 'foreign-origin');
    }
    assert.equal(await house.stores.accounts.count(DOMAIN), 0);
  });

  test('attack: guessing: a network that fails often is refused for a while, others are not (SECURITY 23)', async () => {
    const token = await invites();
    const guess = (n: number, from: string) =>
      ask('POST /api/invite/look', { body: { token: `guess${n}`.padEnd(28, 'x') }, from });
    for (let n = 0; n < 20; n++) isRefused(await guess(n, `2001:db8::${n + 1}`), 404, 'link-unknown');
    isRefused(await guess(99, '2001:db8::99'), 429, 'too-many');
    isRefused(await guess(1, '192.0.2.50'), 404, 'link-unknown');
    house.later(60_000);
    isRefused(await guess(100, '2001:db8::5'), 404, 'link-unknown');
    assert.equal((await ask('POST /api/invite/look', { body: { token }, from: '2001:db8::5' })).status, 200);
  });

  test('attack: who fails all the time keeps nobody of the same office, or behind the same proxy, from using a good link', async () => {
    await makes('bert');
    const [token, reset] = [await invites(), await resets('bert')];
    for (let n = 0; n < 40; n++) {
      for (const path of ['invite/look', 'reset/look'] as const)
        await ask(`POST /api/${path}`, { body: { token: `no${n}` } });
      await accepts('none', `guest${n}`);
    }
    assert.equal((await ask('POST /api/invite/look', { body: { token } })).status, 200);
    assert.equal((await accepts(token, 'anna')).status, 200);
    const use = { body: { token: reset, password: 'another secret' } };
    assert.equal((await ask('POST /api/reset/use', use)).status, 200);
  });

  test('attack: asking by one invitation who there is, name after name, ends soon, wherever it comes from', async () => {
    await makes('bert');
    const token = await invites();
    for (let n = 0; n < 20; n++) isRefused(await accepts(token, 'bert', `192.0.2.${n}`), 409, 'account-exists');
    isRefused(await accepts(token, 'bert', '192.0.2.99'), 429, 'too-many');
  });

  test('attack: a forwarded address does not make one network many (SECURITY 70)', async () => {
    for (let n = 0; n < 20; n++) await ask('POST /api/invite/look', { body: { token: `guess${n}` } });
    const headers = { 'x-forwarded-for': '198.51.100.7', forwarded: 'for=198.51.100.7' };
    isRefused(await ask('POST /api/invite/look', { body: { token: 'guess' }, headers }), 429, 'too-many');
  });
});

describe('a link to reset a password', () => {
  test('sets it once, ends all sessions, and is used up', async () => {
    await makes('anna');
    const session = house.house.connect('anna@example.test/phone');
    const { id } = (await house.stores.accounts.find(DOMAIN, 'anna'))!;
    await house.stores.devices.change(id, 'phone', () => DEVICE);
    const token = await resets();
    const seen = await ask('POST /api/reset/look', { body: { token } });
    assert.equal(seen.json.jid, 'anna@example.test');
    const short = await ask('POST /api/reset/use', { body: { token, password: 'short' } });
    assert.deepEqual([short.status, short.json.error.field], [422, 'password']);
    const before = session.ended;
    assert.equal(before, undefined);
    assert.equal((await ask('POST /api/reset/use', { body: { token, password: 'another secret' } })).status, 200);
    assert.equal(session.ended?.condition, 'not-authorized', 'SECURITY 68: sessions do not survive');
    assert.deepEqual(await house.stores.devices.of(id), [], 'SECURITY 26: nor do the tokens of devices');
    isRefused(await ask('POST /api/reset/use', { body: { token, password: 'once more' } }), 404, 'link-unknown');
    isRefused(await ask('POST /api/reset/look', { body: { token } }), 404, 'link-unknown');
  });

  test('ends after a day, when there is a newer one, when the password was set otherwise, and with the account', async () => {
    await makes('anna');
    const first = await resets();
    const second = await resets();
    isRefused(await ask('POST /api/reset/look', { body: { token: first } }), 404, 'link-unknown');
    house.later(DAY + 1);
    isRefused(
      await ask('POST /api/reset/use', { body: { token: second, password: 'another secret' } }),
      410,
      'link-expired',
    );
    const third = await resets();
    await house.commands.accounts.setPassword(BY, DOMAIN, 'anna', { generate: true });
    isRefused(
      await ask('POST /api/reset/use', { body: { token: third, password: 'another secret' } }),
      404,
      'link-unknown',
    );
    const fourth = await resets();
    await house.commands.accounts.remove(BY, DOMAIN, 'anna', 'anna@example.test');
    await makes('anna');
    isRefused(
      await ask('POST /api/reset/use', { body: { token: fourth, password: 'another secret' } }),
      404,
      'link-unknown',
    );
  });

  test('attack: used by two at once, it sets one password', async () => {
    await makes('anna');
    const token = await resets();
    const tries = [1, 2, 3].map((n) => ask('POST /api/reset/use', { body: { token, password: `secret no. ${n}` } }));
    assert.deepEqual((await Promise.all(tries)).map(({ status }) => status).sort(), [200, 404, 404]);
  });
});

describe('what administrators see of it', () => {
  test('who was invited and came, a lost link anew, and none of it without signing in', async () => {
    const cookie = await claim(house, ask);
    const made = await ask('POST /api/domains/example.test/invitations', {
      cookie,
      body: { local: 'anna', name: 'Anna' },
    });
    assert.equal(made.status, 200, made.text);
    const first = tokenOf((made.json as unknown as { url: string }).url);
    const twice = await ask('POST /api/domains/example.test/invitations', { cookie, body: { local: 'anna' } });
    isRefused(twice, 409, 'account-exists');
    const again = await ask('POST /api/invitations/1/link', { cookie });
    const second = tokenOf((again.json as unknown as { url: string }).url);
    isRefused(await accepts(first, 'anna'), 404, 'link-unknown');
    assert.equal((await accepts(second, 'anna')).status, 200);
    const list = await ask('GET /api/domains/example.test/invitations', { cookie });
    const { invitations } = list.json as unknown as { invitations: Record<string, unknown>[] };
    assert.deepEqual(
      invitations.map(({ local, state, usedBy, creator }) => ({ local, state, usedBy, creator })),
      [{ local: 'anna', state: 'used', usedBy: ['anna@example.test'], creator: 'olga' }],
    );
    isRefused(await ask('POST /api/invitations/1/link', { cookie }), 410, 'link-used');
    isRefused(await ask('DELETE /api/invitations/99', { cookie }), 404, 'invitation-not-found');
    isRefused(await ask('DELETE /api/invitations/1', {}), 401, 'not-signed-in');
  });

  test('bounds: days, uses, and several uses of what is for one', async () => {
    const { invitations } = house.commands;
    const refused = (wish: Parameters<typeof invitations.create>[2], field: string) =>
      assert.rejects(invitations.create(BY, DOMAIN, wish), { code: 'invalid', field });
    await refused({ days: 91 }, 'days');
    await refused({ days: 0.5 }, 'days');
    await refused({ uses: 501 }, 'uses');
    await refused({ uses: 2, local: 'anna' }, 'uses');
    await refused({ local: 'a b' }, 'local');
    await assert.rejects(invitations.create(BY, DOMAIN, { contact: 'nobody@example.test' }), { field: 'contact' });
    await assert.rejects(invitations.create(BY, 'elsewhere.test', {}), { code: 'domain-not-found' });
  });

  test('SECURITY 67: no token stands in the store, the audit log or the log', async () => {
    await makes('anna');
    const tokens = [await invites(), await resets()];
    await ask('POST /api/invite/look', { body: { token: tokens[0] } });
    await ask('POST /api/reset/use', { body: { token: tokens[1], password: 'another secret' } });
    await accepts(tokens[0]!, 'bert');
    const tables = ['invitation', 'invitation_use', 'reset_link', 'audit', 'setting'];
    const rows = await Promise.all(tables.map((table) => house.db.all({ text: `SELECT * FROM ${table}`, values: [] })));
    const kept = JSON.stringify(rows) + house.logged.join('');
    assert.ok(kept.includes('invitation.create') && kept.includes('account.reset-link'));
    for (const token of tokens) assert.ok(!kept.includes(token));
  });

  test('the invitations of a domain go with it', async () => {
    await house.commands.domains.add(BY, 'second.test');
    const { url } = await house.commands.invitations.create(BY, 'second.test', {});
    await house.commands.domains.remove(BY, 'second.test');
    await house.commands.domains.add(BY, 'second.test');
    await assert.rejects(house.commands.registration.face(tokenOf(url), '192.0.2.1'), { code: 'link-unknown' });
  });
});
