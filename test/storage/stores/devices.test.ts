import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compose, sql } from '../../../server/storage/database.ts';
import { DEVICES_LIMIT, type Device, deviceId, type Token } from '../../../server/storage/stores/devices.ts';
import { house } from './support.ts';

const token = (seed: string, more: Partial<Token> = {}): Token => ({
  seed: new Uint8Array(Buffer.from(seed)),
  mechanism: 'HT-SHA-256-NONE',
  issuedAt: 1,
  expiresAt: 1_000,
  count: -1,
  ...more,
});

const device = (id: string, more: Partial<Device> = {}): Device => ({
  id,
  software: 'Pidgeon',
  name: 'Balcony',
  firstSeen: 1,
  lastSeen: 1,
  passwordAt: 1,
  current: undefined,
  fresh: undefined,
  ...more,
});

const AGENT = 'd4565fa7-4d72-4749-b3d3-740edbf87770';

describe('devices', () => {
  it('are kept with both tokens, and changed in one go', async (t) => {
    const { devices, person, afresh } = await house(t);
    const { id } = await person('juliet');
    const full = device('a', { current: token('one', { count: 7 }), fresh: token('two', { mechanism: 'X' }) });
    await devices.change(id, 'a', (known) => {
      assert.equal(known, undefined);
      return full;
    });
    assert.deepEqual(await afresh().devices.of(id), [full]);
    await devices.change(id, 'a', (known) => ({ ...known!, current: known!.fresh, fresh: undefined }));
    assert.deepEqual(await afresh().devices.of(id), [{ ...full, current: full.fresh, fresh: undefined }]);
    assert.deepEqual(devices.of(id), await afresh().devices.of(id));
  });

  it('changed lazily are seen at once and written soon', async (t) => {
    const { devices, person, afresh, db } = await house(t);
    const { id } = await person('juliet');
    await devices.change(id, 'a', () => device('a'), true);
    assert.deepEqual(devices.of(id), [device('a')]);
    await db.durable();
    assert.equal((await afresh().devices.of(id)).length, 1);
  });

  it('keep only so much of what a client says of itself', async (t) => {
    const { devices, person } = await house(t);
    const { id } = await person('juliet');
    await devices.change(id, 'a', () => device('a', { name: '名'.repeat(5_000), software: ' x ' }));
    const { name, software } = (await devices.find(id, 'a'))!;
    assert.deepEqual([[...name].length, software], [100, 'x']);
  });

  it(`are ${DEVICES_LIMIT} to an account: the one unused for the longest time leaves for the next`, async (t) => {
    const { devices, person, afresh } = await house(t);
    const { id } = await person('juliet');
    for (let n = 0; n <= DEVICES_LIMIT; n++) {
      await devices.change(id, `d${n}`, () => device(`d${n}`, { lastSeen: n === 7 ? 0 : 10 + n }), true);
    }
    const ids = (await afresh().devices.of(id)).map((one) => one.id);
    assert.equal(ids.length, DEVICES_LIMIT);
    assert.ok(!ids.includes('d7') && ids.includes('d0') && ids.includes(`d${DEVICES_LIMIT}`));
  });

  it('a change that meets a revocation does not bring a token back', async (t) => {
    const { devices, person, afresh } = await house(t);
    const { id } = await person('juliet');
    await devices.change(id, 'a', () => device('a', { current: token('one') }));
    const seen: (Token | undefined)[] = [];
    const changing = devices.change(id, 'a', (known) => {
      seen.push(known?.current);
      return { ...known!, lastSeen: 2 };
    });
    const taking = devices.takeTokens(id, 'a');
    assert.deepEqual(await Promise.all([changing, taking]), [undefined, true]);
    const stored = (await afresh().devices.find(id, 'a'))!;
    assert.deepEqual([seen, stored.current, stored.lastSeen], [[undefined], undefined, 2]);
  });

  it('lose their tokens one by one, or go', async (t) => {
    const { devices, person, afresh } = await house(t);
    const { id } = await person('juliet');
    await devices.change(id, 'a', () => device('a', { current: token('one'), fresh: token('two') }));
    await devices.change(id, 'b', () => device('b', { current: token('three') }));
    assert.equal(await devices.takeTokens(id, 'nobody'), false);
    assert.equal(await devices.takeTokens(id, 'a'), true);
    const left = await afresh().devices.of(id);
    assert.deepEqual(left.map((one) => [one.id, one.current === undefined, one.fresh]).sort(), [
      ['a', true, undefined],
      ['b', false, undefined],
    ]);
    await devices.remove(id, 'a');
    assert.equal((await devices.of(id)).length, 1);
  });

  it('go with the password, lose their tokens when the account is disabled, and are nobody’s when it is removed', async (t) => {
    const { devices, credentials, accounts, person, afresh } = await house(t);
    const juliet = await person('juliet');
    const put = () => devices.change(juliet.id, 'a', () => device('a', { current: token('one') }));
    await put();
    const replaced = credentials.replace(juliet.id, []);
    assert.deepEqual(await devices.of(juliet.id), []);
    await replaced;
    await put();
    const disabled = accounts.setStatus(juliet, 'disabled');
    assert.equal((await devices.find(juliet.id, 'a'))?.current, undefined);
    await disabled;
    assert.equal((await afresh().devices.find(juliet.id, 'a'))?.current, undefined);
    await put();
    await accounts.remove(juliet);
    assert.deepEqual(await devices.of(juliet.id), []);
    await assert.rejects(put(), { code: 'constraint' });
    await devices.change(juliet.id, 'a', () => device('a'), true);
    const again = await person('juliet');
    assert.deepEqual(await devices.of(again.id), []);
    assert.deepEqual(await devices.of(juliet.id), []);
  });

  it('that nobody uses are forgotten in slices', async (t) => {
    const { devices, person, db } = await house(t);
    const { id } = await person('juliet');
    for (const n of [1, 2, 3]) await devices.change(id, `d${n}`, () => device(`d${n}`, { lastSeen: n }));
    assert.equal(await devices.expire(3), 2);
    assert.equal(await devices.expire(3), 0);
    assert.deepEqual(
      (await devices.of(id)).map((one) => one.id),
      ['d3'],
    );
    const plan = await db.all<{ detail: string }>(
      compose(
        sql`EXPLAIN QUERY PLAN`,
        sql`SELECT account, id FROM device WHERE last_seen < 3 ORDER BY last_seen LIMIT 5`,
      ),
    );
    assert.match(plan.map((row) => row.detail).join(), /USING COVERING INDEX device_by_last_seen/);
  });

  it('have a name that shows neither what the client calls itself nor that it is the same in another account', () => {
    const name = deviceId(1, AGENT);
    assert.match(name, /^[\w-]{22}$/);
    assert.equal(deviceId(1, AGENT.toUpperCase()), name);
    assert.notEqual(deviceId(2, AGENT), name);
  });
});

describe('one more key', () => {
  const key = (mechanism: 'SCRAM-SHA-1' | 'SCRAM-SHA-256', fill: number) => ({
    mechanism,
    salt: new Uint8Array(16),
    iterations: 4_096,
    storedKey: new Uint8Array(20).fill(fill),
    serverKey: new Uint8Array(20),
  });

  it('is added for the password that is there, and for no other', async (t) => {
    const { credentials, person, afresh } = await house(t);
    const { id } = await person('juliet');
    const old = key('SCRAM-SHA-1', 1);
    await credentials.replace(id, [old]);
    await credentials.add(id, key('SCRAM-SHA-256', 2), new Uint8Array(20).fill(9));
    assert.equal((await credentials.of(id)).length, 1);
    await credentials.add(id, key('SCRAM-SHA-256', 2), old.storedKey);
    await credentials.add(id, key('SCRAM-SHA-256', 3), old.storedKey);
    assert.deepEqual(
      (await afresh().credentials.of(id)).map(({ mechanism, storedKey }) => [mechanism, storedKey[0]]),
      [
        ['SCRAM-SHA-1', 1],
        ['SCRAM-SHA-256', 2],
      ],
    );
  });
});
