import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SUITE, sourcesFile } from '../../provisioning/repository/sources.ts';
import { Shipping } from '../package/shipping.ts';
import { without } from '../support/packages.ts';

const PROGRAM = join(import.meta.dirname, '../../provisioning/repository/main.ts');

/** An apt with this file as its only source. Gives what it is run by. */
function aptWith(folder: string, sources: string): (...words: string[]) => { ok: boolean; said: string } {
  for (const name of ['parts', 'lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(sources, join(folder, 'parts/hallway.sources'));
  writeFileSync(join(folder, 'status'), '');
  const options = {
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(folder, 'parts'),
    'Dir::State': folder,
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64,arm64',
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
  };
  const set = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (...words) => {
    const program = words[0] === 'madison' ? 'apt-cache' : 'apt-get';
    const { status, stdout, stderr } = spawnSync(program, [...set, ...words], { cwd: folder, encoding: 'utf8' });
    return { ok: status === 0, said: stdout + stderr };
  };
}

/** All that is in a folder, as one text: what stays as it was has the same. */
function picture(folder: string): string {
  const names = globSync('**', { cwd: folder }).sort();
  return names
    .map((name) => {
      const file = join(folder, name);
      const sum = statSync(file).isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : '';
      return `${name} ${sum}`;
    })
    .join('\n');
}

/** A key of whatever kind in a keyring of its own. Gives its fingerprint. */
function otherKey(keyring: string, kind: string, ...options: string[]): string {
  mkdirSync(keyring, { mode: 0o700 });
  const gpg = ['--homedir', keyring, '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
  execFileSync('gpg', [...gpg, ...options, '--quick-generate-key', 'Romeo', kind, 'sign', '1d'], { stdio: 'ignore' });
  const listed = execFileSync('gpg', [...gpg, '--with-colons', '-K'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  spawnSync('gpgconf', ['--homedir', keyring, '--kill', 'all']);
  return /^fpr:+([0-9A-F]+):/m.exec(listed)![1]!;
}

describe('the apt repository', { skip: without('aptly', 'gpg') }, () => {
  let shipping: Shipping;
  let to: string;
  let link: string;
  let first: string;

  const publish = (...words: string[]) => shipping.run('publish', '--to', to, '--key', shipping.key, ...words);
  const published = (): string[] =>
    globSync('pool/**/*.deb', { cwd: link })
      .map((name) => basename(name))
      .sort();
  const fresh = (name: string) => aptWith(shipping.path(name), join(link, 'hallway.sources'));

  before(() => {
    shipping = new Shipping();
    to = shipping.path('a folder');
    link = join(to, 'public');
    first = shipping.deb({ version: '0.1.0' });
    chmodSync(first, 0o600);
  });
  after(() => shipping[Symbol.dispose]());

  it('wants to know at first where it will be found, and leaves nothing otherwise', () => {
    const { code, stderr } = publish(first);
    assert.deepEqual([code, readdirSync(to)], [1, []]);
    assert.match(stderr, /^npm run repository: --url is lacking/);
  });

  it('is taken by apt with nothing but its sources file, for both architectures', () => {
    const arm = shipping.deb({ version: '0.1.0', architecture: 'arm64' });
    const { code, stderr } = publish('--url', `file:${encodeURI(link)}`, first, arm);
    assert.equal(code, 0, stderr);
    const apt = fresh('apt-first');
    const { ok, said } = apt('update');
    assert.ok(ok, said);
    for (const [architecture, file] of [
      ['amd64', first],
      ['arm64', arm],
    ] as const) {
      const got = apt('download', `hallway:${architecture}`);
      assert.ok(got.ok, got.said);
      const bytes = readFileSync(shipping.path(`apt-first/hallway_0.1.0_${architecture}.deb`));
      assert.ok(bytes.equals(readFileSync(file)), architecture);
    }
  });

  it('has nothing of the key but its public part, and can be read by a web server', () => {
    const all = globSync('**', { cwd: link }).map((name) => join(link, name));
    for (const file of all) assert.equal(statSync(file).mode & 0o004, 0o004, file);
    const texts = all.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, 'latin1'));
    assert.ok(texts.some((text) => text.includes('BEGIN PGP PUBLIC KEY BLOCK')));
    assert.ok(!texts.some((text) => /PRIVATE KEY/.test(text)));
    assert.deepEqual(readdirSync(to).sort(), ['generation-1', 'public']);
  });

  it('is not changed by what happens to the file that was given', () => {
    const bytes = readFileSync(first);
    appendFileSync(first, 'more');
    assert.ok(readFileSync(join(link, 'pool/main/h/hallway/hallway_0.1.0_amd64.deb')).equals(bytes));
    writeFileSync(first, bytes);
  });

  it('keeps the newest versions, as Debian counts them, and is changed by nothing that is there already', () => {
    const more = ['0.2.0', '0.3.0', '0.10.0'].map((version) => shipping.deb({ version }));
    const { stdout } = publish('--keep', '2', ...more);
    assert.match(stdout, /no longer kept: hallway 0\.1\.0 amd64/);
    const kept = ['hallway_0.1.0_arm64.deb', 'hallway_0.10.0_amd64.deb', 'hallway_0.3.0_amd64.deb'];
    assert.deepEqual(published(), kept);
    const apt = fresh('apt-more');
    assert.ok(apt('update').ok);
    assert.match(apt('madison', 'hallway:amd64').said, /0\.10\.0.*\n.*0\.3\.0/);

    const now = picture(to);
    for (const again of [more, [], [first]])
      assert.match(publish('--keep', '2', ...again).stdout, /Nothing has changed/);
    assert.equal(picture(to), now);
  });

  it('refuses with a sentence what is wrong, and stays as it was', () => {
    const text = shipping.path('text.deb');
    writeFileSync(text, 'no package');
    const half = shipping.path('half.deb');
    copyFileSync(shipping.deb({ version: '0.5.0', bytes: 50_000 }), half);
    truncateSync(half, 30_000);
    const good = shipping.deb({ version: '0.5.0' });
    const now = picture(to);
    const cases: readonly (readonly [why: RegExp, ...words: string[]])[] = [
      [/there is no file/, shipping.path('nothing.deb')],
      [/there is no file/, shipping.folder],
      [/text\.deb is no Debian package/, good, text],
      [/half\.deb is damaged/, good, half],
      [/is the package mercutio, not hallway/, shipping.deb({ name: 'mercutio', version: '1' })],
      [/is for i386/, shipping.deb({ version: '1', architecture: 'i386' })],
      [/hallway 0\.3\.0 for amd64 is there already/, good, shipping.deb({ version: '0.3.0' })],
      [/hallway 0\.4\.0 for amd64 is there already/, ...[1, 2].map(() => shipping.deb({ version: '0.4.0' }))],
      [/no secret key 0{40}/, '--key', '0'.repeat(40), good],
      [/is no fingerprint/, '--key', 'juliet', good],
    ];
    for (const [why, ...words] of cases) {
      const { code, stderr } = publish(...words);
      assert.match(stderr, why);
      assert.match(stderr, /^npm run repository: .*\n$/);
      assert.equal(code, 1, stderr);
    }
    for (const words of [['--keep', '0'], ['--url', 'office'], ['--moon'], ['--url', 'http://a b/']])
      assert.equal(publish(...words).code, 2, words.join(' '));
    assert.equal(picture(to), now);
  });

  it('refuses keys that apt would refuse, or that machines do not have', () => {
    const now = picture(to);
    for (const [why, kind, ...options] of [
      [/has expired/, 'ed25519', '--faked-system-time', '20200101T000000'],
      [/is too weak/, 'rsa1024'],
      [/signed with the key [0-9A-F]{40}, and machines that have it take no other/, 'ed25519'],
    ] as const) {
      const keyring = shipping.path(`key-${kind}-${options.length}`);
      const key = otherKey(keyring, kind, ...options);
      const env = { ...shipping.environment(), GNUPGHOME: keyring };
      const words = [PROGRAM, 'publish', '--to', to, '--key', key, first];
      const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
      assert.match(stderr, why);
      assert.equal(status, 1);
    }
    assert.equal(picture(to), now);
  });

  it('makes no key in the project, in a repository, or where something is', () => {
    const inProject = join(import.meta.dirname, 'key');
    for (const [folder, why] of [
      [inProject, /into the project/],
      [join(link, 'key'), /into a repository/],
      [shipping.keyring, /is not empty/],
    ] as const) {
      const { code, stderr } = shipping.run('new-key', folder);
      assert.match(stderr, why);
      assert.equal(code, 1);
    }
    assert.ok(!existsSync(inProject) && !existsSync(join(link, 'key')));
    assert.equal(statSync(shipping.keyring).mode & 0o777, 0o700);
  });

  it('stays as it was when a run is broken off, and the next one clears up', async () => {
    const now = picture(link);
    const deb = shipping.deb({ version: '0.11.0', bytes: 20_000_000 });
    const words = [PROGRAM, 'publish', '--to', to, '--key', shipping.key, deb];
    const child = spawn(process.execPath, words, { env: shipping.environment(), stdio: 'ignore', detached: true });
    const over = once(child, 'exit');
    while (globSync('draft-*/given/*', { cwd: to }).length === 0) await sleep(1);
    process.kill(-child.pid!, 'SIGKILL');
    await over;
    assert.ok(readdirSync(to).some((name) => name.startsWith('draft-')));
    assert.equal(picture(link), now);
    assert.match(publish().stdout, /Nothing has changed/);
    assert.deepEqual(readdirSync(to).sort(), [readlinkSync(link), 'public']);
  });

  it('is changed by one run at a time', () => {
    const other = join(to, `draft-${process.pid}`);
    mkdirSync(other);
    assert.match(publish(shipping.deb({ version: '0.12.0' })).stderr, /another run \(process \d+\)/);
    assert.ok(existsSync(other));
    spawnSync('rmdir', [other]);
  });

  it('stays as it was on a full disk, and says so of a folder that is none', (context) => {
    const file = shipping.path('file');
    writeFileSync(file, '');
    const none = shipping.run(
      'publish',
      '--to',
      join(file, 'x'),
      '--key',
      shipping.key,
      '--url',
      'http://a.test',
      first,
    );
    assert.match(none.stderr, /cannot be written to/);
    assert.equal(none.code, 1);

    const disk = shipping.path('disk');
    mkdirSync(disk);
    if (spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', disk]).status !== 0) {
      context.diagnostic('a full disk was not tried: this process may mount nothing');
      return;
    }
    const big = shipping.deb({ version: '0.2.0', bytes: 3_000_000 });
    const call = `"$0" "$1" publish --to ${disk} --key ${shipping.key} --url http://a.test/`;
    const look = `find ${disk} -type f -o -type l | sort`;
    const script = `mount -t tmpfs -o size=2m none ${disk}; ${call} ${first} || exit 9; ${look}; ${call} ${big}; echo $?; ${look}`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script, process.execPath, PROGRAM], {
      env: shipping.environment(),
      encoding: 'utf8',
    });
    const [, was, is] = /Published in .*\n([\s\S]*)\n1\n([\s\S]*)\n/.exec(stdout) ?? [];
    assert.ok(was?.includes('InRelease'), stdout + stderr);
    assert.equal(is, was);
    assert.match(stderr, /ENOSPC|no space left/i);
  });

  it('is refused by apt when its index was changed, and is not signed anew', () => {
    const [index] = globSync('dists/stable/main/binary-amd64/Packages', { cwd: link });
    const text = readFileSync(join(link, index!), 'utf8');
    const packed = readFileSync(join(link, `${index}.gz`));
    writeFileSync(join(link, index!), text.replace('0.10.0', '0.90.0'));
    spawnSync('gzip', ['-kf', join(link, index!)]);
    const { ok, said } = fresh('apt-changed')('update');
    assert.ok(!ok);
    assert.match(said, /Hash Sum mismatch|unexpected size/);
    const more = shipping.deb({ version: '0.13.0' });
    assert.match(publish(more).stderr, /is not what was signed/);
    writeFileSync(join(link, index!), text);
    writeFileSync(join(link, `${index}.gz`), packed);

    const deb = join(link, 'pool/main/h/hallway/hallway_0.10.0_amd64.deb');
    const bytes = readFileSync(deb);
    writeFileSync(deb, bytes.toString('latin1').replace('juliet', 'tybalt'), 'latin1');
    appendFileSync(deb, 'x');
    assert.match(publish(more).stderr, /0\.10\.0_amd64\.deb is not what was signed/);
    writeFileSync(deb, bytes);
    assert.equal(publish(more).code, 0);
  });

  it('signs nothing of somebody who has put a key of theirs beside ours', () => {
    using stranger = new Shipping();
    const theirs = stranger.path('r');
    stranger.does(
      'publish',
      '--to',
      theirs,
      '--key',
      stranger.key,
      '--url',
      'http://a.test',
      stranger.deb({ version: '9' }),
    );
    const both = shipping.path('both');
    mkdirSync(both, { mode: 0o700 });
    const gpg = (home: string, ...words: string[]): Buffer =>
      execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
    for (const [index, home] of [shipping.keyring, stranger.keyring].entries()) {
      writeFileSync(join(both, `${index}.key`), gpg(home, '--export'));
      gpg(both, '--import', join(both, `${index}.key`));
    }
    const to = shipping.path('taken');
    const words = ['publish', '--to', to, '--key', shipping.key, '--url', 'http://a.test'];
    shipping.does(...words, shipping.deb({ version: '1' }));
    cpSync(realpathSync(join(theirs, 'public')), realpathSync(join(to, 'public')), { recursive: true, force: true });
    rmSync(join(to, 'public/pool/main/h/hallway/hallway_1_amd64.deb'));
    const armoured = gpg(both, '--armor', '--export').toString();
    writeFileSync(join(to, 'public/hallway.sources'), sourcesFile('http://a.test', SUITE, { armoured }));
    // To apt all is in order, with such a file.
    const apt = aptWith(shipping.path('apt-both'), join(to, 'public/hallway.sources'));
    writeFileSync(
      shipping.path('apt-both/parts/hallway.sources'),
      sourcesFile(`file:${to}/public`, SUITE, { armoured }),
    );
    assert.ok(apt('update').ok);
    const { code, stderr } = shipping.run(...words, shipping.deb({ version: '2' }));
    assert.match(stderr, /is not what was signed/);
    assert.equal(code, 1);
  });
});
