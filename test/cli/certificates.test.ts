import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { run } from '../../server/cli/run.ts';
import { openssl } from '../certificates/support.ts';
import { Appliance } from '../support/appliance.ts';
import { certificate as issue } from '../support/authority.ts';

const params = { domain: 'example.test' };

class Text extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

describe('hallwayctl certificate', () => {
  const root = issue({ ca: true, cn: 'Root of the office' });
  const good = root.issue({ dns: ['example.test', '*.example.test'] });
  let appliance: Appliance;
  before(async () => {
    appliance = await Appliance.start();
  });
  after(() => appliance?.[Symbol.asyncDispose]());

  async function ctl(line: string, input = ''): Promise<{ exit: number; out: string; err: string }> {
    const [stdin, stdout, stderr] = [Object.assign(new PassThrough(), { isTTY: false }), new Text(), new Text()];
    stdin.end(input);
    const words = ['--data', appliance.data, 'certificate', ...line.split(' ')];
    const exit = await run(words, { stdin, stdout, stderr, cwd: appliance.folder, caller: 'tester' });
    return { exit, out: stdout.text, err: stderr.text };
  }

  const file = async (name: string, text: string | Buffer) => {
    await writeFile(join(appliance.folder, name), text);
    return join(appliance.folder, name);
  };

  /** What TLS shows now. */
  async function shown(): Promise<string> {
    const socket = connect({
      port: appliance.ports.c2s_tls,
      host: '127.0.0.1',
      servername: 'example.test',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return fingerprint256;
  }

  test('list and show say what is shown, as text and as JSON', async () => {
    const { certificate } = await appliance.local.call('GET /api/certificates/:domain', { params });
    assert.equal(await shown(), certificate.fingerprint);
    const list = await ctl('list');
    assert.match(list.out, /^DOMAIN +STATE +SOURCE +UNTIL +RENEWED\nexample\.test +ok +internal +\S.* +by itself\n$/);
    const reply = JSON.parse((await ctl('list --json')).out) as {
      certificates: { domain: string }[];
      findings: { state: string }[];
    };
    assert.deepEqual([reply.certificates[0]?.domain, reply.findings[0]?.state], ['example.test', 'ok']);
    const one = (await ctl('show example.test')).out;
    for (const part of [
      'State: +ok',
      'Names: +example\\.test, conference\\.',
      'Missing: +–',
      `SHA-256: +${certificate.fingerprint}`,
      'Request: +–',
      'ACME: +–',
    ]) {
      assert.match(one, new RegExp(`^${part}`, 'm'));
    }
    const { pem } = JSON.parse((await ctl('show example.test --json')).out) as { pem: string };
    assert.equal(new X509Certificate(pem).fingerprint256, certificate.fingerprint);
    const strange = await ctl('show elsewhere.test');
    assert.deepEqual([strange.exit, /not served here/.test(strange.err)], [1, true]);
  });

  test('upload refuses a wrong key, name and chain and files that are none, and changes nothing', async () => {
    const before = await shown();
    const stored = async () => (await appliance.local.call('GET /api/certificates/:domain', { params })).pem;
    const was = await stored();
    const chain = await file('good.pem', good.chainPem);
    const key = await file('good.key', good.keyPem);
    const elsewhere = root.issue({ dns: ['elsewhere.test'] });
    const ended = root.issue({
      dns: ['example.test'],
      notBefore: Date.now() - 2 * 86_400_000,
      notAfter: Date.now() - 86_400_000,
    });
    const strange = await file('other.pem', elsewhere.chainPem);
    const strangeKey = await file('other.key', elsewhere.keyPem);
    const old = await file('old.pem', ended.keyPem + ended.chainPem);
    const cases: [string, number, RegExp][] = [
      [`--chain ${chain} --key ${strangeKey}`, 1, /key does not fit the certificate/],
      [`--chain ${strange} --key ${strangeKey}`, 1, /not for example\.test: it has elsewhere\.test/],
      [`--chain ${key} --key ${key}`, 1, /no certificate in this/],
      [`--chain ${old}`, 1, /ended on/],
      [`--chain ${chain}`, 1, /private key is needed/],
      [`--p12 ${chain}`, 1, /no file of the kind \.p12/],
      ['', 2, /--chain, or --p12/],
      [`--chain ${chain} --p12 ${chain}`, 2, /--chain, or --p12/],
      ['--chain /nowhere/at/all', 2, /cannot be read/],
      [`--chain ${await file('long', 'x'.repeat(60_001))}`, 2, /too large/],
    ];
    for (const [options, exit, words] of cases) {
      const found = await ctl(`upload example.test ${options}`.trim());
      assert.equal(found.exit, exit, `${options}: ${found.err}`);
      assert.match(found.err, words);
      assert.equal(found.out, '');
    }
    assert.equal(await shown(), before);
    assert.equal(await stored(), was);
    const { rows } = await appliance.local.call('GET /api/audit', {
      query: { action: 'certificate.upload', limit: 5 },
    });
    assert.equal(rows.length, 0);
  });

  test('upload: --check changes nothing, without it the certificate is shown at once; internal goes back', async () => {
    const before = await shown();
    const chain = await file('good.pem', good.keyPem + good.chainPem);
    const checked = await ctl(`upload example.test --chain ${chain} --check`);
    assert.match(
      checked.out,
      /^It would do\. It is valid until .*\nIt lacks these names: localhost\.\nThe chain ends below “Root of the office”/,
    );
    assert.equal(await shown(), before);
    assert.match((await ctl(`upload example.test --chain ${chain}`)).out, /^It is shown from now on\./);
    assert.equal(await shown(), new X509Certificate(good.der).fingerprint256);
    assert.match((await ctl('list')).out, /uploaded +\S.* +by hand/);
    assert.match((await ctl('show example.test')).out, /^Missing: +localhost$/m);
    const [pem, key, p12] = [
      await file('leaf.pem', good.pem),
      await file('leaf.key', good.keyPem),
      join(appliance.folder, 'all.p12'),
    ];
    await openssl('pkcs12', '-export', '-in', pem, '-inkey', key, '-passout', 'pass:sesame', '-out', p12);
    assert.match((await ctl(`upload example.test --p12 ${p12} --passphrase-stdin`, 'wrong\n')).err, /does not open it/);
    assert.equal((await ctl(`upload example.test --p12 ${p12} --passphrase-stdin`, 'sesame\n')).exit, 0);
    assert.equal(
      (await ctl('internal example.test')).out,
      'example.test shows a certificate of the house’s own authority.\n',
    );
    assert.notEqual(await shown(), before);
    assert.match((await ctl('list')).out, /ok +internal/);
  });

  test('request: its answer needs no key, another request takes its place, --drop forgets it', async () => {
    const made = await ctl('request example.test');
    assert.match(made.out, /^-----BEGIN CERTIFICATE REQUEST-----\n[\s\S]+-----END CERTIFICATE REQUEST-----\n$/);
    assert.match((await ctl('show example.test')).out, /^Request: +made /m);
    const [ca, caKey, out] = [
      await file('root.pem', root.pem),
      await file('root.key', root.keyPem),
      join(appliance.folder, 'answer.pem'),
    ];
    const sign = async (csr: string) => {
      const args = [
        '-in',
        await file('one.csr', csr),
        '-CA',
        ca,
        '-CAkey',
        caKey,
        '-days',
        '30',
        '-copy_extensions',
        'copy',
        '-out',
        out,
      ];
      const { code, text } = await openssl('x509', '-req', ...args);
      assert.equal(code, 0, text);
    };
    await sign(made.out);
    const rsa = await ctl('request example.test --rsa');
    assert.match((await ctl(`upload example.test --chain ${out}`)).err, /not the answer to the request/);
    await sign(rsa.out);
    const answered = await ctl(`upload example.test --chain ${out}`);
    assert.equal(answered.exit, 0, answered.err + appliance.log.slice(-1500));
    assert.equal(await shown(), new X509Certificate(await readFile(out)).fingerprint256);
    assert.match((await ctl('show example.test')).out, /^Request: +–$/m, 'the key is in use now');
    await ctl('request example.test');
    assert.equal((await ctl('request example.test --drop')).out, 'The request is forgotten.\n');
    assert.equal((await ctl('request example.test --drop')).exit, 1);
    await ctl('internal example.test');
  });

  test('attack: asking for the terms of an authority does not tell what listens in the network', async () => {
    const { https, c2s } = appliance.ports;
    const answers = new Set<string>();
    for (const directory of ['127.0.0.1:1/', `localhost:${https}/health`, `127.0.0.1:${c2s}/`, 'nowhere.invalid/']) {
      for (const authority of ['', await appliance.authority()]) {
        const body = { directory: `https://${directory}`, authority };
        await appliance.local.call('POST /api/acme/terms', { body }).then(
          () => assert.fail(directory),
          (error: Error) => answers.add(error.message),
        );
      }
    }
    assert.equal(answers.size, 1, [...answers].join('\n'));
  });

  test('acme-set, -use, -run and -stop refuse what cannot be, and tell how it went', async () => {
    const hooks = join(appliance.folder, 'hooks');
    await mkdir(hooks);
    await writeFile(join(hooks, 'hook'), '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    // Nobody listens there.
    const directory = '--directory https://127.0.0.1:1/directory';
    for (const [line, exit, words] of [
      ['acme-use example.test', 1, /Say first how certificates are got/],
      ['acme-run example.test', 1, /not got by ACME/],
      ['acme-stop example.test', 1, /not got by ACME/],
      [`acme-set ${directory}`, 1, /No authority that speaks ACME/],
      ['acme-set --directory http://127.0.0.1/ --agree', 1, /begins with https/],
      [`acme-set ${directory} --agree`, 1, /needs the plain HTTP listener/],
      [`acme-set ${directory} --agree --challenge tls-alpn-01`, 2, /http-01 or dns-01/],
      [`acme-set ${directory} --agree --challenge dns-01`, 1, /needs a script/],
      [`acme-set ${directory} --agree --challenge dns-01 --hook none`, 1, /There is no/],
      [`acme-set ${directory} --agree --challenge dns-01 --hook /bin/sh`, 1, /is given by its name/],
      [`acme-set ${directory} --agree --challenge dns-01 --hook hook --email olga`, 1, /not an e-mail address/],
    ] as const) {
      const found = await ctl(line);
      assert.equal(found.exit, exit, `${line}: ${found.out}${found.err}`);
      assert.match(found.err, words);
    }
    const set = await ctl(`acme-set ${directory} --agree --challenge dns-01 --hook hook --email olga@example.test`);
    assert.equal(set.out, 'Certificates are got from https://127.0.0.1:1/directory, with proof by dns-01.\n');
    assert.match((await ctl('acme-use example.test --names other.test')).err, /none of the names of example\.test/);
    assert.match(
      (await ctl('acme-use example.test --names upload.example.test')).err,
      /itself must be among the names/,
    );
    const used = await ctl('acme-use example.test --names example.test --wait');
    assert.deepEqual([used.exit, /nobody answers at its address/.test(used.err)], [1, true], used.err);
    assert.match((await ctl('show example.test')).out, /^ACME: +The authority could not be asked/m);
    assert.match((await ctl('list')).out, /failing[\s\S]*No certificate comes for example\.test by ACME/);
    assert.match((await ctl('acme-run example.test')).out, /It has begun/);
    assert.match((await ctl('acme-stop example.test')).out, /Nothing is asked for by ACME any more/);
    assert.match((await ctl('show example.test')).out, /^ACME: +–$/m);
  });
});
