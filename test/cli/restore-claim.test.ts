import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Restore } from '../../server/http/contract/index.ts';
import { Appliance } from '../support/appliance.ts';
import { PanelClient } from '../support/panel-client.ts';

const NAME = 'chat.old.example.test';

/** A fresh machine whose boot file does not say what it is called. */
async function freshMachine(): Promise<Appliance> {
  const fresh = await Appliance.prepare();
  await writeFile(fresh.config, readFileSync(fresh.config, 'utf8').replace(/^hostname.*\n/m, ''));
  await fresh.start();
  return fresh;
}

/** By its address, as it has no name that others know. */
const visit = (machine: Appliance) => PanelClient.visit(machine, `https://127.0.0.1:${machine.ports.https}`);

/** The names in the certificate that a port shows for a name, and its fingerprint. */
async function shown(port: number, servername: string): Promise<{ names: string; fingerprint: string }> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subjectaltname: names = '', fingerprint256: fingerprint } = socket.getPeerCertificate();
  socket.destroy();
  return { names, fingerprint };
}

async function reached(panel: PanelClient, token: string, steps: readonly Restore['step'][]): Promise<Restore> {
  for (;;) {
    const state = await panel.call('GET /api/restore/:token', { params: { token } });
    if (steps.includes(state.step)) return state;
    await sleep(50);
  }
}

describe('a machine becomes the server of a backup by its panel', { timeout: 120_000 }, () => {
  it('with code, file and key alone, within the same process; by the name that was chosen', async () => {
    await using old = await Appliance.start();
    await old.addPerson('juliet', 'capulet');
    assert.equal((await old.ctl(['admin', 'add', 'olga', 'owner'])).code, 0);
    const file = join(old.folder, 'copy.age');
    assert.equal((await old.ctl(['backup', file])).code, 0);
    const { identity } = JSON.parse((await old.ctl(['--json', 'backup', 'key'])).stdout) as { identity: string };
    const tokens = readFileSync(join(old.data, 'tokens.key'));
    await old.stop();
    const backup = readFileSync(file);

    await using fresh = await freshMachine();
    const { pid } = fresh;
    const panel = await visit(fresh);
    const untouched = readdirSync(fresh.data).sort();
    const { token } = await panel.call('POST /api/restore', { body: { code: fresh.claimCode } });
    const path = `/api/restore/${token}/file`;

    // Attacks over the wire: nothing of them is kept.
    const stranger = await panel.put(`/api/restore/${'A'.repeat(32)}/file`, backup);
    assert.equal(stranger.status, 404, stranger.text);
    const huge = await panel.put(path, Buffer.alloc(10), 2 ** 50).catch((error: Error) => error);
    if (!(huge instanceof Error)) assert.equal(huge.status, 422, huge.text);
    assert.deepEqual(readdirSync(fresh.data).sort(), untouched);
    assert.equal((await panel.put(path, Buffer.from('not a backup'))).status, 200);
    await panel.call('POST /api/restore/:token/look', { params: { token }, body: { key: identity } });
    const none = await reached(panel, token, ['here']);
    assert.match(none.problem, /no backup of Hallway/);

    assert.equal((await panel.put(path, backup)).status, 200);
    assert.equal(statSync(join(fresh.data, 'incoming')).mode & 0o777, 0o700);
    await panel.call('POST /api/restore/:token/look', { params: { token }, body: { key: identity } });
    const known = await reached(panel, token, ['known', 'here']);
    assert.deepEqual([known.backup?.people, known.backup?.domains, known.nameGiven], [1, ['example.test'], false]);
    await panel.call('POST /api/restore/:token/go', { params: { token }, body: { hostname: NAME } });
    const { done } = await reached(panel, token, ['done', 'known']);
    assert.deepEqual([done?.hostname, done?.reissued], [NAME, ['example.test']]);

    await fresh.anew();
    assert.equal(fresh.pid, pid, 'the process is the same');
    const people = await fresh.ctl(['--json', 'user', 'list']);
    assert.match(people.stdout, /"juliet"/);
    assert.deepEqual(readFileSync(join(fresh.data, 'tokens.key')), tokens);
    assert.ok(!existsSync(join(fresh.data, 'incoming')), 'the file does not lie about');

    // What has changed with the name: certificate, links, and what the panel and hallwayctl say.
    const overview = JSON.parse((await fresh.ctl(['--json', 'status'])).stdout) as { hostname: string };
    assert.equal(overview.hostname, NAME);
    const { names } = await shown(fresh.ports.https, NAME);
    assert.match(names, new RegExp(`DNS:${NAME}`));
    const chat = await shown(fresh.ports.c2s_tls, 'example.test');
    assert.match(chat.names, /DNS:example\.test/);
    assert.match(fresh.log, new RegExp(`Panel: https://${NAME}:`));
    const audit = await fresh.ctl(['--json', 'audit', 'list', '--action', 'backup.restore']);
    assert.match(audit.stdout, new RegExp(`"${NAME}"`));

    // It is somebody's now, and no backup takes its place any more; a start later it is still the same.
    const again = await visit(fresh);
    const late = await again.put(path, backup);
    assert.equal(late.status, 409, late.text);
    await fresh.restart();
    assert.equal((JSON.parse((await fresh.ctl(['--json', 'status'])).stdout) as { hostname: string }).hostname, NAME);
  });
});
