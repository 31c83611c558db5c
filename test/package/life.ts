import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../provisioning/repository/release.ts';
import { Container } from './container.ts';
import { built, spoilt, withoutServer, withStep } from './debs.ts';
import { claim, hasItsPeople, install, playIn, READY, status, talking, unharmed } from './office.ts';

const WENT_BACK = '/etc/systemd/system/hallway.service.d/rollback.conf';
const OURS = '/run/systemd/system/hallway.service.d';

/** Has the unit another line for a while. */
async function changeUnit(house: Container, line: string): Promise<void> {
  await house.does(
    `mkdir -p ${OURS} && printf '[Service]\\n${line}\\n' > ${OURS}/test.conf && systemctl daemon-reload`,
  );
}

async function restoreUnit(house: Container): Promise<void> {
  await house.does(`rm ${OURS}/test.conf && systemctl daemon-reload`);
}

/** The house's data on a disk with 30 MB left, until it is disposed of. */
async function fullDisk(house: Container) {
  const at = '/var/lib/hallway';
  await house.does(`systemctl stop hallway && cp -a ${at} /root/data`);
  const room = `$(( $(du -sk ${at} | cut -f1) + 30000 ))k`;
  await house.does(`mount -t tmpfs -o size=${room} tmpfs ${at} && cp -a /root/data/. ${at} && systemctl start hallway`);
  return {
    at,
    [Symbol.asyncDispose]: async () =>
      void (await house.does(`systemctl stop hallway; umount ${at}; systemctl start hallway`)),
  };
}

async function number(house: Container, pattern: RegExp, command: string): Promise<number> {
  return Number(pattern.exec(await house.does(command))?.[1]);
}

/**
 * The package in a container of a release, from its installation to its purge. `tar` is the release's image, `folder` for what is
 * made meanwhile.
 */
export async function life(release: Release, tar: string, folder: string): Promise<void> {
  const [first, second] = [built({ version: '0.1.0' }), built({ version: '0.2.0' })];
  const wrongStep = spoilt(second, '0.3.0', folder, withStep('CREATE TABLE account (a INTEGER)'));
  const brokenOff = spoilt(second, '0.2.1', folder, withoutServer);
  const noServer = spoilt(second, '0.4.0', folder, withoutServer);
  const oneStep = spoilt(second, '0.5.0', folder, withStep('CREATE TABLE more (a INTEGER)'));
  const sameStep = spoilt(second, '0.6.0', folder, withStep('CREATE TABLE more (a INTEGER)'));
  await using house = await Container.boot(`hallway-${release}-a`, tar, folder);
  const does = playIn(house, release);

  await does('apt install, until it is ready', async () => {
    const { seconds } = await install(house, first);
    await house.does(READY);
    const kilobytes = await number(house, /Installed-Size: (\d+)/, 'dpkg -s hallway');
    const rss = await number(house, /VmRSS:\s+(\d+)/, 'cat /proc/$(systemctl show -P MainPID hallway)/status');
    const [deb, size, memory] = [statSync(first).size / 1e6, kilobytes / 1e3, rss / 1e3].map((mb) => mb.toFixed(0));
    // Root reads it at each login: the service fills it, and can neither take it away nor put another in its place.
    await house.until('grep -q "^Hallway: https" /usr/lib/motd.d/hallway');
    assert.notEqual((await house.run('runuser -u hallway -- rm -f /run/hallway/panel')).code, 0);
    assert.notEqual((await house.run('runuser -u hallway -- touch /run/hallway/other')).code, 0);
    return `${seconds.toFixed(1)} s; deb made quickly ${deb} MB, installed ${size} MB, RSS ${memory} MB`;
  });
  await does('systemd-analyze security', async () => {
    const last = 'systemd-analyze security hallway.service --no-pager | tail -1';
    const exposure = await number(house, / ([\d.]+) \w+ \S*\s*$/, last);
    assert.ok(exposure <= 2, `exposure is ${exposure}`);
    return String(exposure);
  });
  await does('claimed by the API', async () => {
    await claim(house);
    await hasItsPeople(house);
    return undefined;
  });
  await does('an upgrade under load, longest silence', async () => {
    const config = '/etc/hallway/hallway.toml';
    house.write(config, `${house.read(config)}\n# an administrator was here\n`);
    const gap = unharmed(await talking(house, () => install(house, second)), 1);
    assert.match(house.read(config), /an administrator was here/);
    assert.match(await house.does('dpkg-query -W hallway'), /0\.2\.0/);
    return `${gap} s`;
  });
  await does('one that is broken off and begun again leaves the release of before whole', async () => {
    house.put(brokenOff, '/root/broken-off.deb');
    await house.does('cd /root && dpkg --unpack broken-off.deb && dpkg --unpack broken-off.deb && dpkg --configure -a');
    await house.does(READY);
    assert.match(house.read('/usr/lib/hallway-previous/package.json'), /"0\.2\.0"/);
    await house.does('cmp /proc/$(systemctl show -P MainPID hallway)/exe /usr/lib/hallway-previous/bin/node');
    assert.equal(
      (await house.run('grep -q "process.exit(7)" /usr/lib/hallway-previous/server/server-main.js')).code,
      1,
    );
    await hasItsPeople(house);
    return undefined;
  });
  await does('a release whose migration fails is gone back from, longest silence', async () => {
    const gap = unharmed(await talking(house, () => install(house, wrongStep)), 1);
    assert.match(house.read(WENT_BACK), /hallway-previous/);
    await hasItsPeople(house);
    const doctor = await house.run('hallwayctl doctor');
    assert.match(doctor.stdout, /Release 0\.3\.0 is installed, but/);
    return `${gap} s`;
  });
  await does('and from one that does not start at all', async () => {
    await install(house, noServer);
    await house.does(READY);
    await hasItsPeople(house);
    return undefined;
  });
  await does('and from one for whose migration the disk is too full, which is said', async () => {
    await using disk = await fullDisk(house);
    const before = await house.does(`ls ${disk.at}`);
    const { said } = await install(house, oneStep);
    assert.match(said, /no room to keep it as it is/);
    await house.does(READY);
    await hasItsPeople(house);
    assert.equal(await house.does(`ls ${disk.at}`), before);
    return /that takes \d+ MB, and \d+ are free/.exec(said)?.[0];
  });
  await does('hallwayctl rollback from one that has changed the store', async () => {
    await install(house, sameStep);
    await house.does(READY);
    assert.equal(house.has(WENT_BACK), false);
    // What was written since is put aside, and their sessions with it: they log in anew.
    const talkers = await talking(house, () => house.does('hallwayctl rollback --yes'));
    for (const one of Object.values(talkers)) assert.deepEqual([one.newSessions, one.doubled], [1, []]);
    assert.match(await house.does('ls /var/lib/hallway'), /after-upgrade-/);
    await hasItsPeople(house);
    unharmed(await talking(house, () => house.does('sleep 3')), 0);
    return undefined;
  });
  await does('a process that hangs is ended by the watchdog and started again', async () => {
    await changeUnit(house, 'WatchdogSec=6');
    await house.does('systemctl restart hallway');
    const before = (await house.does('systemctl show -P MainPID hallway')).trim();
    await house.does(`kill -STOP ${before}`);
    await house.until(`test "$(systemctl show -P MainPID hallway)" != ${before} && ${READY}`);
    await restoreUnit(house);
    return undefined;
  });
  await does('a port of somebody else is named in the status, and taken when it is free', async () => {
    await house.does('systemctl stop hallway; systemd-run --unit=other python3 -m http.server 5222');
    await house.until('curl -s http://127.0.0.1:5222/ > /dev/null');
    await house.run('systemctl start hallway');
    await house.until('systemctl show -P StatusText hallway | grep 5222');
    const why = await status(house);
    await house.does('systemctl stop other');
    await house.until(READY);
    return why;
  });
  await does('a state folder that it cannot write to is named, and nothing is harmed', async () => {
    await house.does('systemctl stop hallway; chmod 500 /var/lib/hallway; chown root /var/lib/hallway');
    await changeUnit(house, 'StateDirectory=');
    await house.run('systemctl start hallway');
    await house.until('systemctl show -P StatusText hallway | grep /var/lib/hallway');
    const why = await status(house);
    await restoreUnit(house);
    await house.does('chown hallway /var/lib/hallway && chmod 700 /var/lib/hallway && systemctl restart hallway');
    await hasItsPeople(house);
    return why;
  });
  await does('a backup, restored into a second container with another name', async () => {
    const { name } = JSON.parse(await house.does('hallwayctl backup --json')) as { name: string };
    const key = /AGE-SECRET-KEY-1\w+/.exec(await house.does('hallwayctl backup key'))![0];
    await using other = await Container.boot(`hallway-${release}-b`, tar, folder);
    await install(other, second);
    other.put(join(house.root, 'var/lib/hallway/backups', name), '/root/backup.age');
    other.write('/root/key.txt', key);
    // A note as a restore leaves it, by which root would carry a file of the service's to where it does harm.
    const note = '{"aside":"../../../etc","before":["planted"],"after":[]}';
    other.write('/var/lib/hallway/planted', 'harm');
    other.write('/var/lib/hallway/restore.json', note);
    await other.does('systemctl stop hallway && chmod 600 /root/backup.age /root/key.txt');
    const led = await other.run('hallwayctl restore --replace --key-file /root/key.txt /root/backup.age');
    assert.deepEqual([led.code, other.has('/etc/planted')], [1, false], led.stderr);
    await other.does('rm /var/lib/hallway/restore.json /var/lib/hallway/planted');
    const elsewhere = '--replace --key-file /root/key.txt --hostname chat.elsewhere.internal';
    await other.does(`hallwayctl restore ${elsewhere} /root/backup.age && systemctl start hallway`);
    await hasItsPeople(other);
    unharmed(await talking(other, () => other.does('sleep 3')), 0);
    const purge = 'apt-get purge -y hallway < /dev/null';
    await other.does(`${purge} && useradd --shell /bin/bash hallway`);
    assert.match((await install(other, second)).said, /was here before and can log in/);
    await other.does(`${purge} && getent passwd hallway && userdel hallway`);
    await install(other, second);
    // Purged while an upgrade is half-way: nobody goes on writing into what is deleted.
    other.put(second, '/root/second.deb');
    await other.does(`dpkg --unpack /root/second.deb && ${purge} && ! ${READY}`);
    await install(other, second);
    await other.does(
      `echo 'data = "/srv/chat"' | cat - /etc/hallway/hallway.toml > /root/new && cp /root/new /etc/hallway/hallway.toml`,
    );
    await other.does(`${purge} && getent passwd hallway`);
    return undefined;
  });
  await does('removed, installed again with all it had, and purged without a trace', async () => {
    await house.does('apt-get remove -y hallway < /dev/null');
    await install(house, second);
    await hasItsPeople(house);
    await house.does('mkdir /var/lib/hallway/uploads/disk && mount -t tmpfs tmpfs /var/lib/hallway/uploads/disk');
    await house.does('apt-get purge -y hallway < /dev/null');
    await house.does('umount /var/lib/hallway/uploads/disk && rm -r /var/lib/hallway');
    const elsewhere = ['/proc/*', '/root/*', '/sys/*', '/var/cache/apt/*', '/var/log/*', '/etc/hostname'];
    const but = elsewhere.map((path) => `-not -path '${path}'`).join(' ');
    const left = await house.does(`find / -xdev -iname '*hallway*' ${but}; getent passwd hallway || true`);
    assert.equal(left.trim(), '');
    return undefined;
  });
}
