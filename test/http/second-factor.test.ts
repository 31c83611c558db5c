import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SoftPasskey } from '../support/soft-passkey.ts';
import { shownCode } from '../support/totp-app.ts';
import { ADMIN, type Answer, type Client, claimed, ORIGIN, openApp, openHouse, type TestHouse } from './support.ts';

const MINUTE = 60_000;
/** The clock stands still, in the middle of a half minute, until a test moves it. */
const START = Math.floor(Date.now() / (MINUTE / 2)) * (MINUTE / 2) + MINUTE / 4;

let house: TestHouse;
let ask: Client;
let shut: () => Promise<void>;
let cookie: string;
let ahead = 0;

beforeEach(async () => {
  ahead = 0;
  house = await openHouse(() => START);
  ({ ask, close: shut } = await openApp(house));
  cookie = await claimed(house);
});
afterEach(async () => {
  await shut();
  await house.close();
});

function later(ms: number): void {
  ahead += ms;
  house.later(ms);
}

/** Other addresses each time, so that what is looked at is not the limit of one. */
let next = 0;
const elsewhere = () => `198.51.${100 + (++next >> 8)}.${next & 255}`;

async function codes(): Promise<{ secret: string; recovery: string[] }> {
  const { secret } = (await ask('POST /api/account/totp', { cookie })).json as unknown as { secret: string };
  const body = { code: shownCode(secret, START + ahead) };
  const answer = await ask('POST /api/account/totp/confirm', { cookie, body });
  later(MINUTE);
  return { secret, recovery: (answer.json as unknown as { recoveryCodes: string[] }).recoveryCodes };
}

const first = async () =>
  (await ask('POST /api/sign-in', { body: ADMIN, from: elsewhere() })).json as never as { second: { ticket: string } };
const second = async (code: string, ticket?: string): Promise<Answer> =>
  ask('POST /api/sign-in/second', {
    body: { ticket: ticket ?? (await first()).second.ticket, code },
    from: elsewhere(),
  });
const now = (secret: string, steps = 0) => shownCode(secret, START + ahead, steps);

describe('codes of an app', () => {
  test('the password alone opens no session, and none is there before both are shown (SECURITY 65)', async () => {
    const { secret } = await codes();
    const answer = await ask('POST /api/sign-in', { body: ADMIN, cookie });
    assert.equal(answer.cookie, undefined);
    assert.equal(answer.json.admin, undefined);
    const done = await second(now(secret));
    assert.equal(done.status, 200, done.text);
    assert.ok(done.cookie !== undefined && done.cookie !== cookie, 'fixation: the session is a fresh one');
  });

  test('a code works once, also for two at the same time, and so do those before it (RFC 6238 §5.2)', async () => {
    const { secret } = await codes();
    const both = await Promise.all([second(now(secret)), second(now(secret))]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
    assert.equal((await second(now(secret))).json.error.code, 'wrong-code');
    assert.equal((await second(now(secret, -1))).json.error.code, 'wrong-code', 'that of the half minute before');
    later(MINUTE / 2);
    assert.equal((await second(now(secret))).status, 200);
    later(2 * MINUTE);
    const { ticket } = (await first()).second; // two right codes, and one ticket
    const one = await Promise.all([second(now(secret), ticket), second(now(secret, 1), ticket)]);
    assert.deepEqual(one.map(({ status }) => status).sort(), [200, 401]);
  });

  test('clocks may differ by one step, not by two', async () => {
    const { secret } = await codes();
    later(5 * MINUTE);
    for (const [steps, status] of [
      [-2, 403],
      [2, 403],
      [-1, 200],
      [1, 200],
    ] as const) {
      assert.equal((await second(now(secret, steps))).status, status, `${steps} steps`);
    }
  });

  test('guessing codes is over after ten, from however many addresses, and others are not held up by it', async () => {
    const { secret } = await codes();
    const { ticket } = (await first()).second;
    const found: string[] = [];
    for (let tries = 0; tries < 14; tries++) found.push((await second('000000', ticket)).json.error.code);
    assert.deepEqual(found, [...Array(10).fill('wrong-code'), ...Array(4).fill('too-many')]);
    assert.equal((await second(now(secret))).json.error.code, 'too-many', 'not even the right one');
    later(3 * MINUTE);
    assert.equal((await second(now(secret))).status, 200);
    const wrong = (await house.stores.audit.page({ limit: 50 })).filter(({ action }) => action === 'admin.wrong-code');
    assert.equal(wrong.length, 10, 'what was tried can be seen');
  });

  test('a ticket holds five minutes, for its administrator, and not past a new password', async () => {
    const { secret, recovery } = await codes();
    const { ticket } = (await first()).second;
    const [id = '', rest = ''] = ticket.split('.');
    for (const bad of ['', 'x', `${id}.`, `${Number(id) + 1}.${rest}`, `${id}.${rest.slice(0, -2)}AA`]) {
      const answer = await second(now(secret), bad);
      assert.ok([400, 401, 422].includes(answer.status), answer.text);
    }
    later(5 * MINUTE);
    assert.equal((await second(now(secret), ticket)).json.error.code, 'wrong-credentials');
    const { ticket: other } = (await first()).second;
    assert.equal((await prove({ code: now(secret) })).status, 200);
    const body = { old: ADMIN.password, new: 'quite another passphrase' };
    assert.equal((await ask('POST /api/admin/password', { cookie, body })).status, 200);
    assert.equal((await second(recovery[0]!, other)).json.error.code, 'wrong-credentials');
  });

  test('a recovery code works once, and ten are kept as hashes only; the secret of the app is sealed (SECURITY 67)', async () => {
    const { secret, recovery } = await codes();
    assert.equal(new Set(recovery).size, 10);
    assert.equal((await second(recovery[0]!.toLowerCase())).status, 200);
    assert.equal((await second(recovery[0]!)).json.error.code, 'wrong-code');
    const { id } = (await house.stores.admins.find('olga'))!;
    const kept = JSON.stringify(await house.stores.adminProofs.totp(id));
    assert.ok(!kept.includes(secret));
    const dump = JSON.stringify([kept, await house.stores.audit.page({ limit: 100 }), house.logged]);
    for (const canary of [secret, ...recovery]) assert.ok(!dump.includes(canary));
  });

  test('a reset code covers what was lost; the code and the sessions of before are gone', async () => {
    await codes();
    const { code } = await house.commands.admins.resetCode({ name: 'root', door: 'cli' }, 'olga');
    const body = { code, password: 'quite another passphrase' };
    assert.equal((await ask('POST /api/admin/reset', { body })).status, 200);
    assert.equal((await ask('GET /api/account', { cookie })).status, 401);
    const answer = await ask('POST /api/sign-in', { body: { name: 'olga', password: body.password } });
    assert.equal((answer.json as never as { admin: { name: string } }).admin.name, 'olga');
  });
});

const waysOf = async () =>
  (await ask('POST /api/account/proofs', { cookie })).json as never as {
    password: boolean;
    codes: boolean;
    passkey: { challenge: string; host: string };
  };
const prove = (body: object) => ask('POST /api/account/prove', { cookie, body, from: elsewhere() });
const { password } = ADMIN;

test('where there are codes the password alone proves nothing before what is dangerous', async () => {
  assert.deepEqual(await waysOf(), { password: true, codes: false, passkey: null });
  assert.equal((await prove({ password })).status, 200);
  const { secret } = await codes();
  later(5 * MINUTE);
  assert.deepEqual(await waysOf(), { password: false, codes: true, passkey: null });
  assert.equal((await prove({ password })).json.error.code, 'wrong-code');
  assert.equal((await ask('DELETE /api/account/totp', { cookie })).json.error.code, 'prove-yourself');
  assert.equal((await prove({ code: now(secret) })).status, 200);
  assert.equal((await ask('DELETE /api/account/totp', { cookie })).status, 200);
});

test('a new password is not taken from who knows the old one only, where there are codes or a passkey', async () => {
  const fresh = 'quite another passphrase';
  const change = async (old: string, to: string) => {
    const { status, json } = await ask('POST /api/admin/password', {
      cookie,
      body: { old, new: to },
      from: elsewhere(),
    });
    return json.error?.code ?? status;
  };
  later(6 * MINUTE);
  assert.equal(await change(password, fresh), 200, 'without a second factor the old password is the proof');
  assert.equal((await prove({ password: fresh })).status, 200);
  const { secret } = await codes();
  later(5 * MINUTE);
  for (let tries = 0; tries < 12; tries++) assert.equal(await change(fresh, password), 'prove-yourself');
  assert.equal(await change('a guess', password), 'prove-yourself', 'nor is it told whether it was right');
  assert.equal((await prove({ code: now(secret) })).status, 200);
  assert.equal(await change('a guess', password), 'wrong-credentials', 'nor does a code do alone');
  assert.equal(await change(fresh, password), 200);
});

describe('passkeys', () => {
  const device = () => new SoftPasskey();
  const add = async (key: SoftPasskey, lies = {}, origin = ORIGIN) => {
    const question = (await ask('POST /api/account/passkeys/question', { cookie })).json as never as {
      challenge: string;
      host: string;
    };
    return ask('POST /api/account/passkeys', { cookie, body: { ...key.make(question, origin, lies), name: 'key' } });
  };
  const asked = async () =>
    (await ask('POST /api/sign-in/passkey/question', {})).json as never as { challenge: string; host: string };
  const enter = (body: object, more: object = {}) =>
    ask('POST /api/sign-in/passkey', { body, from: elsewhere(), ...more });

  test('lets in by itself; an answer is good once (challenge replay)', async () => {
    const key = device();
    assert.equal((await add(key)).status, 200);
    const answer = key.show(await asked(), ORIGIN);
    const both = await Promise.all([enter(answer), enter(answer)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
    assert.equal((await enter(answer)).status, 401);
    assert.ok(both.some((one) => one.cookie !== undefined && one.cookie !== cookie));
  });

  test('are asked for before what is dangerous: the password alone proves nothing there', async () => {
    const key = device();
    const { recoveryCodes } = (await add(key)).json as never as { recoveryCodes: string[] };
    later(5 * MINUTE);
    const { passkey, ...ways } = await waysOf();
    assert.deepEqual(ways, { password: false, codes: false });
    assert.equal((await prove({ password })).json.error.code, 'wrong-code');
    assert.equal((await ask('POST /api/account/recovery-codes', { cookie })).json.error.code, 'prove-yourself');
    assert.equal((await prove({ passkey: key.show(passkey, ORIGIN) })).status, 200);
    later(5 * MINUTE);
    assert.equal((await prove({ code: recoveryCodes[0]! })).status, 200, 'for who has lost the device');
    assert.equal((await ask('POST /api/account/recovery-codes', { cookie })).status, 200);
  });

  test('made for another origin, another host, another purpose or by nobody in particular is refused', async () => {
    const key = device();
    for (const lies of [
      { origin: 'https://evil.test' },
      { host: 'evil.test' },
      { type: 'webauthn.get' },
      { flags: 0x01 },
      { x5c: [new Uint8Array(64)] },
    ]) {
      const answer = await add(key, lies);
      assert.equal(answer.status, 422, `${JSON.stringify(lies)} ${answer.text}`);
    }
    assert.equal((await add(key)).status, 200);
    assert.equal((await add(key)).status, 422, 'the same again');
    for (const lies of [
      { origin: 'https://evil.test' },
      { host: 'evil.test' },
      { type: 'webauthn.create' },
      { flags: 0x01 },
    ]) {
      assert.equal((await enter(key.show(await asked(), ORIGIN, lies))).status, 401, JSON.stringify(lies));
    }
    const proofs = (await ask('POST /api/account/proofs', { cookie })).json as never as {
      passkey: { challenge: string; host: string };
    };
    assert.equal((await enter(key.show(proofs.passkey, ORIGIN))).status, 401, 'a question asked for something else');
    assert.equal((await enter(device().show(await asked(), ORIGIN))).status, 401, 'a key that nobody knows');
    later(5 * MINUTE - 1);
    const late = await asked();
    later(5 * MINUTE);
    assert.equal((await enter(key.show(late, ORIGIN))).status, 401, 'five minutes later');
  });

  test('is not taken at another name than it was made for, nor at an IP address (Host confusion)', async () => {
    const key = device();
    await add(key);
    for (const host of ['example.test:5281', 'chat.example.test']) {
      const origin = `https://${host}`;
      const headers = { host };
      const question = (await ask('POST /api/sign-in/passkey/question', { headers, origin })).json as never as {
        challenge: string;
        host: string;
      };
      assert.equal((await enter(key.show(question, origin), { headers, origin })).status, 401, host);
    }
    for (const host of [
      '192.0.2.7:5281',
      '[2001:db8::7]:5281',
      '127.0.0.1',
      '0x7f.1',
      '2130706433',
      'a b',
      'panel@evil.test',
    ]) {
      const answer = await ask('POST /api/sign-in/passkey/question', { headers: { host }, origin: '' });
      assert.ok([400, 421, 422].includes(answer.status), `${host} ${answer.text}`);
    }
  });

  test('that counts less than it did is a copy: it is refused, and that is written down', async () => {
    const key = device();
    key.counter = 5;
    await add(key);
    key.counter = 9;
    assert.equal((await enter(key.show(await asked(), ORIGIN))).status, 200);
    for (const counter of [9, 8, 0]) {
      key.counter = counter;
      assert.equal((await enter(key.show(await asked(), ORIGIN))).status, 401, `${counter}`);
    }
    const rows = await house.stores.audit.page({ limit: 10 });
    assert.equal(rows.filter(({ action }) => action === 'admin.passkey-copied').length, 3);
    key.counter = 10;
    assert.equal((await enter(key.show(await asked(), ORIGIN))).status, 200);
  });

  test('of somebody else proves nothing in another’s session, and cannot be named or removed there', async () => {
    const key = device();
    await add(key);
    const { admins } = house.stores;
    await admins.create({ name: 'eve', passwordHash: 'x', role: 'owner' });
    const { token } = await house.commands.admins.welcome('eve', { address: '', agent: '' });
    const hers = `__Host-hallway=${token}`;
    const [kept] = await house.stores.adminProofs.passkeys((await admins.find('olga'))!.id);
    const address = `/api/account/passkeys/${kept!.id}`;
    assert.equal((await ask(`PUT ${address}`, { cookie: hers, body: { name: 'mine' } })).status, 404);
    assert.equal((await ask(`DELETE ${address}`, { cookie: hers })).status, 404);
    const proofs = (await ask('POST /api/account/proofs', { cookie })).json as never as {
      passkey: { challenge: string; host: string };
    };
    const passkey = key.show(proofs.passkey, ORIGIN);
    assert.equal((await ask('POST /api/account/prove', { cookie: hers, body: { passkey } })).status, 401);
    assert.equal((await ask('POST /api/account/prove', { cookie, body: { passkey } })).status, 200);
  });

  test('goes with its administrator: a name made again inherits nothing (SECURITY 50)', async () => {
    const key = device();
    await add(key);
    const by = { name: 'root', door: 'cli' } as const;
    const { administrators, admins } = house.commands;
    await house.stores.admins.create({ name: 'eve', passwordHash: 'x', role: 'owner' });
    const { code } = await admins.resetCode(by, 'olga');
    await administrators.remove(by, 'olga');
    assert.equal((await enter(key.show(await asked(), ORIGIN))).status, 401);
    assert.equal((await ask('GET /api/account', { cookie })).status, 401);
    await administrators.invite(by, 'olga', 'auditor');
    assert.equal(
      (await ask('POST /api/admin/reset', { body: { code, password: 'quite another passphrase' } })).status,
      403,
    );
    assert.equal((await enter(key.show(await asked(), ORIGIN))).status, 401);
  });
});

test('brute force over many accounts from one address is told to wait (SECURITY 23)', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `admin${i}`);
  const answers = await Promise.all(names.map((name) => ask('POST /api/sign-in', { body: { name, password: 'x' } })));
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [...Array(10).fill(401), 429, 429]);
});

test('who is disabled is out at once, and neither password nor link lets in', async () => {
  const by = { name: 'root', door: 'cli' } as const;
  const { administrators, admins } = house.commands;
  await assert.rejects(administrators.setDisabled(by, 'olga', true), { code: 'last-owner' });
  await assert.rejects(administrators.setRole(by, 'olga', 'admin'), { code: 'last-owner' });
  await assert.rejects(administrators.remove(by, 'olga'), { code: 'last-owner' });
  const { reset } = await administrators.invite(by, 'eve', 'owner');
  await assert.rejects(
    administrators.remove(by, 'olga'),
    { code: 'last-owner' },
    'who has no password yet is no owner to rely on',
  );
  assert.equal((await ask('POST /api/sign-in', { body: { name: 'eve', password: '' } })).status, 400);
  assert.equal(
    (await ask('POST /api/admin/reset', { body: { code: reset.code, password: 'quite another passphrase' } })).status,
    200,
  );
  const { code } = await admins.resetCode(by, 'olga');
  await administrators.setDisabled(by, 'olga', true);
  assert.equal((await ask('GET /api/account', { cookie })).status, 401);
  assert.equal((await ask('POST /api/sign-in', { body: ADMIN })).status, 401);
  assert.equal(
    (await ask('POST /api/admin/reset', { body: { code, password: 'quite another passphrase' } })).status,
    403,
  );
  await assert.rejects(administrators.remove(by, 'eve'), { code: 'last-owner' });
  await administrators.setDisabled(by, 'olga', false);
  assert.equal((await ask('POST /api/sign-in', { body: ADMIN })).status, 200);
});

test('the help desk does not get at what it may not do by way of a chat administrator (SECURITY 66)', async () => {
  const by = { name: 'olga', door: 'panel' } as const;
  const { accounts, administrators, admins } = house.commands;
  for (const local of ['anna', 'bert'])
    await accounts.create(by, 'example.test', { local, password: 'a secret of mine' });
  await accounts.setChatAdmin(by, 'example.test', 'anna', true);
  await administrators.invite(by, 'hal', 'help-desk');
  const { token } = await admins.welcome('hal', { address: '', agent: '' });
  const his = `__Host-hallway=${token}`;
  const body = { password: 'another secret' };
  for (const [what, input] of [
    ['password', { body }],
    ['disable', { body: {} }],
    ['enable', {}],
    ['reset-link', {}],
  ] as const) {
    const url = (local: string) => `POST /api/domains/example.test/accounts/${local}/${what}`;
    const refused = await ask(url('anna'), { cookie: his, ...input });
    assert.deepEqual([refused.status, refused.json.error?.code], [403, 'not-allowed'], what);
    assert.equal((await ask(url('bert'), { cookie: his, ...input })).status, 200, what);
  }
});
