import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '../../../server/storage/database.ts';
import { type NewInvitation, useForAccount } from '../../../server/storage/stores/invitations.ts';
import { house } from './support.ts';

const DOMAIN = 'office.test';
const one = (hash: string, more: Partial<NewInvitation> = {}): NewInvitation => ({
  hash,
  domain: DOMAIN,
  purpose: 'account',
  local: '',
  name: '',
  account: null,
  byPerson: false,
  creator: 'olga',
  uses: 1,
  createdAt: 1_000,
  expiresAt: 2_000,
  ...more,
});
const refused = { name: 'StorageError', code: 'constraint' };

describe('invitations', () => {
  it('are used as often as they may be, an account and its use together or not at all', async (t) => {
    const { invitations, accounts } = await house(t);
    const { id } = await invitations.add(one('a'));
    const make = (local: string) =>
      accounts.create({ domain: DOMAIN, local, credentials: [], also: useForAccount(id, DOMAIN, local) });
    const made = await Promise.allSettled([make('anna'), make('bert')]);
    assert.deepEqual(made.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(await accounts.count(DOMAIN), 1);
    assert.deepEqual(await invitations.usersOf(id), ['anna@office.test']);
    await assert.rejects(invitations.use(id, 'cyd@office.test', null), refused);
    assert.equal((await invitations.byHash('a'))?.left, 0);
  });

  it('that are gone make no account', async (t) => {
    const { invitations, accounts } = await house(t);
    const { id } = await invitations.add(one('a'));
    await invitations.expire(3_000);
    const also = useForAccount(id, DOMAIN, 'anna');
    await assert.rejects(accounts.create({ domain: DOMAIN, local: 'anna', credentials: [], also }), refused);
    assert.equal(await accounts.find(DOMAIN, 'anna'), undefined);
  });

  it('are used once by each, and not after they were taken back', async (t) => {
    const { invitations } = await house(t);
    const { id } = await invitations.add(one('a', { uses: 3 }));
    await invitations.use(id, 'anna@office.test', null);
    await assert.rejects(invitations.use(id, 'anna@office.test', null), refused);
    assert.equal((await invitations.byId(id))?.left, 2);
    assert.equal(await invitations.revoke(id), true);
    await assert.rejects(invitations.use(id, 'bert@office.test', null), refused);
    assert.equal(await invitations.revoke(99), false);
  });

  it('keep a name while they can be used, and are counted by whose they are', async (t) => {
    const { invitations, person } = await house(t);
    const romeo = await person('romeo');
    const { id } = await invitations.add(one('a', { local: 'anna' }));
    await invitations.add(one('b', { account: romeo.id, byPerson: true }));
    assert.equal(await invitations.reserving(DOMAIN, 'anna', 1_500), id);
    assert.equal(await invitations.reserving(DOMAIN, 'anna', 2_000), undefined);
    assert.equal(await invitations.open({ domain: DOMAIN }, 1_500), 1);
    assert.equal(await invitations.open({ account: romeo.id }, 1_500), 1);
    await invitations.revoke(id);
    assert.equal(await invitations.reserving(DOMAIN, 'anna', 1_500), undefined);
    assert.equal(await invitations.open({ domain: DOMAIN }, 1_500), 0);
  });

  it('of a person go with them; the office’s only introduce to nobody any more', async (t) => {
    const { invitations, resetLinks, accounts, person, db } = await house(t);
    const romeo = await person('romeo');
    await invitations.add(one('own', { account: romeo.id, byPerson: true, purpose: 'both' }));
    const { id } = await invitations.add(one('office', { account: romeo.id, uses: 2 }));
    await invitations.use(id, 'romeo@office.test', romeo.id);
    await resetLinks.put('r', { account: romeo.id, helped: false, createdAt: 1, expiresAt: 9e12 });
    await accounts.remove(romeo);
    assert.equal(await invitations.byHash('own'), undefined);
    assert.equal((await invitations.byHash('office'))?.account, null);
    assert.deepEqual(await invitations.usersOf(id), []);
    assert.equal(await resetLinks.find('r'), undefined);
    assert.deepEqual(await db.all(sql`PRAGMA foreign_key_check`), []);
  });

  it('are found by an index, whatever is asked', async (t) => {
    const { db } = await house(t);
    const asked = [
      sql`SELECT id FROM invitation WHERE hash = ${'a'}`,
      sql`SELECT id FROM invitation WHERE domain = ${DOMAIN} AND id < ${9} ORDER BY id DESC LIMIT ${51}`,
      sql`SELECT id FROM invitation WHERE domain = ${DOMAIN} AND local = ${'anna'}`,
      sql`SELECT count(*) FROM invitation WHERE account = ${1} AND by_person = 1`,
      sql`SELECT id FROM invitation WHERE expires_at < ${1}`,
      sql`SELECT jid FROM invitation_use WHERE invitation = ${1}`,
      sql`SELECT jid FROM invitation_use WHERE account = ${1}`,
      sql`SELECT account FROM reset_link WHERE hash = ${'a'}`,
    ];
    for (const statement of asked) {
      const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
      assert.ok(
        !plan.some(({ detail }) => /^SCAN (invitation|reset)/.test(detail)),
        `${statement.text}: ${plan[0]?.detail}`,
      );
    }
  });
});

describe('reset links', () => {
  it('are one an account, and used by one', async (t) => {
    const { resetLinks, person } = await house(t);
    const { id } = await person('anna');
    await resetLinks.put('a', { account: id, helped: false, createdAt: 1, expiresAt: 100 });
    await resetLinks.put('b', { account: id, helped: false, createdAt: 2, expiresAt: 200 });
    assert.equal(await resetLinks.find('a'), undefined);
    assert.equal(await resetLinks.take('b', 200), false);
    assert.deepEqual((await Promise.all([resetLinks.take('b', 150), resetLinks.take('b', 150)])).sort(), [false, true]);
    await assert.rejects(resetLinks.put('c', { account: 99, helped: false, createdAt: 1, expiresAt: 100 }), refused);
  });
});
