import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Appliance, DOMAIN } from '../support/appliance.ts';
import { authority } from '../support/authority.ts';
import { Dns, noDnsmasq } from '../support/dns.ts';
import { Ejabberd, noEjabberd } from '../support/ejabberd.ts';
import { zoneOf } from '../support/peer-server.ts';
import { noProsody, Prosody } from '../support/prosody.ts';
import { lastLines, noSlixmpp, type People, placeOf, playAmong } from '../support/slixmpp.ts';

const PEOPLE: People = { anna: 'an old password 名', ben: 'what ben knows', carla: 'only carla knows' };
const NICK = 'http://jabber.org/protocol/nick';
const ITEMS = { [NICK]: `<nick xmlns='${NICK}'>Benny</nick>` };

/** What Debian's versions write of that, and what they do not. */
const SERVERS = [
  { title: 'ejabberd', Server: Ejabberd, skip: noEjabberd, archives: false, waiting: true, blocks: true, nodes: false },
  { title: 'Prosody', Server: Prosody, skip: noProsody, archives: true, waiting: false, blocks: false, nodes: true },
] as const;

/** Everybody of another server, that lived there for a while, in a folder that it has written. */
async function moveOut(server: Ejabberd | Prosody, dns: Dns, blocks: boolean, folder: string) {
  await dns.says(zoneOf(server));
  await server.start();
  const { domain, address, ports, authorityFile } = server;
  const place = {
    domain,
    host: address,
    ports,
    authority: authorityFile,
    people: PEOPLE,
    more: { items: ITEMS, blocks },
  };
  const lived = await playAmong('old_office', place, server.folder, () => lastLines(server.log, 20));
  await mkdir(folder);
  if (server instanceof Prosody) await server.stop();
  await server.exportPeople(folder);
  await server.stop();
  return lived;
}

for (const { title, Server, skip, archives, waiting, blocks, nodes } of SERVERS) {
  describe(`people of ${title}`, { skip: skip || noDnsmasq || noSlixmpp, timeout: 180_000 }, () => {
    it('move in with all that its export has of them, by the passwords that they know', async () => {
      await using dns = await Dns.start({});
      await using appliance = await Appliance.start();
      const old = { domain: 'old.test', people: PEOPLE, dns, authority: authority('Old office'), directTls: false };
      await using server = await Server.prepare(old);
      const folder = join(appliance.folder, 'export');
      const lived = await moveOut(server, dns, blocks, folder);

      const rename = `--rename=old.test=${DOMAIN}`;
      const dry = await appliance.ctl(['user', 'import-from', folder, rename, '--dry-run', '--json']);
      assert.equal(dry.code, 0, dry.stderr);
      const { check, people } = JSON.parse(dry.stdout);
      assert.deepEqual(check.counts, { make: 3, link: 0, there: 0, wrong: 0 }, dry.stdout);
      assert.deepEqual(check.total.left, [], dry.stdout);
      assert.deepEqual(
        people.map(({ jid }: { jid: string }) => jid).sort(),
        Object.keys(PEOPLE).map((name) => `${name}@${DOMAIN}`),
      );

      const done = await appliance.ctl(['user', 'import-from', folder, rename, '--json']);
      assert.equal(done.code, 0, done.stderr);
      const report = JSON.parse(done.stdout);
      assert.equal(report.import.state, 'done');
      assert.equal(report.import.made, 3);
      assert.deepEqual(
        report.people.flatMap((one: { report: { left: unknown[] } }) => one.report.left),
        [],
        done.stdout,
      );

      const more = {
        photo: lived.photo,
        archived: archives ? lived.said : [],
        waiting,
        nodes,
        blocked: blocks ? ['spam@nowhere.test'] : [],
        moved: Date.now() / 1_000,
      };
      await appliance.authority();
      const told = { ...placeOf(appliance, PEOPLE), more };
      const used = await playAmong('new_office', told, appliance.folder, () => lastLines(appliance.log, 20));
      for (const name of Object.keys(PEOPLE)) assert.match(String(used[name]), /^SCRAM-SHA-1(?:-PLUS)?$/);

      // The same files once more: everybody is there, and nothing is written over or doubled.
      const again = await appliance.ctl(['user', 'import-from', folder, rename]);
      assert.equal(again.code, 1, again.stdout);
      assert.match(again.stderr, /nobody in these files who could move in/);
    });
  });
}
