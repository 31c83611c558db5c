import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, type Architecture } from './packages.ts';

/**
 * `npm run deb`: makes the Debian package, for this machine or `--arch amd64|arm64`, of the version in debian/changelog (or
 * `--version VERSION`, to try out an upgrade), in debian/output (or `--out FOLDER`). The same sources give the same bytes. With
 * `--quick` it is made in a quarter of the time and is half as large again: for tests.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What the package is made of, besides the folder debian. */
const SOURCES = ['server', 'provisioning', 'admin-ui', 'docs', 'package.json', 'package-lock.json', 'README.md'];
/** Of that folder: what a build leaves there. */
const LEFT =
  /^(?:output|payload|hallway|hallway\.copyright|\.debhelper|files|.*\.substvars|.*\.debhelper|debhelper-build-stamp)$/;

function need(program: string, debianPackage: string): void {
  if (spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status !== 0)
    throw new Error(`the package is built by ${program}, which is not there. As root: apt install ${debianPackage}`);
}

function checkTools({ debian }: Architecture): void {
  need('dpkg-buildpackage', 'dpkg-dev');
  need('dh', 'debhelper');
  const gnu = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[debian];
  need(`${gnu}-strip`, `binutils-${gnu.replace('_', '-')}`);
}

/** A copy of the project in which Debian's tools may leave what they like. */
function stage(folder: string, version: string | undefined): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of SOURCES)
    cpSync(join(ROOT, name), join(folder, name), {
      recursive: true,
      filter: (path) => path !== join(ROOT, 'admin-ui/dist'),
    });
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(folder, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'debian')).filter((one) => !LEFT.test(one)))
    cpSync(join(ROOT, 'debian', name), join(folder, 'debian', name), { recursive: true });
  if (version === undefined) return;
  const file = join(folder, 'debian/changelog');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^hallway \([^)]*\)/, `hallway (${version})`));
}

function run(): void {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string' },
      version: { type: 'string' },
      out: { type: 'string' },
      quick: { type: 'boolean' },
    },
  });
  const arch = values.arch ?? execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const architecture = ARCHITECTURES.find(({ debian }) => debian === arch);
  if (architecture === undefined)
    throw new Error(
      `there is no Node.js for ${arch}: --arch ${ARCHITECTURES.map(({ debian }) => debian).join(' or ')}`,
    );
  if (values.version !== undefined && !/^\d[\w.+~]*$/.test(values.version))
    throw new Error(`${values.version} is no version of a package`);
  checkTools(architecture);

  const out = resolve(values.out ?? join(ROOT, 'debian/output'));
  const work = join(out, `work-${arch}`);
  stage(join(work, 'hallway'), values.version);
  const args = ['--build=binary', `--host-arch=${arch}`, '--no-sign', '--no-check-builddeps'];
  const compression = values.quick ? '-Zgzip -z1' : '-Zxz';
  const env = { ...process.env, DEB_BUILD_OPTIONS: 'nocheck', LC_ALL: 'C.UTF-8', HALLWAY_COMPRESSION: compression };
  const log = join(work, 'log');
  const built = spawnSync('dpkg-buildpackage', args, {
    cwd: join(work, 'hallway'),
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  writeFileSync(log, `${built.stdout}${built.stderr}`);
  if (built.status !== 0) throw new Error(`the package could not be built:\n${built.stdout}\n${built.stderr}`);
  for (const name of readdirSync(work).filter((one) => /\.(?:deb|buildinfo|changes)$/.test(one))) {
    renameSync(join(work, name), join(out, name));
    if (!name.endsWith('.deb')) continue;
    const bytes = readFileSync(join(out, name));
    const sum = createHash('sha256').update(bytes).digest('hex');
    process.stdout.write(`${join(out, name)}\n${(bytes.length / 1e6).toFixed(1)} MB, SHA-256 ${sum}\n`);
  }
  if (existsSync(work)) rmSync(work, { recursive: true });
}

try {
  run();
} catch (error) {
  process.stderr.write(`npm run deb: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
