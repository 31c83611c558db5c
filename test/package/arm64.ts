import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../provisioning/repository/release.ts';
import { debian, notInstalled } from './debian.ts';
import { built } from './debs.ts';
import { step } from './report.ts';

const QEMU = 'qemu-aarch64-static';
const READY_MS = 120_000;

/** Why the package for arm64 cannot be run here, false when it can. */
export function noArm64(): string | false {
  if (process.getuid?.() !== 0) return 'only root unpacks a Debian';
  return notInstalled('mmdebstrap', QEMU, 'aarch64-linux-gnu-strip');
}

/** What the package needs of a release for arm64; unpacked, as no program of it is run but by QEMU. */
function unpacked(release: Release, cache: string): string {
  const include = '--include=base-files,libatomic1,libstdc++6,libgcc-s1,libc6';
  return debian(release, cache, `${release}-arm64`, ['--variant=extract', '--architectures=arm64', include]);
}

/** The server and the CLI of the package for arm64, run by QEMU on the libraries of a release. */
export async function arm64(release: Release, cache: string, folder: string): Promise<void> {
  await step(`${release}: the server and the CLI of the package for arm64, under QEMU`, async () => {
    const root = unpacked(release, cache);
    const place = mkdtempSync(join(folder, 'arm64-'));
    execFileSync('dpkg-deb', ['-x', built({ version: '0.2.0', arch: 'arm64' }), place]);
    const lib = join(place, 'usr/lib/hallway');
    const data = join(place, 'data');
    const config = join(place, 'hallway.toml');
    const doors = ['c2s', 'c2s_tls', 's2s', 's2s_tls', 'component', 'proxy', 'https', 'http'];
    writeFileSync(
      config,
      `hostname = "arm.example.test"\n[listen]\n${doors.map((door) => `${door} = ["127.0.0.1:0"]\n`).join('')}`,
    );
    const node = ['-L', root, join(lib, 'bin/node')];
    const began = performance.now();
    const program = [...node, join(lib, 'server/server-main.js'), '--config', config, '--data', data];
    const server = spawn(QEMU, program, { stdio: ['ignore', 'pipe', 'pipe'] });
    process.once('exit', () => server.kill('SIGKILL'));
    let said = '';
    for (const way of ['stdout', 'stderr'] as const)
      server[way].setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    try {
      while (!said.includes('\nready ')) {
        assert.equal(server.exitCode, null, said);
        assert.ok(performance.now() - began < READY_MS, `it does not become ready:\n${said}`);
        await sleep(200);
      }
      const seconds = ((performance.now() - began) / 1_000).toFixed(0);
      const ctl = (...words: string[]): string =>
        execFileSync(QEMU, [...node, join(lib, 'server/server-cli-main.js'), '--data', data, ...words], {
          input: 'what is in a name\n',
          encoding: 'utf8',
        });
      const machine = execFileSync(QEMU, [...node, '--print', 'process.arch'], { encoding: 'utf8' }).trim();
      assert.equal(machine, 'arm64');
      ctl('domain', 'add', 'office.internal');
      ctl('user', 'add', '--password-stdin', 'juliet@office.internal');
      assert.match(ctl('user', 'list'), /juliet@office\.internal/);
      server.kill('SIGTERM');
      const [code] = (await once(server, 'close')) as [number | null];
      assert.equal(code, 0, said);
      return `ready after ${seconds} s`;
    } finally {
      server.kill('SIGKILL');
    }
  });
}
