import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { authorityFor, leafFor } from '../../server/certificates/authority.ts';
import { permittedNames } from '../../server/certificates/constraints.ts';
import { inspect } from '../../server/certificates/inspect.ts';
import { namesFor } from '../../server/certificates/names.ts';
import { Renewal, type RenewalOptions } from '../../server/certificates/renewal.ts';
import { Unseen } from '../../server/certificates/unseen.ts';
import type { Certificates } from '../../server/storage/stores/certificates.ts';
import { certificate as issue } from '../support/authority.ts';
import { emptyStore, file, log, openssl } from './support.ts';

const DAY = 86_400_000;
const START = Date.now();

/** A house with one domain whose clock, names and addresses can be changed. */
async function house(domain = 'example.test') {
  const world = {
    now: START,
    domains: [domain],
    addresses: ['127.0.0.1', '::1', '192.168.1.5'],
    told: 0,
  };
  const store = await emptyStore();
  const make = (options: Partial<RenewalOptions> = {}) =>
    new Renewal({
      store,
      domains: async () => world.domains,
      hostname: 'chat.office.test',
      log,
      renewed: async () => void world.told++,
      addresses: () => world.addresses,
      now: () => world.now,
      ...options,
    });
  return { world, store, make, renewal: make() };
}

async function authorityPem(store: Certificates): Promise<string> {
  return (await store.authority())?.certificatePem ?? '';
}

async function chainPem(store: Certificates, domain = 'example.test'): Promise<string> {
  return (await store.of(domain))?.chainPem ?? '';
}

/** What openssl says to a leaf under an authority, as a server for `name`. */
function verify(authority: string, leaf: string, ...more: string[]) {
  return openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', file(authority), ...more, file(leaf));
}

describe('the first certificate', () => {
  it('is good to openssl for every name it must carry, and for no other', async () => {
    const { store, renewal } = await house();
    assert.deepEqual(await renewal.check(), ['example.test']);
    const [authority, leaf] = [await authorityPem(store), await chainPem(store)];
    for (const name of ['', 'conference.', 'upload.', 'proxy.', 'pubsub.'].map((service) => `${service}example.test`)) {
      assert.deepEqual(await verify(authority, leaf, '-verify_hostname', name).then(({ code }) => code), 0, name);
    }
    assert.equal((await verify(authority, leaf, '-verify_hostname', 'chat.office.test')).code, 0);
    assert.equal((await verify(authority, leaf, '-verify_ip', '192.168.1.5')).code, 0);
    assert.equal((await verify(authority, leaf, '-verify_ip', '::1')).code, 0);
    assert.equal((await verify(authority, leaf, '-verify_hostname', 'other.example.test')).code, 2);
    const self = await openssl('verify', '-x509_strict', '-check_ss_sig', '-CAfile', file(authority), file(authority));
    assert.equal(self.code, 0, self.text);
  });

  it('says what RFC 5280 and RFC 6120 §13.7.1.2 ask for', async () => {
    const { store, renewal } = await house();
    await renewal.check();
    const leaf = (await openssl('x509', '-noout', '-text', '-in', file(await chainPem(store)))).text;
    assert.match(leaf, /Basic Constraints: critical\n\s+CA:FALSE/);
    assert.match(leaf, /Key Usage: critical\n\s+Digital Signature\n/);
    assert.match(leaf, /TLS Web Server Authentication, TLS Web Client Authentication/);
    // Debian 12's ejabberd cannot read it, and hangs up.
    assert.doesNotMatch(leaf, /XmppAddr/);
    assert.match(leaf, /SRVName::?_xmpp-client\.example\.test/);
    assert.match(leaf, /SRVName::?_xmpp-server\.example\.test/);
    assert.match(leaf, /Signature Algorithm: ecdsa-with-SHA256/);
    const authority = (await openssl('x509', '-noout', '-text', '-in', file(await authorityPem(store)))).text;
    assert.match(authority, /Basic Constraints: critical\n\s+CA:TRUE, pathlen:0/);
    assert.match(authority, /Key Usage: critical\n\s+Certificate Sign, CRL Sign/);
    assert.match(
      authority,
      /Name Constraints: critical\n\s+Permitted:\n\s+DNS:chat\.office\.test\n\s+DNS:example\.test/,
    );
    assert.match(authority, /IP:192\.168\.0\.0\/255\.255\.0\.0/);
  });

  it('names components below the domain, which other servers know by these names; not those elsewhere, nor very many', async () => {
    const { store, make } = await house();
    const components = ['irc.example.test', 'irc.other.test', 'notexample.test'];
    const renewal = make({ components: async () => components });
    await renewal.check();
    const services = ['conference', 'upload', 'proxy', 'pubsub'].map((name) => `${name}.example.test`);
    const usual = ['example.test', ...services, 'chat.office.test'];
    assert.deepEqual(inspect(await chainPem(store)).dns, [...usual, 'irc.example.test']);
    assert.deepEqual(await renewal.check(), []);
    components.push(...Array.from({ length: 200 }, (_, n) => `c${n}.example.test`));
    assert.deepEqual(await renewal.check(), ['example.test']);
    assert.equal(inspect(await chainPem(store)).dns.length, usual.length + 80);
    assert.deepEqual(await renewal.check(), []);
  });

  it('is read back by inspect', async () => {
    const { store, renewal } = await house('bücher.test');
    await renewal.check();
    const facts = inspect(await chainPem(store, 'bücher.test'));
    assert.equal(facts.authority, false);
    assert.equal(facts.key, 'EC prime256v1');
    assert.deepEqual(facts.dns.slice(0, 2), ['xn--bcher-kva.test', 'conference.xn--bcher-kva.test']);
    assert.deepEqual(facts.addresses, ['127.0.0.1', '::1', '192.168.1.5']);
    assert.match(facts.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.equal(Math.round((facts.notAfter - facts.notBefore) / DAY), 397);
    assert.equal(facts.issuer, inspect(await authorityPem(store)).subject);
    assert.equal(inspect(await authorityPem(store)).authority, true);
  });
});

describe('the constraints', () => {
  it('make a certificate for a foreign name worthless, whoever has the key', async () => {
    const { store, renewal } = await house();
    await renewal.check();
    const authority = await store.authority();
    assert.ok(authority);
    const foreign = await leafFor(authority, namesFor('bank.example', 'bank.example', []), START);
    const { code, text } = await verify(authority.certificatePem, foreign.chainPem);
    assert.equal(code, 2);
    assert.match(text, /permitted subtree violation/);
  });

  it('make a certificate for a public address worthless', async () => {
    const { store, renewal } = await house();
    await renewal.check();
    const authority = await store.authority();
    assert.ok(authority);
    const leaf = await leafFor(authority, namesFor('example.test', 'example.test', ['203.0.113.7']), START);
    assert.match((await verify(authority.certificatePem, leaf.chainPem)).text, /permitted subtree violation/);
  });

  it('grow with the domains: same key, same subject, new serial; the old authority still covers the old domain only', async () => {
    const { world, store, renewal } = await house();
    await renewal.check();
    const [old, oldLeaf] = [await authorityPem(store), await chainPem(store)];
    assert.deepEqual(await renewal.check('second.test'), ['second.test']);
    world.domains.push('second.test');
    assert.deepEqual(await renewal.check(), []);
    const wider = await authorityPem(store);
    assert.deepEqual(permittedNames(wider), ['chat.office.test', 'example.test', 'second.test']);
    assert.equal(inspect(wider).subject, inspect(old).subject);
    assert.notEqual(inspect(wider).serial, inspect(old).serial);
    assert.ok(new X509Certificate(wider).publicKey.equals(new X509Certificate(old).publicKey));
    const leaf = await chainPem(store, 'second.test');
    assert.equal((await verify(wider, leaf, '-verify_hostname', 'second.test')).code, 0);
    assert.equal((await verify(wider, oldLeaf, '-verify_hostname', 'example.test')).code, 0);
    assert.equal((await verify(old, oldLeaf)).code, 0);
    assert.match((await verify(old, leaf)).text, /permitted subtree violation/);
  });

  it('lose the domains that are gone when another comes, as devices need the authority anew then anyway', async () => {
    const { world, store, renewal } = await house();
    await renewal.check();
    world.domains.splice(0, world.domains.length, 'second.test');
    await renewal.check();
    assert.deepEqual(permittedNames(await authorityPem(store)), ['chat.office.test', 'second.test']);
  });

  it('stay as they are for a domain below one they have', async () => {
    const { store, renewal } = await house();
    await renewal.check();
    const old = await authorityPem(store);
    await renewal.check('berlin.example.test');
    assert.equal(await authorityPem(store), old);
    assert.equal((await verify(old, await chainPem(store, 'berlin.example.test'))).code, 0);
  });

  it('come with an authority that outlives what it signs', async () => {
    const first = await authorityFor(undefined, ['example.test'], START);
    assert.equal(await authorityFor(first, ['example.test'], START + 18 * 365 * DAY), first);
    const later = await authorityFor(first, ['example.test'], START + 19 * 365 * DAY);
    assert.notEqual(later, first);
    assert.equal(later.keyPem, first.keyPem);
    assert.ok(inspect(later.certificatePem).notAfter > START + 38 * 365 * DAY); // beyond 2049: GeneralizedTime
  });
});

describe('renewal', () => {
  it('does nothing when nothing is due', async () => {
    const { world, renewal, store } = await house();
    await renewal.check();
    const leaf = await chainPem(store);
    world.now += 366 * DAY;
    assert.deepEqual(await renewal.check(), []);
    assert.equal(await chainPem(store), leaf);
    assert.equal(world.told, 1);
  });

  it('comes when less than 30 days are left, with a new key', async () => {
    const { world, renewal, store } = await house();
    await renewal.check();
    const before = await store.of('example.test');
    world.now += 368 * DAY;
    assert.deepEqual(await renewal.check(), ['example.test']);
    const one = await store.of('example.test');
    assert.notEqual(one?.keyPem, before?.keyPem);
    assert.equal(Math.round((inspect(one?.chainPem ?? '').notAfter - world.now) / DAY), 397);
    assert.equal(one?.notAfter, world.now - 3_600_000 + 397 * DAY);
    assert.equal(world.told, 2);
  });

  it('comes when the machine has another address or name', async () => {
    const { world, renewal, make, store } = await house();
    await renewal.check();
    world.addresses = ['127.0.0.1', '::1', '192.168.1.6', 'fd00::1'];
    assert.deepEqual(await renewal.check(), ['example.test']);
    assert.deepEqual(inspect(await chainPem(store)).addresses, world.addresses);
    assert.deepEqual(await make({ hostname: 'new.office.test' }).check(), ['example.test']);
    const leaf = await chainPem(store);
    assert.equal((await verify(await authorityPem(store), leaf, '-verify_hostname', 'new.office.test')).code, 0);
  });

  it('does not come for what only went away, or for an IPv6 address that changes every day', async () => {
    const { world, renewal } = await house();
    await renewal.check();
    world.addresses = ['127.0.0.1', 'fd00::1234'];
    assert.deepEqual(await renewal.check(), []);
  });

  it('leaves alone what was uploaded', async () => {
    const { world, renewal, store } = await house();
    await renewal.check();
    const one = await store.of('example.test');
    assert.ok(one);
    await store.set({ ...one, source: 'uploaded' });
    world.now += 396 * DAY;
    assert.deepEqual(await renewal.check(), []);
  });

  it('stands in for one that was uploaded and has ended, which stays stored, until another one is brought', async () => {
    const { world, renewal, store } = await house();
    await renewal.check();
    const one = (await store.of('example.test'))!;
    await store.set({ ...one, source: 'uploaded' });
    world.now = one.notAfter;
    assert.deepEqual(await renewal.check(), ['example.test']);
    const standIn = renewal.standIn('example.test');
    assert.equal(standIn?.source, 'internal');
    assert.equal((await verify(await authorityPem(store), standIn.chainPem, '-no_check_time')).code, 0);
    assert.equal((await store.of('example.test'))?.chainPem, one.chainPem);
    assert.deepEqual(await renewal.check(), []);
    // Whose clock was wrong.
    world.now = START;
    const told = world.told;
    await renewal.check();
    assert.deepEqual([renewal.standIn('example.test'), world.told], [undefined, told + 1]);
    world.now = one.notAfter;
    await renewal.check();
    await renewal.put({ ...one, source: 'acme', notAfter: one.notAfter + DAY });
    assert.equal(renewal.standIn('example.test'), undefined);
    assert.deepEqual(await renewal.check(), []);
    await renewal.issue('example.test');
    assert.equal((await store.of('example.test'))?.source, 'internal');
  });

  for (const [what, broken] of [
    ['a chain that cannot be read', { chainPem: 'hello' }],
    ['a key that cannot be read', { keyPem: 'hello' }],
    ['the key of another one', { keyPem: issue({ dns: ['example.test'] }).keyPem }],
  ] as const) {
    it(`stands in for one that has ${what}, and replaces one of our own that has`, async () => {
      const { renewal, store } = await house();
      await renewal.check();
      const one = (await store.of('example.test'))!;
      await store.set({ ...one, ...broken, source: 'acme' });
      assert.deepEqual(await renewal.check(), ['example.test']);
      assert.match(renewal.standIn('example.test')?.chainPem ?? '', /BEGIN CERTIFICATE/);
      assert.equal((await store.of('example.test'))?.source, 'acme');
      await renewal.put({ ...one, ...broken });
      assert.deepEqual(await renewal.check(), ['example.test']);
      assert.equal(renewal.standIn('example.test'), undefined);
      assert.equal((await verify(await authorityPem(store), await chainPem(store))).code, 0);
    });
  }

  it('comes when the authority is another one', async () => {
    const { renewal, store } = await house();
    await renewal.check();
    await store.setAuthority(await authorityFor(undefined, ['example.test', 'chat.office.test'], START));
    assert.deepEqual(await renewal.check(), ['example.test']);
    assert.equal((await verify(await authorityPem(store), await chainPem(store))).code, 0);
  });

  it('issues once when asked twice at once', async () => {
    const { renewal } = await house();
    assert.deepEqual(await Promise.all([renewal.check(), renewal.check()]), [['example.test'], []]);
  });

  it('goes on after a check that failed, and ends when disposed of', async () => {
    let broken = true;
    const { make } = await house();
    const renewal = make({
      domains: async () => {
        if (broken) throw new Error('no store');
        return ['example.test'];
      },
    });
    renewal.start();
    await assert.rejects(renewal.check(), /no store/);
    broken = false;
    assert.deepEqual(await renewal.check(), ['example.test']);
    await renewal[Symbol.asyncDispose]();
  });
});

describe('an authority that nobody can have yet', () => {
  const kept = () => {
    const values = new Map<string, unknown>();
    const unseen = new Unseen({
      get: (name) => values.get(name) as never,
      set: async (name, value) => void values.set(name, value),
      remove: async (name) => void values.delete(name),
    });
    return { values, unseen };
  };

  it('speaks no more for the domain that the first start chose once another has taken its place', async () => {
    const { unseen } = kept();
    const { store, world, make } = await house('hallway.local');
    const renewal = make({ unseen });
    await renewal.check();
    const before = await authorityPem(store);
    await renewal.check('example.test');
    world.domains = ['example.test'];
    await renewal.drop('hallway.local');
    const authority = await authorityPem(store);
    assert.deepEqual(permittedNames(authority), ['chat.office.test', 'example.test']);
    assert.deepEqual(
      new X509Certificate(authority).publicKey.equals(new X509Certificate(before).publicKey),
      true,
      'what it signed before stays good',
    );
    assert.equal((await verify(authority, await chainPem(store), '-verify_hostname', 'example.test')).code, 0);
    await renewal.drop('hallway.local');
    assert.equal(await authorityPem(store), authority, 'it is not made anew for nothing');
  });

  it('stays as wide as it is once it was handed out, and so does that of a house from before this was kept', async () => {
    for (const begun of [true, false]) {
      const { unseen, values } = kept();
      const { store, world, make } = await house('hallway.local');
      const renewal = make({ unseen });
      await renewal.check('example.test');
      if (begun) await unseen.end();
      else values.clear();
      const wide = await authorityPem(store);
      world.domains = ['example.test'];
      await renewal.drop('hallway.local');
      assert.equal(await authorityPem(store), wide);
    }
  });
});
