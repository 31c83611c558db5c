import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { absent, PACKAGES, type Package, WHY } from './packages.ts';

const APT = '/usr/bin/apt-get';
const UPDATE_MS = 180_000;
const INSTALL_MS = 420_000;
/** Debian's door for "no service is to be started now": what installs one asks it. */
const POLICY = '/usr/sbin/policy-rc.d';
const NOTHING_STARTS = '#!/bin/sh\nexit 101\n';
/** Some of the packages are servers, and would run from the next boot on. Tests start their own. */
const SERVICES = ['coturn', 'unbound', 'prosody', 'ejabberd', 'ngircd', 'biboumi'];

function apt(args: readonly string[], timeout: number): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = ['-qq', '-o', 'DPkg::Lock::Timeout=60', '-o', 'Acquire::Retries=2'];
  const done = spawnSync(APT, [...quiet, ...args], {
    env,
    timeout,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (done.error !== undefined) return done.error.message;
  if (done.status === 0) return undefined;
  return `${done.stderr}${done.stdout}`.trim().split('\n').slice(-3).join(' ');
}

/**
 * Installs the Debian packages that acceptance tests need and this machine lacks, where this process may. What stays away
 * is told to the tests, which skip themselves and say so.
 */
export function installPackages(say: (line: string) => void): void {
  const missing = absent(Object.keys(PACKAGES) as Package[]);
  if (missing.length === 0) return;
  const why = install(missing, say);
  const left = absent(missing);
  if (left.length === 0) return;
  process.env[WHY] = why ?? 'the package manager did not bring them';
  say(`not installed: ${left.join(', ')}: ${process.env[WHY]}`);
}

function install(missing: readonly Package[], say: (line: string) => void): string | undefined {
  if (process.getuid?.() !== 0) return `only root may install them: apt-get install ${missing.join(' ')}`;
  if (spawnSync(APT, ['--version']).status !== 0) return 'there is no apt-get here';
  say(`installing ${missing.join(', ')} …`);
  // An old list is often good enough: what cannot be got is told by the installation.
  apt(['update'], UPDATE_MS);
  const add = ['install', '--yes', '--no-install-recommends'];
  return withoutStarting(missing, () => {
    const failed = apt([...add, ...missing], INSTALL_MS);
    if (failed === undefined || missing.length === 1) return failed;
    // One that cannot be had must not keep the others away.
    const reasons = missing.map((name) => apt([...add, name], INSTALL_MS)).filter((reason) => reason !== undefined);
    return reasons.join('; ') || undefined;
  });
}

/** No service of these packages is started by their installation, nor by a later boot. One that was there is left alone. */
function withoutStarting<T>(missing: readonly string[], work: () => T): T {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, NOTHING_STARTS, { mode: 0o755 });
  try {
    return work();
  } finally {
    if (ours) rmSync(POLICY);
    const added = SERVICES.filter((name) => missing.includes(name));
    // Where there is no systemd there is nothing to switch off.
    if (added.length > 0)
      spawnSync('systemctl', ['disable', '--quiet', ...added], { stdio: 'ignore', timeout: 30_000 });
  }
}
