import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { shownCode } from '../support/totp-app.ts';
import {
  ADMIN,
  type Answer,
  type Ask,
  type Client,
  claim,
  claimed,
  openApp,
  openHouse,
  type TestHouse,
} from './support.ts';

const MINUTE = 60_000;
const START = Math.floor(Date.now() / MINUTE) * MINUTE + MINUTE / 4;
const FRESH = 'quite another passphrase';
const BY = { name: 'root', door: 'cli' } as const;

let house: TestHouse;
let ask: Client;
let shut: () => Promise<void>;
let cookie: string;

beforeEach(async () => {
  house = await openHouse(() => START);
  ({ ask, close: shut } = await openApp(house));
  cookie = await claimed(house);
});
afterEach(async () => {
  await shut();
  await house.close();
});

/** Other addresses each time, so that what is looked at is not the limit of one. */
let next = 0;
const elsewhere = () => `198.51.${100 + (++next >> 8)}.${next & 255}`;
const codeOf = ({ status, json }: Answer): string => json.error?.code ?? String(status);
const times = async (count: number, one: (turn: number) => Promise<Answer>): Promise<string[]> => {
  const found: string[] = [];
  for (let turn = 0; turn < count; turn++) found.push(codeOf(await one(turn)));
  return found;
};
const ten = (code: string) => Array<string>(10).fill(code);

/** An app for codes; gives the recovery codes and what the app shows first after that. */
async function codes(): Promise<{ recovery: string[]; shown: string }> {
  const { secret } = (await ask('POST /api/account/totp', { cookie })).json as unknown as { secret: string };
  const answer = await ask('POST /api/account/totp/confirm', { cookie, body: { code: shownCode(secret, START) } });
  house.later(MINUTE);
  const { recoveryCodes } = answer.json as unknown as { recoveryCodes: string[] };
  return { recovery: recoveryCodes, shown: shownCode(secret, START + MINUTE) };
}

const ticket = async (): Promise<string> => {
  const { json } = await ask('POST /api/sign-in', { body: ADMIN, from: elsewhere() });
  return (json as never as { second: { ticket: string } }).second.ticket;
};
const second = async (code: string, more: Ask = {}) =>
  ask('POST /api/sign-in/second', { body: { ticket: await ticket(), code }, from: elsewhere(), ...more });
const wrongRecovery = (turn: number) => `7K3M-9QX2-WB${String(turn).padStart(2, '0')}`;

test('what is kept of a password that is claimed with costs whoever has the store as much as is said there', async () => {
  const other = await openHouse();
  const app = await openApp(other);
  await claim(other, app.ask);
  const { passwordHash } = (await other.stores.admins.find(ADMIN.name))!;
  assert.match(passwordHash, /^scrypt\$N=32768,r=8,p=3\$[\w-]{22}\$[\w-]{43}$/);
  await app.close();
  await other.close();
});

describe('guessing at recovery codes', () => {
  test('is over after ten, from however many addresses; not even a right one is taken then, and it is not used up', async () => {
    const { recovery } = await codes();
    const found = await times(13, (turn) => second(wrongRecovery(turn)));
    assert.deepEqual(found, [...ten('wrong-code'), ...Array(3).fill('too-many')]);
    const refused = await second(recovery[0]!);
    assert.deepEqual([codeOf(refused), refused.cookie], ['too-many', undefined]);
    house.later(3 * MINUTE);
    assert.equal((await second(recovery[0]!)).status, 200);
  });

  test('counts with guessing at codes of the app, and at the door where one shows again who one is', async () => {
    const { recovery, shown } = await codes();
    const tries = [
      () => second(wrongRecovery(1)),
      () => second('000000'),
      () => ask('POST /api/account/prove', { cookie, body: { code: wrongRecovery(2) }, from: elsewhere() }),
    ];
    const found = await times(12, (turn) => tries[turn % 3]!());
    assert.deepEqual(found, [...ten('wrong-code'), 'too-many', 'too-many']);
    assert.equal(codeOf(await second(shown)), 'too-many');
    const proof = await ask('POST /api/account/prove', { cookie, body: { code: recovery[0]! }, from: elsewhere() });
    assert.equal(codeOf(proof), 'too-many');
  });

  test('from one address it is told to wait, whichever tickets it has', async () => {
    const { recovery } = await codes();
    const from = '203.0.113.7';
    const found = await times(10, (turn) => second(wrongRecovery(turn), { from }));
    assert.deepEqual(found, ten('wrong-code'));
    house.later(30 * MINUTE);
    assert.equal(codeOf(await second(recovery[0]!, { from })), 'too-many-attempts', 'whoever it is by then');
    assert.equal((await second(recovery[0]!)).status, 200);
  });
});

describe('guessing at reset codes', () => {
  const reset = (code: string, from = '203.0.113.8') =>
    ask('POST /api/admin/reset', { body: { code, password: FRESH }, from });
  const look = (code: string, from = '203.0.113.8') => ask('POST /api/admin/reset/look', { body: { code }, from });

  test('is told to wait after ten from one address, looks counted; nothing is used up and nobody signed out', async () => {
    const { code } = await house.commands.admins.resetCode(BY, ADMIN.name);
    const found = await times(12, (turn) => (turn % 2 ? look : reset)(wrongRecovery(turn)));
    assert.deepEqual(found, [...ten('wrong-code'), 'too-many-attempts', 'too-many-attempts']);
    for (const one of [look, reset]) {
      const refused = await one(code);
      assert.deepEqual([refused.status, refused.cookie], [429, undefined], 'not even the right one');
    }
    assert.equal((await ask('GET /api/account', { cookie })).status, 200);
    const own = await reset(code, elsewhere());
    assert.equal(own.status, 200, 'whose it is has it at another address all the same');
    assert.equal(codeOf(await reset(code, elsewhere())), 'wrong-code', 'once');
  });

  test('finds neither other codes, nor one that is too old, nor one of somebody who is gone', async () => {
    const { recovery } = await codes();
    const { administrators, admins } = house.commands;
    await administrators.invite(BY, 'eve', 'auditor');
    const [hers, mine] = [await admins.resetCode(BY, 'eve'), await admins.resetCode(BY, ADMIN.name)];
    await administrators.remove(BY, 'eve');
    house.later(60 * MINUTE);
    for (const [turn, code] of [recovery[0]!, hers.code, mine.code, '', '-', '%', `${mine.code}0`].entries()) {
      const answer = await (turn % 2 ? look : reset)(code, elsewhere());
      assert.ok([400, 403].includes(answer.status), `${code}: ${answer.text}`);
      assert.ok(!answer.text.includes(ADMIN.name) && !answer.text.includes('eve'));
    }
  });
});

describe('guessing at the door where one shows again who one is', () => {
  const prove = (body: object, from: string, as = cookie) => ask('POST /api/account/prove', { cookie: as, body, from });
  const dangerous = () => ask('POST /api/account/recovery-codes', { cookie });

  test('a browser that was left open has ten tries at the password, and stays without what is dangerous', async () => {
    house.later(5 * MINUTE);
    const from = '203.0.113.9';
    assert.deepEqual(await times(12, (turn) => prove({ password: `guess ${turn}` }, from)), [
      ...ten('wrong-credentials'),
      'too-many-attempts',
      'too-many-attempts',
    ]);
    assert.equal(codeOf(await prove({ password: ADMIN.password }, from)), 'too-many-attempts');
    assert.equal(codeOf(await dangerous()), 'prove-yourself');
    assert.equal((await prove({ password: ADMIN.password }, elsewhere())).status, 200);
    assert.equal((await dangerous()).status, 200);
  });

  test('each wrong password, also an old one where a new one is chosen, is logged and audited, without what was typed', async () => {
    const guess = 'a guess of the night';
    const from = '203.0.113.10';
    const elsewhere = (await house.commands.admins.welcome(ADMIN.name, { address: '', agent: '' })).token;
    house.logged.length = 0;
    await prove({ password: guess }, from);
    await ask('POST /api/admin/password', { cookie, body: { old: guess, new: FRESH }, from });
    const rows = await house.stores.audit.page({ limit: 3 });
    const told = rows.map(({ actor, action, subject, detail }) => [actor, action, subject, detail]);
    assert.deepEqual(told.slice(0, 2), Array(2).fill([ADMIN.name, 'admin.wrong-password', ADMIN.name, {}]));
    assert.notEqual(told[2]?.[1], 'admin.wrong-password');
    const lines = house.logged.filter((line) => /\bwarn\b.*did not show who they are/i.test(line));
    assert.deepEqual(
      [lines.length, lines.every((line) => line.includes(from) && line.includes(ADMIN.name))],
      [2, true],
    );
    assert.ok(![...house.logged, JSON.stringify(rows)].some((text) => text.includes(guess)));
    assert.equal((await ask('GET /api/account', { cookie: `__Host-hallway=${elsewhere}`, from })).status, 200);
  });

  test('what is tried there counts with signing in, and nobody who is signed in elsewhere is kept from anything', async () => {
    const { token } = await house.commands.admins.welcome(ADMIN.name, { address: '', agent: '' });
    const other = `__Host-hallway=${token}`;
    const from = '203.0.113.11';
    assert.deepEqual(await times(10, () => prove({ password: 'wrong' }, from)), ten('wrong-credentials'));
    assert.equal(codeOf(await ask('POST /api/sign-in', { body: ADMIN, from })), 'too-many-attempts');
    assert.equal((await ask('GET /api/account', { cookie: other, from })).status, 200);
    assert.equal((await prove({ password: ADMIN.password }, elsewhere(), other)).status, 200);
  });

  test('what is no proof, two at once, or nothing at all proves nothing; nor does that of another', async () => {
    await house.stores.admins.create({ name: 'eve', passwordHash: '', role: 'owner' });
    const { token } = await house.commands.admins.welcome('eve', { address: '', agent: '' });
    const hers = `__Host-hallway=${token}`;
    const { recovery } = await codes();
    house.later(5 * MINUTE);
    for (const body of [{}, { password: '' }, { code: '' }, { password: ADMIN.password }, { code: recovery[0]! }]) {
      const answer = await prove(body, elsewhere(), hers);
      assert.ok([400, 401, 403].includes(answer.status), `${JSON.stringify(body)} ${answer.text}`);
    }
    const both = { password: ADMIN.password, code: wrongRecovery(1) };
    assert.ok((await prove(both, elsewhere())).status >= 400, 'a right password beside a wrong code');
    assert.equal(codeOf(await dangerous()), 'prove-yourself');
    assert.equal((await prove({ code: recovery[0]! }, elsewhere())).status, 200, 'hers did not use it up');
  });
});
