import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Release } from '../../provisioning/repository/release.ts';
import { debian, notInstalled } from './debian.ts';
import { ARCH, built } from './debs.ts';
import { leaveOut, step } from './report.ts';

const CHECK_MS = 15 * 60_000;

/** A Debian of a release in a file, as small as it gets but for `include`. */
function smallest(name: string, release: Release, cache: string, include: readonly string[]): string {
  const args = ['--variant=minbase', `--include=${include.join(',')}`];
  return debian(release, cache, `${release}-${name}.tar.gz`, args);
}

function run(program: string, args: readonly string[]): string {
  const done = spawnSync(program, args, { encoding: 'utf8', timeout: CHECK_MS, maxBuffer: 2 ** 26 });
  if (done.status !== 0)
    throw new Error(`${program} ended with ${done.status}\n${`${done.stdout}${done.stderr}`.slice(-6_000)}`);
  return `${done.stdout}${done.stderr}`;
}

/** What Debian's own checkers say of the package as it is shipped, each in the version of the release. */
export async function checkers(release: Release, cache: string, folder: string): Promise<void> {
  const deb = built({ version: '0.2.0', small: true });
  await step(`${release}: lintian`, () => {
    const place = mkdtempSync(join(folder, 'lintian-'));
    execFileSync('tar', ['-xf', smallest('lintian', release, cache, ['lintian']), '-C', place]);
    execFileSync('cp', [deb, place]);
    const said = run('chroot', [place, 'lintian', '--allow-root', '--fail-on', 'error,warning', `/${basename(deb)}`]);
    const notes = said.split('\n').filter((line) => /^[EWI]: /.test(line));
    return `${(statSync(deb).size / 1e6).toFixed(1)} MB for ${ARCH}, ${notes.length} findings`;
  });
  const why = notInstalled('piuparts');
  if (why !== false) return leaveOut(`${release}: piuparts`, why);
  await step(`${release}: piuparts`, () => {
    const place = mkdtempSync(join(folder, 'piuparts-'));
    // What the package needs is there before, as on any Debian: piuparts would have to answer for what that leaves, too.
    const base = smallest('minimal', release, cache, ['systemd', 'openssl', 'libatomic1', 'libstdc++6']);
    // Debian 13's debconf leaves a folder behind, whatever is installed; Debian 12's piuparts does not know that yet.
    const debconf = ['--ignore', '/var/cache/debconf/tmp.ci/'];
    const how = [...debconf, '--no-upgrade-test', '--no-eatmydata', '--keep-sources-list', '--tmpdir', place];
    run('piuparts', [...how, '--basetgz', base, '--distribution', release, deb]);
    return undefined;
  });
}
