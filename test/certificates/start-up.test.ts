import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { Renewal } from '../../server/certificates/renewal.ts';
import { emptyStore, folder, log, openssl } from './support.ts';

function forgeIsLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/node-forge/'));
}

it('a start that has nothing to issue does not load what issues', async () => {
  const store = await emptyStore();
  const now = Date.now();
  const [keyFile, chainFile] = [`${folder}/a.key`, `${folder}/a.pem`];
  const args = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=a.test'];
  await openssl('req', ...args, '-keyout', keyFile, '-out', chainFile);
  const [keyPem, chainPem] = [readFileSync(keyFile, 'utf8'), readFileSync(chainFile, 'utf8')];
  await store.set({
    domain: 'a.test',
    chainPem,
    keyPem,
    notAfter: now + 86_400_000,
    source: 'uploaded',
    createdAt: now,
  });
  const options = { store, hostname: 'a.test', log, renewed: async () => undefined };
  assert.deepEqual(await new Renewal({ ...options, domains: async () => ['a.test'] }).check(), []);
  assert.equal(forgeIsLoaded(), false);
  assert.deepEqual(await new Renewal({ ...options, domains: async () => ['b.test'] }).check(), ['b.test']);
  assert.equal(forgeIsLoaded(), true);
});
