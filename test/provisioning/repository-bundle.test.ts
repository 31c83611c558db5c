import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeRepository } from '../../provisioning/repository/aptly.ts';
import { signingKey } from '../../provisioning/repository/key.ts';
import { RELEASES, type Release } from '../../provisioning/repository/release.ts';
import { sourcesFile } from '../../provisioning/repository/sources.ts';
import { Shipping } from '../package/shipping.ts';
import { without } from '../support/packages.ts';

/** The release that this machine is not: its bundle goes no further here than to say so. */
const HERE = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
const OTHER = (Object.keys(RELEASES) as Release[]).find((name) => name !== HERE)!;

describe('the bundle for machines without the internet', { skip: without('aptly', 'gpg') }, () => {
  let shipping: Shipping;
  let hallway: string;
  let sources: string;
  let made: string;
  const keyring = process.env.GNUPGHOME;

  const bundle = (...words: string[]) =>
    shipping.run('bundle', '--to', 'bundles', '--key', shipping.key, '--release', OTHER, ...words);

  /** Some packages stand in for Debian, in a repository of the same form. */
  before(() => {
    shipping = new Shipping();
    process.env.GNUPGHOME = shipping.keyring;
    const debs = (['amd64', 'arm64'] as const).flatMap((architecture) => [
      shipping.deb({ name: 'verona', version: '2:1.0', architecture, fields: ['Depends: mantua (>= 3)'] }),
      shipping.deb({ name: 'friar', version: '1', architecture, fields: ['Recommends: apothecary'] }),
    ]);
    for (const name of ['mantua', 'apothecary', 'paris'])
      debs.push(shipping.deb({ name, version: '3', architecture: 'all' }));
    const draft = shipping.path('debian');
    mkdirSync(draft);
    const content = { suite: OTHER, architectures: ['amd64', 'arm64'], files: debs, key: shipping.key };
    const uri = pathToFileURL(makeRepository(draft, content)).href;
    sources = shipping.path('debian.sources');
    writeFileSync(sources, sourcesFile(uri, OTHER, signingKey(shipping.key)));
    const fields = ['Depends: verona, mantua | paris', 'Recommends: friar (>= 1)', 'Installed-Size: 70'];
    hallway = shipping.deb({ version: '0.1.0', fields });
  });
  after(() => {
    if (keyring === undefined) delete process.env.GNUPGHOME;
    else process.env.GNUPGHOME = keyring;
    shipping[Symbol.dispose]();
  });

  it('has the package, all that it needs and what it recommends, and nothing else', () => {
    const { code, stdout, stderr } = bundle('--sources', sources, hallway);
    assert.equal(code, 0, stderr);
    const name = `hallway_0.1.0_${OTHER}_amd64`;
    const [file = ''] = stdout.split('\n');
    assert.equal(file, shipping.path(`bundles/${name}.tar`));
    assert.deepEqual(readdirSync(shipping.path('bundles')).sort(), [`${name}.tar`, `${name}.tar.asc`]);
    execFileSync('tar', ['-xf', file, '-C', shipping.folder]);
    made = shipping.path(name);
    assert.deepEqual(readdirSync(made).sort(), ['README.txt', 'install.sh', 'key.asc', 'repository']);
    const debs = globSync('repository/pool/**/*.deb', { cwd: made }).map((deb) => basename(deb));
    const needed = ['friar_1_amd64.deb', 'hallway_0.1.0_amd64.deb', 'mantua_3_all.deb', 'verona_1.0_amd64.deb'];
    assert.deepEqual(debs.sort(), needed);
  });

  it('can be copied to a stick that has neither links nor signs of its own', () => {
    const all = globSync('**', { cwd: made });
    assert.deepEqual(
      all.filter((name) => /[:*?"<>|\\]/.test(name)),
      [],
    );
    assert.equal(spawnSync('find', [made, '-type', 'l'], { encoding: 'utf8' }).stdout, '');
  });

  it('is signed as a whole, and says by whom', () => {
    const file = `${shipping.path('bundles')}/${basename(made)}.tar`;
    const verify = (): number | null => spawnSync('gpg', ['--batch', '--verify', `${file}.asc`, file]).status;
    assert.equal(verify(), 0);
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes, Buffer.from('x')]));
    assert.notEqual(verify(), 0);
    writeFileSync(file, bytes);
    assert.match(readFileSync(join(made, 'README.txt'), 'utf8'), new RegExp(`^${shipping.key}$`, 'm'));
  });

  it('leaves no gap in what it says, and says on another release that it is not for that', () => {
    for (const name of ['README.txt', 'install.sh'])
      assert.doesNotMatch(readFileSync(join(made, name), 'utf8'), /@[A-Z]+@|undefined/);
    const { status, stderr } = spawnSync('sh', [join(made, 'install.sh')], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^Hallway was not installed: (?:only root|this is for Debian 1[23] \(\w+\), and this machine)/,
    );
  });

  it('is made for the other architecture, too', () => {
    const arm = shipping.deb({ version: '0.1.0', architecture: 'arm64', fields: ['Depends: verona'] });
    const { code, stdout, stderr } = bundle('--sources', sources, arm);
    assert.equal(code, 0, stderr);
    const listed = execFileSync('tar', ['-tf', stdout.split('\n')[0]!], { encoding: 'utf8' });
    assert.match(listed, /verona_1\.0_arm64\.deb/);
    assert.doesNotMatch(listed, /amd64/);
  });

  it('is not made when something is lacking or not as it was signed, and the one that was there stays', () => {
    const folder = shipping.path('bundles');
    const before = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
    const needy = shipping.deb({ version: '0.1.0', fields: ['Depends: rosaline'] });
    const foreign = shipping.path('foreign.sources');
    using stranger = new Shipping();
    process.env.GNUPGHOME = stranger.keyring;
    const { armoured } = signingKey(stranger.key);
    process.env.GNUPGHOME = shipping.keyring;
    const uri = /^URIs: (.*)$/m.exec(readFileSync(sources, 'utf8'))![1]!;
    writeFileSync(foreign, sourcesFile(uri, OTHER, { armoured }));
    // Nobody listens there, and apt would ask again some times.
    process.env.APT_CONFIG = shipping.path('apt.conf');
    writeFileSync(process.env.APT_CONFIG, 'Acquire::Retries "0";');
    const away = shipping.path('away.sources');
    writeFileSync(away, sourcesFile('http://127.0.0.1:1/', OTHER, { armoured }));
    for (const [why, from, deb] of [
      [/cannot be looked up/, away, hallway],
      [/cannot be fetched: .*rosaline/, sources, needy],
      [/cannot be looked up/, foreign, hallway],
      [/cannot be read/, shipping.path('nothing'), hallway],
    ] as const) {
      const { code, stderr } = bundle('--sources', from, deb);
      assert.match(stderr, why);
      assert.equal(code, 1);
    }
    delete process.env.APT_CONFIG;
    assert.equal(bundle('--sources', sources, '--release', 'sid', hallway).code, 2);
    assert.deepEqual(
      readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]),
      before,
    );
  });
});
