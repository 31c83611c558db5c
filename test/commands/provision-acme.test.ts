import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { openHouse, type TestHouse } from '../http/support.ts';
import { NO_CERTIFICATES } from '../support/no-certificates.ts';

const BY = { name: 'root', door: 'cli' } as const;
const C2S = { name: 'c2s', address: '[::]:5222' };
const HTTP = { name: 'http', address: '[::]:80' };

describe('certificates by ACME, asked for in a provisioning file', () => {
  let folder: string;
  const hook = 'dns-hook';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-provision-acme-'));
    await writeFile(join(folder, hook), '#!/bin/sh\n', { mode: 0o700 });
    await writeFile(join(folder, 'root.pem'), 'no certificate\n');
  });
  after(() => rm(folder, { recursive: true }));

  let tried: string[];
  beforeEach(() => {
    tried = [];
  });
  const open = (listeners = [C2S, HTTP], plainHttp = false): Promise<TestHouse> => {
    const run = async (domain: string) => {
      tried.push(domain);
      return '';
    };
    const certificates = { ...NO_CERTIFICATES, hooks: folder, acme: { run, running: () => false } };
    return openHouse(Date.now, { certificates, listeners: () => listeners, plainHttp });
  };
  const apply = (house: TestHouse, source: string, dryRun = false) =>
    house.commands.provision.apply(BY, { name: 'office.toml', source, folder, dryRun });
  const HEAD = 'domains = ["example.test", "verona.test"]\n';
  const file = (lines: string) => `${HEAD}[acme]\n${lines}\n`;
  const good = () =>
    file(`domains = ["verona.test"]
terms_accepted = true
email = "olga@verona.test"
directory = "https://acme.example.test/directory"
challenge = "dns"
hook = "${hook}"`);

  for (const [what, lines, says] of [
    ['terms that nobody accepted', 'domains = ["verona.test"]', /:2: \[acme\]: .*terms_accepted is missing/],
    [
      'terms that were not accepted',
      'domains = ["verona.test"]\nterms_accepted = false',
      /:4: \[acme\] terms_accepted: .*only to who accepts/,
    ],
    ['no domain', 'domains = []\nterms_accepted = true', /:3: \[acme\] domains: .*no domain/],
    ['one not served', 'domains = ["mantua.test"]\nterms_accepted = true', /:3: \[acme\] domains: .*not served/],
    [
      'what is no e-mail address',
      'domains = ["verona.test"]\nterms_accepted = true\nemail = "olga"',
      /:5: \[acme\] email: .*not an e-mail/,
    ],
    [
      'a directory that is not asked in secret',
      'domains = ["verona.test"]\nterms_accepted = true\ndirectory = "http://acme.test/"',
      /:5: \[acme\] directory: .*https/,
    ],
    [
      'an authority that is none',
      'domains = ["verona.test"]\nterms_accepted = true\nauthority_file = "root.pem"',
      /:5: \[acme\] authority_file: /,
    ],
    [
      'a proof that there is none',
      'domains = ["verona.test"]\nterms_accepted = true\nchallenge = "tls"',
      /:5: \[acme\] challenge: .*http/,
    ],
    [
      'the proof by DNS without a script',
      'domains = ["verona.test"]\nterms_accepted = true\nchallenge = "dns"',
      /\[acme\].*needs a script/,
    ],
    [
      'a script that is not there',
      'domains = ["verona.test"]\nterms_accepted = true\nchallenge = "dns"\nhook = "none"',
      /:6: \[acme\] hook: .*There is no/,
    ],
    [
      'a script that nobody would call',
      'domains = ["verona.test"]\nterms_accepted = true\nhook = "/no/such"',
      /:5: \[acme\] hook: .*challenge = "dns"/,
    ],
    [
      'a domain that has a certificate besides',
      'domains = ["verona.test"]\nterms_accepted = true\n[[certificates]]\ndomain = "verona.test"\nchain_file = "x"\nkey_file = "y"',
      /verona\.test has one by \[acme\]/,
    ],
    ['a key that there is none', 'domains = ["verona.test"]\nterms_accepted = true\nmail = "x"', /mail: unknown key/],
  ] as const) {
    it(`are refused for ${what}, by line, and nothing is decided`, async () => {
      await using house = disposing(await open());
      await assert.rejects(apply(house, file(lines)), { code: 'invalid', message: says });
      assert.deepEqual([(await house.commands.acme.settings()).agreed, await orders(house), tried], [false, [], []]);
    });
  }

  it('need the listener that the boot file has, open or not yet, where the proof is by HTTP', async () => {
    const byHttp = file('domains = ["verona.test"]\nterms_accepted = true');
    await using without = disposing(await open([C2S]));
    await assert.rejects(apply(without, byHttp), { message: /:2: \[acme\]: .*plain HTTP listener/ });
    await using starting = disposing(await open([], true));
    await apply(starting, byHttp);
    assert.deepEqual(
      [await orders(starting), tried],
      [['verona.test'], []],
      'noted, and nobody asked: no door is open',
    );
    const [order] = await starting.stores.certificateOrders.orders();
    assert.equal(order?.nextAt, 0, 'it is due as soon as the doors are');
  });

  it('are asked for at once by a server that listens, once, and are audited; a dry run only tells', async () => {
    await using house = disposing(await open());
    assert.deepEqual((await apply(house, good(), true)).done.acme, ['verona.test']);
    assert.deepEqual([await orders(house), tried], [[], []]);
    assert.deepEqual((await apply(house, good())).done.acme, ['verona.test']);
    assert.deepEqual([await orders(house), tried], [['verona.test'], ['verona.test']]);
    const { authority, ...settings } = await house.commands.acme.settings();
    assert.deepEqual(
      [authority, settings],
      [
        '',
        {
          directory: 'https://acme.example.test/directory',
          email: 'olga@verona.test',
          agreed: true,
          challenge: 'dns-01',
          hook,
        },
      ],
    );
    assert.equal((await apply(house, good())).applied, false);
    const further = good().replace('["verona.test"]\nterms', '["verona.test", "example.test"]\nterms');
    assert.deepEqual((await apply(house, further)).done.acme, ['example.test']);
    assert.deepEqual(tried, ['verona.test', 'example.test'], 'what is got already is left alone');
    const actions = (await house.stores.audit.page({ limit: 100 })).map(({ action }) => action);
    assert.equal(actions.filter((one) => one === 'acme.set').length, 1, 'the same is not decided again');
    assert.equal(actions.filter((one) => one === 'acme.use').length, 2);
  });

  it('are not asked for where a name is of the own network only', async () => {
    await using house = disposing(await open());
    const source = good()
      .replace(HEAD, 'domains = ["example.test", "verona"]\n')
      .replace('["verona.test"]\nt', '["verona"]\nt');
    await assert.rejects(apply(house, source), { message: /\[acme\] domains: .*No authority gives a certificate/ });
  });
});

const orders = async ({ stores }: TestHouse) => (await stores.certificateOrders.orders()).map(({ domain }) => domain);

function disposing(house: TestHouse): TestHouse & AsyncDisposable {
  return Object.assign(house, { [Symbol.asyncDispose]: () => house.close() });
}
