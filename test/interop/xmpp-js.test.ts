import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Appliance } from '../support/appliance.ts';

const run = promisify(execFile);
const PEOPLE = { juliet: 'wherefore art thou', romeo: 'but soft what light' };

interface Login {
  readonly jid: string;
  readonly mechanisms: readonly string[];
  readonly success: string;
  readonly messages: readonly string[];
}

describe('xmpp.js, TLS verified', { timeout: 120_000 }, () => {
  it('logs in by SASL2 with Bind 2, then by a token alone, then takes up its session (XEP-0388, 0386, 0484, 0198)', async () => {
    await using appliance = await Appliance.start();
    for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
    await appliance.authority();
    const { domain, host, ports, authorityFile } = appliance;
    const world = JSON.stringify({ domain, host, ports, people: PEOPLE });
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'xmpp-js.js'), world], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authorityFile },
      timeout: 60_000,
    });
    const said = JSON.parse(/^scene: (.*)$/m.exec(stdout)![1]!) as { first: Login; second: Login; romeo: string[] };
    assert.deepEqual(said.first.mechanisms, ['SCRAM-SHA-1']);
    assert.match(said.first.success, /<bound .*<metadata .*<enabled .*<token /);
    assert.match(said.first.jid, /^juliet@example\.test\/tag\/[\w-]{12}$/);
    assert.equal(said.second.jid, said.first.jid, 'a device keeps its resource');
    assert.deepEqual(said.second.mechanisms, ['HT-SHA-256-NONE', 'HT-SHA-256-NONE']);
    assert.match(said.second.success, /<resumed /);
    assert.ok(!said.second.success.includes('<bound '));
    assert.deepEqual(said.second.messages, ['while you were away']);
    assert.deepEqual(said.romeo, ['back again']);

    const listed = await appliance.ctl(['device', 'list', 'juliet@example.test', '--json']);
    const { devices } = JSON.parse(listed.stdout) as {
      devices: { id: string; software: string; name: string; token: boolean; password: boolean }[];
    };
    assert.deepEqual(
      devices.map(({ software, name, token, password }) => ({ software, name, token, password })),
      [{ software: 'xmpp.js', name: 'Balcony', token: true, password: true }],
    );
    const revoked = await appliance.ctl(['device', 'revoke', 'juliet@example.test', devices[0]!.id]);
    assert.match(revoked.stdout, /may come back/);
    const after = await appliance.ctl(['device', 'list', 'juliet@example.test']);
    assert.match(after.stdout, /Balcony .*password\n/);
    assert.ok(!after.stdout.includes('token'));
  });
});
