import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RELEASES as NUMBERS, type Release } from '../../provisioning/repository/release.ts';
import { without } from '../support/packages.ts';
import { arm64, noArm64 } from './arm64.ts';
import { checkers } from './checkers.ts';
import { image, noContainers } from './container.ts';
import { NotHere } from './debian.ts';
import { life } from './life.ts';
import { leaveOut, outcome, say } from './report.ts';
import { playShipping } from './repository.ts';

/**
 * `npm run test:package`: all that is shown of the package on whole systems. `life`: in containers of Debian 12 and 13, from the first
 * installation to the purge. `shipping`: from a repository, and from a bundle without the internet. `checkers`: lintian and piuparts of
 * each release. `arm64`: the other package under QEMU. `--release bookworm` or `trixie` and `--only PART` play less. It needs root, a
 * network for Debian's packages, and: apt install dpkg-dev debhelper binutils-aarch64-linux-gnu mmdebstrap systemd-container aptly gpg
 * piuparts qemu-user-static
 */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/hallway-images');

const RELEASES = Object.keys(NUMBERS) as Release[];

type Part = (release: Release, folder: string) => Promise<void>;
const PARTS: Readonly<Record<string, { readonly missing: () => string | false; readonly play: Part }>> = {
  life: { missing: noContainers, play: (release, folder) => life(release, image(release, CACHE), folder) },
  shipping: {
    missing: () => noContainers() || without('aptly', 'gpg'),
    play: (release, folder) => playShipping(release, image(release, CACHE), folder),
  },
  checkers: { missing: noContainers, play: (release, folder) => checkers(release, CACHE, folder) },
  arm64: { missing: noArm64, play: (release, folder) => arm64(release, CACHE, folder) },
};

const { values } = parseArgs({ options: { release: { type: 'string' }, only: { type: 'string' } } });
const releases = RELEASES.filter((release) => values.release === undefined || values.release === release);
const parts = Object.entries(PARTS).filter(([name]) => values.only === undefined || values.only === name);
if (releases.length === 0 || parts.length === 0) {
  say(`--release is one of ${RELEASES.join(', ')}, --only one of ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
async function played(name: string, release: Release, play: Part): Promise<void> {
  try {
    await play(release, folder);
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    leaveOut(`${release}: ${name}`, error.message);
  }
}

process.umask(0o022);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'hallway-package-'));
try {
  for (const [name, { missing, play }] of parts) {
    const why = missing();
    if (why !== false) leaveOut(name, why);
    else for (const release of releases) await played(name, release, play);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const { failures, skipped } = outcome;
for (const one of skipped) say(`Left out: ${one}`);
say(`${failures === 0 ? 'Nothing failed' : `${failures} steps failed`}, ${skipped.length} parts were left out.`);
process.exitCode = failures === 0 ? 0 : 1;
