import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { firstRun } from '../../provisioning/first-run.ts';
import { Renewal } from '../../server/certificates/renewal.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { Certificates } from '../../server/storage/stores/certificates.ts';
import { Domains } from '../../server/storage/stores/domains.ts';
import { createLog } from '../../server/util/log.ts';

const log = createLog({ level: 'silent' });

async function machine() {
  const db = await openDatabase({ file: ':memory:', log });
  after(() => db.close());
  const domains = new Domains(db);
  const store = new Certificates(db);
  const certificates = new Renewal({
    store,
    domains: async () => (await domains.list()).map(({ name }) => name),
    hostname: 'chat.local',
    log,
    renewed: async () => undefined,
  });
  return { domains, store, run: (domain: string) => firstRun({ domain, domains, certificates, log }) };
}

it('a bare machine gets a domain, an authority and a certificate, once', async () => {
  const { store, run } = await machine();
  assert.deepEqual(
    (await run('example.test')).map(({ name }) => name),
    ['example.test'],
  );
  const first = [await store.authority(), await store.all()];
  assert.ok(first[0] !== undefined);
  assert.deepEqual(
    (await run('other.test')).map(({ name }) => name),
    ['example.test'],
  );
  assert.deepEqual([await store.authority(), await store.all()], first);
});

it('a start that was cut short is finished by the next', async () => {
  const { domains, store, run } = await machine();
  await domains.add('example.test');
  await run('example.test');
  assert.equal((await store.all()).length, 1);
  await store.remove('example.test');
  await run('example.test');
  assert.equal((await store.all()).length, 1);
});

it('two starts at once do not stand in each other’s way', async () => {
  const { domains, store, run } = await machine();
  await Promise.all([run('example.test'), run('example.test')]);
  assert.equal((await domains.list()).length, 1);
  assert.equal((await store.all()).length, 1);
});
