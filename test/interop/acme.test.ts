import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../browser/panel-kit.ts';
import { Appliance } from '../support/appliance.ts';
import { done, ownPorts } from '../support/daemon.ts';
import { without } from '../support/packages.ts';
import { noPebble, Pebble } from '../support/pebble.ts';
import { noSlixmpp, playScene } from '../support/slixmpp.ts';

const PEOPLE = { juliet: 'what’s in a name?', romeo: 'what light', nurse: 'an old housekeeper' };
const params = { domain: 'example.test' };
const skip = noPebble || without('openssl', 'curl');

/** What `openssl s_client` sees at a port, the first certificate. */
async function shown(port: number, ...more: string[]): Promise<X509Certificate> {
  const where = ['-connect', `127.0.0.1:${port}`, '-servername', 'example.test', ...more];
  const text = await done('sh', ['-c', 'exec openssl s_client "$@" </dev/null 2>&1', 'sh', ...where]);
  return new X509Certificate(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)![0]);
}

async function settings(appliance: Appliance, pebble: Pebble, more: readonly string[]): Promise<void> {
  const file = join(appliance.folder, 'pebble-ca.pem');
  await writeFile(file, pebble.authorityPem);
  const where = ['--directory', pebble.directory, '--authority', file, '--email', 'olga@example.test'];
  const set = await appliance.ctl(['certificate', 'acme-set', ...where, '--agree', ...more]);
  assert.equal(set.code, 0, set.stderr);
}

describe('certificates by ACME, from pebble', { skip, timeout: 200_000 }, () => {
  it('come by HTTP-01 and are shown at every port, while people stay connected', { skip: noSlixmpp }, async () => {
    const httpPort = ownPorts();
    await using pebble = await Pebble.start(httpPort);
    await using appliance = await Appliance.start({ more: `http = ["127.0.0.1:${httpPort}"]` });
    for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
    await settings(appliance, pebble, []);
    const [here, go, authority] = ['here', 'go', 'new.pem'].map((name) => join(appliance.folder, name)) as [
      string,
      string,
      string,
    ];
    const talk = playScene(appliance, 'renewed', PEOPLE, { here, go, authority });
    talk.catch(() => undefined);
    await Promise.race([talk, eventually(async () => void (await readFile(here)))]);

    const got = await appliance.ctl(['certificate', 'acme-use', 'example.test', '--wait']);
    assert.equal(got.code, 0, `${got.stderr}\n${pebble.log.slice(-3_000)}`);
    const { certificate } = await appliance.local.call('GET /api/certificates/:domain', { params });
    assert.deepEqual([certificate.source, certificate.renewer, certificate.state], ['acme', 'acme', 'ok']);
    for (const name of ['example.test', 'conference.example.test', 'upload.example.test']) {
      assert.ok(certificate.names.includes(name), name);
    }
    const { c2s, c2s_tls, https } = appliance.ports;
    for (const one of [
      await shown(c2s_tls),
      await shown(https),
      await shown(c2s, '-starttls', 'xmpp', '-xmpphost', 'example.test'),
    ]) {
      assert.equal(one.fingerprint256, certificate.fingerprint);
    }
    // Renewed at once: another one, with the account that is known already.
    const again = await appliance.ctl(['certificate', 'acme-run', 'example.test', '--wait']);
    assert.equal(again.code, 0, again.stderr);
    assert.notEqual((await shown(c2s_tls)).fingerprint256, certificate.fingerprint);
    await writeFile(authority, await pebble.root());
    await writeFile(go, '');
    await talk;
    const audit = await appliance.local.call('GET /api/audit', { query: { limit: 20 } });
    assert.equal(audit.rows.filter(({ action }) => action === 'acme.got').length, 2);
  });

  it('come by DNS-01 through a script, which takes away what it made; a proof that fails is told plainly', async () => {
    await using pebble = await Pebble.start(ownPorts());
    await using appliance = await Appliance.start();
    const hooks = join(appliance.folder, 'hooks');
    await mkdir(hooks);
    const [hook, seen] = [join(hooks, 'hook'), join(appliance.folder, 'seen')];
    const script = (add: string) => `#!/bin/sh
printf '%s|' "$@" >> ${seen}; echo "$#" >> ${seen}
case "$1" in
add) ${add} ;;
remove) exec curl -sSf -d "{\\"host\\":\\"$2.\\"}" ${pebble.dnsManagement}/clear-txt ;;
esac
`;
    const tell = `exec curl -sSf -d "{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}" ${pebble.dnsManagement}/set-txt`;
    await writeFile(hook, script('exit 0'));
    await chmod(hook, 0o700);
    await settings(appliance, pebble, ['--challenge', 'dns-01', '--hook', 'hook']);

    // The record is not there.
    const failed = await appliance.ctl([
      'certificate',
      'acme-use',
      'example.test',
      '--names',
      'example.test',
      '--wait',
    ]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /does not believe that example\.test is ours/);
    const { findings } = await appliance.local.call('GET /api/certificates/findings', {});
    assert.equal(findings[0]?.state, 'warning');
    assert.match(findings[0]?.sentence ?? '', /No certificate comes for example\.test by ACME/);

    await writeFile(hook, script(tell));
    const got = await appliance.ctl(['certificate', 'acme-run', 'example.test', '--wait']);
    assert.equal(got.code, 0, got.stderr);
    const { certificate } = await appliance.local.call('GET /api/certificates/:domain', { params });
    assert.deepEqual(certificate.names, ['example.test']);
    assert.deepEqual([certificate.state, certificate.acme?.failures], ['ok', 0]);
    const lines = (await readFile(seen, 'utf8')).trim().split('\n');
    assert.match(lines.at(-2)!, /^add\|_acme-challenge\.example\.test\|[\w-]{43}\|3$/);
    assert.equal(lines.at(-1), lines.at(-2)!.replace('add', 'remove'));
  });
});
