import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '../../../server/storage/database.ts';
import { house } from './support.ts';

describe('block lists', () => {
  it('take, give back and forget addresses', async (t) => {
    const { blocking, person, afresh } = await house(t);
    const { id } = await person('romeo');
    assert.equal((await blocking.list(id)).size, 0);
    await blocking.add(id, ['tybalt@office.test', 'spam.test', 'spam.test']);
    await blocking.add(id, ['spam.test']);
    assert.deepEqual([...(await blocking.list(id))], ['spam.test', 'tybalt@office.test']);
    assert.ok(!(blocking.list(id) instanceof Promise));
    await blocking.remove(id, ['spam.test', 'nobody.test']);
    assert.deepEqual([...(await blocking.list(id))], ['tybalt@office.test']);
    const clearing = blocking.clear(id);
    assert.equal((await blocking.list(id)).size, 0);
    await clearing;
    assert.equal((await afresh().blocking.list(id)).size, 0);
  });
});

describe('offline messages', () => {
  it('wait in order, are counted at once, and go when they were handed over', async (t) => {
    const { offline, db } = await house(t);
    assert.equal(await offline.count(1), 0);
    for (let n = 1; n <= 5; n++) db.queue([offline.append(1, n, `<m>${n}</m>`)]);
    assert.deepEqual(offline.waiting(1), { count: 5, size: 40 });
    assert.deepEqual(await offline.list(1, 2), [
      { id: 1, stanza: '<m>1</m>' },
      { id: 2, stanza: '<m>2</m>' },
    ]);
    assert.deepEqual(
      (await offline.list(1, 9, 2)).map((one) => one.id),
      [3, 4, 5],
    );
    await offline.remove(1, [1, 2, 99]);
    assert.equal(await offline.count(1), 3);
    assert.equal(await offline.count(2), 0);
    await offline.remove(1, []);
    await offline.remove(
      1,
      Array.from({ length: 2_500 }, (_, n) => n),
    );
    assert.deepEqual(await offline.list(1, 9), []);
  });

  it('are counted anew when one could not be stored', async (t) => {
    const { offline, db } = await house(t);
    db.queue([offline.append(1, 1, 'x')]);
    assert.equal(await offline.count(1), 1);
    db.queue([offline.append(1, 1, 'x')], () => offline.forget(1));
    assert.deepEqual(offline.waiting(1), { count: 2, size: 2 });
    await db.durable();
    assert.equal(await offline.count(1), 1);
  });
});

describe('domains', () => {
  it('are listed, the oldest first, and unique', async (t) => {
    const { domains } = await house(t);
    await domains.add('b.test', 1);
    await domains.add('a.test', 2);
    await assert.rejects(domains.add('a.test'), { code: 'constraint' });
    assert.deepEqual(await domains.list(), [
      { name: 'b.test', createdAt: 1 },
      { name: 'a.test', createdAt: 2 },
    ]);
    assert.equal(await domains.remove('b.test'), true);
    assert.equal(await domains.remove('b.test'), false);
  });
});

describe('settings', () => {
  it('hold any JSON value', async (t) => {
    const { settings, afresh } = await house(t);
    assert.equal(await settings.get('limits'), undefined);
    const value = { a: [1, 'zwei', null, true], b: { c: 0.5 } };
    await settings.set('limits', value);
    assert.deepEqual(await settings.get('limits'), value);
    assert.ok(!(settings.get('limits') instanceof Promise));
    await settings.set('limits', false);
    assert.equal(await settings.get('limits'), false);
    assert.deepEqual([...(await afresh().settings.all())], [['limits', false]]);
    await settings.remove('limits');
    assert.equal(await settings.get('limits'), undefined);
  });
});

describe('certificates', () => {
  it('keep an authority and one certificate a domain', async (t) => {
    const { certificates } = await house(t);
    assert.equal(await certificates.authority(), undefined);
    const authority = { name: 'internal', keyPem: 'key', certificatePem: 'cert', createdAt: 1 };
    await certificates.setAuthority(authority);
    assert.deepEqual(await certificates.authority(), authority);
    const one = { domain: 'b.test', chainPem: 'chain', keyPem: 'key', notAfter: 9, source: 'internal', createdAt: 1 };
    await certificates.set(one);
    await certificates.set({ ...one, domain: 'a.test' });
    await certificates.set({ ...one, source: 'uploaded' });
    assert.deepEqual(await certificates.of('b.test'), { ...one, source: 'uploaded' });
    assert.deepEqual(
      (await certificates.all()).map((each) => each.domain),
      ['a.test', 'b.test'],
    );
    await certificates.remove('b.test');
    assert.equal(await certificates.of('b.test'), undefined);
  });
});

describe('administrators', () => {
  const session = { csrf: 'c', createdAt: 1, lastSeen: 1, expiresAt: 100, address: '::1', agent: 'Browser' };

  it('are made once, the first one by the first only', async (t) => {
    const { admins } = await house(t);
    const first = { name: 'ada', passwordHash: 'hash', role: 'owner' };
    assert.deepEqual(await Promise.all([admins.createFirst(first), admins.createFirst({ ...first, name: 'eve' })]), [
      true,
      false,
    ]);
    const bob = await admins.create({ ...first, name: 'bob' }, 5);
    await assert.rejects(admins.create({ ...first, name: 'bob' }), { code: 'constraint' });
    assert.deepEqual(await admins.find('bob'), { id: bob.id, ...first, name: 'bob', createdAt: 5, disabled: 0 });
    assert.deepEqual(await admins.byId(bob.id), bob);
    assert.deepEqual(
      (await admins.list()).map((one) => one.name),
      ['ada', 'bob'],
    );
    assert.equal(await admins.count(), 2);
    assert.equal(await admins.find('eve'), undefined);
  });

  it('have sessions that expire, are noted, and end with password, role or administrator', async (t) => {
    const { admins, db } = await house(t);
    const ada = await admins.create({ name: 'ada', passwordHash: 'h', role: 'owner' });
    const add = (tokenHash: string) => admins.addSession({ ...session, provenAt: 0, tokenHash, admin: ada.id });
    const there = async () => (await admins.sessionsOf(ada.id, 50)).map((one) => one.tokenHash).join();
    await add('one');
    assert.deepEqual(await admins.session('one', 99), { ...session, provenAt: 0, tokenHash: 'one', admin: ada.id });
    assert.equal(await admins.session('one', 100), undefined);
    admins.touchSession('one', 60, 200);
    assert.equal((await admins.session('one', 150))?.lastSeen, 60);
    await add('two');
    await admins.setPassword(ada.id, 'new', 'two');
    assert.equal(await there(), 'two');
    assert.equal((await admins.byId(ada.id))?.passwordHash, 'new');
    assert.equal(await admins.setRole(ada.id, 'helper'), false, 'the last owner stays one');
    await admins.create({ name: 'bob', passwordHash: 'h', role: 'owner' });
    assert.equal(await admins.setRole(ada.id, 'helper'), true);
    assert.equal(await there(), '');
    await add('three');
    await add('four');
    await admins.endSession('three');
    assert.equal(await there(), 'four');
    await admins.endSessionsOf(ada.id);
    assert.equal(await there(), '');
    await add('five');
    assert.equal(await admins.expireSessions(99), 0);
    assert.equal(await admins.expireSessions(100), 1);
    await add('six');
    await admins.remove(ada.id);
    assert.deepEqual(await db.get(sql`SELECT count(*) AS n FROM admin_session`), { n: 0 });
  });
});

describe('the audit log', () => {
  const entry = {
    time: 1,
    actor: 'ada',
    door: 'panel',
    action: 'account.create',
    subject: 'romeo@o',
    detail: { by: 'form' },
  } as const;

  it('is a chain that shows any change', async (t) => {
    const { audit, db } = await house(t);
    await Promise.all(Array.from({ length: 30 }, (_, n) => audit.append({ ...entry, time: n })));
    const whole = await audit.verify();
    assert.deepEqual([whole.ok, whole.rows], [true, 30]);
    assert.equal(whole.head, (await audit.page({ limit: 1 }))[0]?.hash);
    const changes = [
      sql`UPDATE audit SET actor = 'eve' WHERE id = 7`,
      sql`UPDATE audit SET time = 1000 WHERE id = 7`,
      sql`UPDATE audit SET detail_json = '{}' WHERE id = 7`,
      sql`DELETE FROM audit WHERE id = 6`,
    ];
    for (const change of changes) {
      await db.run(change);
      const verdict = await audit.verify();
      assert.deepEqual([verdict.ok, verdict.brokenAt], [false, 7]);
      await db.run(sql`UPDATE audit SET actor = 'ada', time = 6, detail_json = '{"by":"form"}' WHERE id = 7`);
    }
    assert.equal((await audit.verify()).ok, false);
  });

  it('is read from its end, by page and filter', async (t) => {
    const { audit } = await house(t);
    for (const actor of ['ada', 'bob', 'ada', 'bob', 'ada']) await audit.append({ ...entry, actor });
    const ids = async (query: Parameters<typeof audit.page>[0]) => (await audit.page(query)).map((row) => row.id);
    assert.deepEqual(await ids({ limit: 2 }), [5, 4]);
    assert.deepEqual(await ids({ limit: 9, beforeId: 4 }), [3, 2, 1]);
    assert.deepEqual(await ids({ limit: 9, actor: 'bob' }), [4, 2]);
    assert.deepEqual(await ids({ limit: 9, action: 'account.remove' }), []);
    assert.deepEqual(await ids({ limit: 9, subject: 'romeo@o', actor: 'ada' }), [5, 3, 1]);
    assert.deepEqual((await audit.page({ limit: 1 }))[0]?.detail, { by: 'form' });
  });

  it('goes on after an entry that could not be stored', async (t) => {
    const { audit } = await house(t);
    const bad = { ...entry, door: 'window' as 'panel' };
    const outcomes = await Promise.allSettled([audit.append(entry), audit.append(bad), audit.append(entry)]);
    assert.deepEqual(
      outcomes.map((one) => one.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual([(await audit.verify()).ok, (await audit.verify()).rows], [true, 2]);
  });
});

describe('last activity', () => {
  it('is what was noted last', async (t) => {
    const { lastActivity } = await house(t);
    assert.equal(await lastActivity.get(1), undefined);
    lastActivity.set(1, 5, 'bye');
    lastActivity.set(1, 6, '');
    assert.deepEqual(await lastActivity.get(1), { time: 6, status: '' });
  });
});

describe('one-time codes', () => {
  it('work once, for their purpose, in their time', async (t) => {
    const { oneTimeCodes: codes } = await house(t);
    const code = { purpose: 'claim', subject: '', createdAt: 0, expiresAt: 100 };
    await codes.put('h1', code);
    assert.deepEqual(await codes.find('h1', 99), code);
    assert.equal(await codes.find('h1', 100), undefined);
    assert.equal(await codes.take('h1', 'reset', 50), false);
    assert.equal(await codes.take('h1', 'claim', 100), false);
    assert.deepEqual(await Promise.all([codes.take('h1', 'claim', 50), codes.take('h1', 'claim', 50)]), [true, false]);
    await codes.put('h2', code);
    await codes.put('h3', code);
    assert.equal(await codes.find('h2', 50), undefined, 'a new code ends the one before');
    assert.equal(await codes.expire(100), 1);
  });
});
