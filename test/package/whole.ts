import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { without } from '../support/packages.ts';
import { Container, image, noContainers, type Release } from './container.ts';
import { playShipping } from './repository.ts';

/**
 * `npm run test:package`: the package in containers, from the first installation to the purge. `--release bookworm` or `trixie` for
 * one of them only. What it needs beside the project's own tools: mmdebstrap, systemd-container, aptly, gpg, and a network
 * for the images and the bundles.
 */
const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, 'node_modules/.cache/hallway-images');
const DOMAIN = 'office.internal';
const PEOPLE = { juliet: 'what is in a name', romeo: 'but soft what light' };
const ADMIN = { name: 'olga', password: 'wherefore art thou here' };
/** What a service may be seen to do while it starts again. */
const READY = 'systemctl is-active hallway.service';

/** The newest step of the schema, in the bundle. */
const LAST_STEP = /name: "kept-sessions",\s*statements: \[[^\]]*\]\s*\}/;

const figures: Record<string, string> = {};
let failures = 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Plays one step in a house; where it fails, the house's last words are told, too. */
async function step(house: Container, name: string, task: () => Promise<string | undefined>): Promise<void> {
  const start = performance.now();
  try {
    const figure = await task();
    if (figure !== undefined) figures[name] = figure;
    say(
      `✔ ${name}${figure === undefined ? '' : `: ${figure}`} (${((performance.now() - start) / 1_000).toFixed(1)} s)`,
    );
  } catch (error) {
    failures++;
    const { stdout } = await house.run('journalctl --no-pager --lines 40 --unit hallway');
    say(`✖ ${name}\n${error instanceof Error ? error.stack : String(error)}\n${stdout}`);
  }
}

/** The package of a version, made once. */
function built(version: string): string {
  const out = join(ROOT, 'debian/output/tried');
  const arch = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const file = join(out, `hallway_${version}_${arch}.deb`);
  const newest = Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' })) * 1_000;
  if (existsSync(file) && statSync(file).mtimeMs > newest) return file;
  execFileSync('npm', ['run', '-s', 'deb', '--', '--quick', '--version', version, '--out', out], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return file;
}

/** The same package with something wrong in it: its name, `change` of its unpacked folder. */
function spoilt(deb: string, version: string, folder: string, change: (root: string) => void): string {
  const root = join(folder, `spoilt-${version}`);
  execFileSync('dpkg-deb', ['-R', deb, root]);
  const control = join(root, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
  change(root);
  const file = join(folder, `hallway_${version}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', root, file], { stdio: 'ignore' });
  rmSync(root, { recursive: true });
  return file;
}

function replaceIn(folder: string, what: RegExp, by: string): void {
  const found = readdirSync(folder).filter((name) => {
    if (!name.endsWith('.js')) return false;
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(what, by);
    if (changed !== text) writeFileSync(file, changed);
    return changed !== text;
  });
  if (found.length === 0) throw new Error(`nothing in ${folder} is like ${what}`);
}

/** `apt install`, without a question and without a network. Gives the seconds it took. */
async function install(house: Container, deb: string, more = ''): Promise<number> {
  const at = `/root/${basename(deb)}`;
  house.put(deb, at);
  const start = performance.now();
  await house.does(`DEBIAN_FRONTEND=noninteractive apt-get install -y ${more} ${at} < /dev/null`);
  return (performance.now() - start) / 1_000;
}

async function status(house: Container): Promise<string> {
  return (await house.does('systemctl show --property=StatusText --value hallway.service')).trim();
}

/** What a client of the panel does, by curl. */
async function post(house: Container, path: string, body: object): Promise<string> {
  const curl = 'curl -sS --fail-with-body -k -b /root/cookies -c /root/cookies -H "Origin: https://localhost"';
  return house.does(
    `${curl} -H 'Content-Type: application/json' -d '${JSON.stringify(body)}' https://localhost${path}`,
  );
}

async function claim(house: Container): Promise<void> {
  const { code } = JSON.parse(await house.does('hallwayctl claim-code --json')) as { code: string };
  await post(house, '/api/claim', { code, ...ADMIN, domain: DOMAIN });
  for (const [name, password] of Object.entries(PEOPLE)) {
    await house.does(`printf '%s\\n' '${password}' | hallwayctl user add --password-stdin ${name}@${DOMAIN}`);
  }
  await house.does('hallwayctl certificate authority > /root/authority.pem');
}

/** Two slixmpp clients talk while something is done to the server. Gives what they saw. */
async function talking(house: Container, task: () => Promise<void>): Promise<Record<string, Talker>> {
  for (const file of ['interop/actor.py', 'interop/unacknowledged.py', 'package/talk.py'])
    house.put(join(ROOT, 'test', file), `/root/${basename(file)}`);
  await house.does('rm -f /root/ready /root/done');
  const world = {
    domain: DOMAIN,
    host: '127.0.0.1',
    ports: { c2s: 5222, c2s_tls: 5223 },
    authority: '/root/authority.pem',
    people: PEOPLE,
    more: { ready: '/root/ready', done: '/root/done' },
  };
  house.write('/root/world.json', JSON.stringify(world));
  let over = false;
  const scene = house.run('cd /root && python3 -B -W ignore talk.py world.json', 300_000).finally(() => {
    over = true;
  });
  const done = (async () => {
    while (!house.has('/root/ready')) {
      if (over) return;
      await sleep(100);
    }
    await task();
    await house.does('sleep 2; touch /root/done');
  })();
  const [{ stdout, stderr }] = await Promise.all([scene, done]);
  const said = /^scene: (.*)$/m.exec(stdout)?.[1];
  if (said === undefined) throw new Error(`the scene ended: ${stderr.slice(-3_000)}`);
  return JSON.parse(said) as Record<string, Talker>;
}

interface Talker {
  readonly said: number;
  readonly lost: string[];
  readonly archived: string[];
  readonly doubled: string[];
  readonly inOrder: boolean;
  readonly cuts: number;
  readonly newSessions: number;
  readonly gap: number;
}

/** Nobody lost or doubled a word, and nobody logged in anew. Gives the longest silence, in seconds. */
function unharmed(talkers: Record<string, Talker>, cuts: number): number {
  for (const [name, one] of Object.entries(talkers)) {
    assert.deepEqual(
      [name, one.lost, one.doubled, one.inOrder, one.newSessions, one.cuts >= cuts],
      [name, [], [], true, 0, true],
      JSON.stringify({ ...one, archived: one.archived.filter((body) => one.lost.includes(body)) }),
    );
    assert.ok(one.said > 50, `${name} said ${one.said} words only`);
  }
  return Math.max(...Object.values(talkers).map(({ gap }) => gap));
}

async function people(house: Container): Promise<string> {
  return house.does('hallwayctl user list');
}

async function play(release: Release, folder: string): Promise<void> {
  const [first, second] = [built('0.1.0'), built('0.2.0')];
  const migration = spoilt(second, '0.3.0', folder, (root) =>
    replaceIn(
      join(root, 'usr/lib/hallway/server'),
      LAST_STEP,
      '$&, { version: 999, name: "spoilt", statements: ["CREATE TABLE account (a INTEGER)"] }',
    ),
  );
  const crash = spoilt(second, '0.4.0', folder, (root) => {
    const main = join(root, 'usr/lib/hallway/server/server-main.js');
    writeFileSync(main, `process.exit(7);\n${readFileSync(main, 'utf8')}`);
  });
  const schema = spoilt(second, '0.5.0', folder, (root) =>
    replaceIn(
      join(root, 'usr/lib/hallway/server'),
      LAST_STEP,
      '$&, { version: 999, name: "more", statements: ["CREATE TABLE more (a INTEGER)"] }',
    ),
  );
  const tar = image(release, CACHE);
  await using house = await Container.boot(`hallway-${release}-a`, tar, folder);
  const size = (statSync(first).size / 1e6).toFixed(0);

  await step(house, `${release}: apt install, seconds to ready`, async () => {
    const seconds = await install(house, first);
    assert.equal((await house.does(READY)).trim(), 'active');
    const kilobytes = Number(/Installed-Size: (\d+)/.exec(await house.does('dpkg -s hallway'))?.[1]);
    const rss = Number(
      /VmRSS:\s+(\d+)/.exec(await house.does('cat /proc/$(systemctl show -P MainPID hallway)/status'))?.[1],
    );
    return `${seconds.toFixed(1)} s; deb ${size} MB (quick), installed ${(kilobytes / 1_000).toFixed(0)} MB, RSS ${(rss / 1_000).toFixed(0)} MB`;
  });
  await step(house, `${release}: systemd-analyze security`, async () => {
    const level = Number(
      / ([\d.]+) \w+ \S*\s*$/.exec(
        await house.does('systemd-analyze security hallway.service --no-pager | tail -1'),
      )?.[1],
    );
    assert.ok(level <= 2, `exposure is ${level}`);
    return String(level);
  });
  await step(house, `${release}: claimed by the API`, async () => {
    await claim(house);
    assert.match(await people(house), /juliet/);
    return undefined;
  });
  await step(house, `${release}: an upgrade under load, longest silence`, async () => {
    house.write(
      '/etc/hallway/hallway.toml',
      `${house.read('/etc/hallway/hallway.toml')}\n# an administrator was here\n`,
    );
    const gap = unharmed(await talking(house, async () => void (await install(house, second))), 1);
    assert.match(house.read('/etc/hallway/hallway.toml'), /an administrator was here/);
    assert.match(await house.does('dpkg-query -W hallway'), /0\.2\.0/);
    return `${gap} s`;
  });
  await step(house, `${release}: a release whose migration fails is gone back from, longest silence`, async () => {
    const gap = unharmed(await talking(house, async () => void (await install(house, migration))), 1);
    assert.match(house.read('/etc/systemd/system/hallway.service.d/rollback.conf'), /hallway-previous/);
    assert.match(await people(house), /juliet/);
    return `${gap} s`;
  });
  await step(house, `${release}: and from one that does not start at all`, async () => {
    await install(house, crash);
    assert.equal((await house.does(READY)).trim(), 'active');
    assert.match(await people(house), /juliet/);
    return undefined;
  });
  await step(house, `${release}: hallwayctl rollback from one that has changed the store`, async () => {
    await install(house, schema);
    assert.equal((await house.does(READY)).trim(), 'active');
    assert.equal(house.has('/etc/systemd/system/hallway.service.d/rollback.conf'), false);
    const gap = unharmed(await talking(house, async () => void (await house.does('hallwayctl rollback --yes'))), 1);
    assert.match(await house.does('ls /var/lib/hallway'), /after-upgrade-/);
    assert.match(await people(house), /juliet/);
    return `silence ${gap} s`;
  });
  await step(house, `${release}: a process that hangs is ended by the watchdog and started again`, async () => {
    await house.does(
      'mkdir -p /run/systemd/system/hallway.service.d && printf "[Service]\\nWatchdogSec=6\\n" > /run/systemd/system/hallway.service.d/soon.conf && systemctl daemon-reload && systemctl restart hallway',
    );
    const before = (await house.does('systemctl show -P MainPID hallway')).trim();
    await house.does(`kill -STOP ${before}`);
    await house.until(`test "$(systemctl show -P MainPID hallway)" != ${before} && ${READY}`);
    await house.does('rm /run/systemd/system/hallway.service.d/soon.conf && systemctl daemon-reload');
    return undefined;
  });
  await step(
    house,
    `${release}: a port of somebody else's is named in the status, and taken when it is free`,
    async () => {
      await house.does('systemctl stop hallway');
      await house.does('systemd-run --unit=other python3 -m http.server 5222');
      await house.until('curl -s http://127.0.0.1:5222/ > /dev/null');
      await house.run('systemctl start hallway');
      await house.until('systemctl show -P StatusText hallway | grep 5222');
      const why = await status(house);
      await house.does('systemctl stop other');
      await house.until(READY);
      return why;
    },
  );
  await step(house, `${release}: a state folder that it cannot write to is named, and nothing is harmed`, async () => {
    await house.does('systemctl stop hallway; chmod 500 /var/lib/hallway; chown root /var/lib/hallway');
    await house.does(
      'mkdir -p /run/systemd/system/hallway.service.d && printf "[Service]\\nStateDirectory=\\n" > /run/systemd/system/hallway.service.d/own.conf && systemctl daemon-reload',
    );
    await house.run('systemctl start hallway');
    await house.until('systemctl show -P StatusText hallway | grep /var/lib/hallway');
    const why = await status(house);
    await house.does(
      'rm /run/systemd/system/hallway.service.d/own.conf && chown hallway /var/lib/hallway && chmod 700 /var/lib/hallway && systemctl daemon-reload && systemctl restart hallway',
    );
    assert.match(await people(house), /juliet/);
    return why;
  });
  await step(house, `${release}: a backup, restored into a second container with another name`, async () => {
    const { name } = JSON.parse(await house.does('hallwayctl backup --json')) as { name: string };
    const key = /AGE-SECRET-KEY-1\w+/.exec(await house.does('hallwayctl backup key'))![0];
    await using other = await Container.boot(`hallway-${release}-b`, tar, folder);
    await install(other, second);
    other.put(join(house.root, 'var/lib/hallway/backups', name), '/root/backup.age');
    other.write('/root/key.txt', key);
    await other.does('systemctl stop hallway');
    await other.does(
      'hallwayctl restore --replace --key-file /root/key.txt --hostname chat.elsewhere.internal /root/backup.age',
    );
    await other.does('systemctl start hallway');
    assert.match(await people(other), /juliet/);
    await other.does('hallwayctl certificate authority > /root/authority.pem');
    unharmed(await talking(other, async () => void (await other.does('sleep 3'))), 0);
    return undefined;
  });
  await step(house, `${release}: removed, installed again with all it had, and purged without a trace`, async () => {
    await house.does('apt-get remove -y hallway < /dev/null');
    await install(house, second);
    assert.match(await people(house), /juliet/);
    await house.does('apt-get purge -y hallway < /dev/null');
    const left = await house.does(
      'find / -xdev -iname "*hallway*" -not -path "/proc/*" -not -path "/root/*" -not -path "/sys/*" -not -path "/var/cache/apt/*" -not -path "/var/log/*" -not -path "/etc/hostname"; getent passwd hallway || true',
    );
    assert.equal(left.trim(), '');
    return undefined;
  });
}

const { values } = parseArgs({ options: { release: { type: 'string' } } });
const why = noContainers() || without('aptly', 'gpg');
if (why !== false) {
  say(`The package was not tried in containers: ${why}.`);
  process.exit(1);
}
process.umask(0o022);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'hallway-containers-'));
try {
  const releases = values.release === undefined ? (['bookworm', 'trixie'] as const) : [values.release as Release];
  for (const release of releases) {
    await play(release, folder);
    await playShipping({ release, tar: image(release, CACHE), folder, built, step });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(failures === 0 ? 'All is as it should be.' : `${failures} steps failed.`);
process.exitCode = failures === 0 ? 0 : 1;
