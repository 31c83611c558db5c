import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { Renewal } from '../../server/certificates/renewal.ts';
import { emptyStore, log } from './support.ts';

function forgeIsLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/node-forge/'));
}

it('a start that has nothing to issue does not load what issues', async () => {
  const store = await emptyStore();
  const now = Date.now();
  await store.set({ domain: 'a.test', chainPem: '', keyPem: '', notAfter: now, source: 'uploaded', createdAt: now });
  const options = { store, hostname: 'a.test', log, renewed: async () => undefined };
  assert.deepEqual(await new Renewal({ ...options, domains: async () => ['a.test'] }).check(), []);
  assert.equal(forgeIsLoaded(), false);
  assert.deepEqual(await new Renewal({ ...options, domains: async () => ['b.test'] }).check(), ['b.test']);
  assert.equal(forgeIsLoaded(), true);
});
