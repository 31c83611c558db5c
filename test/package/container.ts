import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../provisioning/repository/release.ts';
import { debian, NotHere, notInstalled } from './debian.ts';

/** What the containers have beside Debian's smallest set: systemd, what the package needs, and the clients that the scenes drive. */
const INCLUDED =
  'systemd,systemd-sysv,dbus,openssl,libatomic1,libstdc++6,libnss-systemd,sudo,python3,python3-slixmpp,curl,ca-certificates';
const BOOT_MS = 60_000;
const RUN_MS = 5 * 60_000;

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why there can be no containers here, false when there can. */
export function noContainers(): string | false {
  if (process.getuid?.() !== 0) return 'only root makes containers';
  const missing = notInstalled('mmdebstrap', 'systemd-nspawn', 'nsenter', 'dpkg-buildpackage', 'dh');
  if (missing !== false) return missing;
  const folder = cgroups();
  if (folder === undefined) return 'no cgroups of version 2 are mounted';
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch {
    return `${folder} cannot be written to`;
  }
}

/** Where cgroups of version 2 are. */
function cgroups(): string | undefined {
  return ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((folder) => existsSync(join(folder, 'cgroup.procs')));
}

/** The image of a release. Gives its file; throws NotHere when it cannot be made. */
export function image(release: Release, cache: string): string {
  return debian(release, cache, `${release}.tar`, ['--variant=minbase', `--include=${INCLUDED}`]);
}

/** A Debian that has been booted, with a network of its own in which there is nobody else. */
export class Container implements AsyncDisposable {
  readonly name: string;
  readonly root: string;
  readonly #nspawn: ChildProcess;
  #leader = 0;

  private constructor(name: string, root: string, nspawn: ChildProcess) {
    this.name = name;
    this.root = root;
    this.#nspawn = nspawn;
  }

  /** Unpacks an image below `folder` and boots it. Throws NotHere. */
  static async boot(name: string, tar: string, folder: string): Promise<Container> {
    const root = join(folder, name);
    mkdirSync(root, { recursive: true });
    execFileSync('tar', ['-xf', tar, '-C', root]);
    writeFileSync(join(root, 'etc/hostname'), `${name}\n`);
    const group = join(cgroups()!, name);
    mkdirSync(group, { recursive: true });
    // In a cgroup of its own first: its systemd takes the one that it finds itself in for the whole machine's.
    const start = `echo $$ > ${group}/cgroup.procs; exec systemd-nspawn --register=no --keep-unit --private-network -b -D "$0" -M ${name}`;
    const nspawn = spawn('sh', ['-c', start, root], {
      stdio: 'ignore',
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    });
    const container = new Container(name, root, nspawn);
    process.once('exit', () => nspawn.kill()); // whoever is broken off takes it along
    for (const end = Date.now() + BOOT_MS; Date.now() < end; await sleep(200)) {
      container.#leader = Number(
        spawnSync('pgrep', ['-P', String(nspawn.pid)], { encoding: 'utf8' }).stdout.split('\n')[0],
      );
      if (container.#leader > 0 && /running|degraded/.test((await container.run('systemctl is-system-running')).stdout))
        return container;
    }
    await container[Symbol.asyncDispose]();
    throw new NotHere(`${name} does not boot`);
  }

  /** Runs a line of bash in it. */
  async run(command: string, ms = RUN_MS): Promise<Output> {
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const inside = ['env', '-i', path, 'TERM=dumb', 'HOME=/root', 'LANG=C.UTF-8', 'bash', '-c', command];
    const child = spawn('nsenter', ['-t', String(this.#leader), '-m', '-u', '-i', '-n', '-p', '-C', '--', ...inside], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: ms,
      killSignal: 'SIGKILL',
    });
    const said = { stdout: '', stderr: '' };
    for (const way of ['stdout', 'stderr'] as const) {
      child[way].setEncoding('utf8').on('data', (text: string) => {
        said[way] += text;
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  }

  /** The same, where it must succeed. Gives what it wrote. */
  async does(command: string, ms?: number): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, ms);
    if (code !== 0) throw new Error(`${this.name}: ${command} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  put(file: string, at: string): void {
    cpSync(file, join(this.root, at), { recursive: true });
  }

  write(at: string, text: string): void {
    writeFileSync(join(this.root, at), text);
  }

  read(at: string): string {
    return readFileSync(join(this.root, at), 'utf8');
  }

  has(at: string): boolean {
    return existsSync(join(this.root, at));
  }

  /** Waits until a line of bash succeeds. */
  async until(command: string, ms = 60_000): Promise<void> {
    for (const end = Date.now() + ms; ; await sleep(250)) {
      const { code, stdout, stderr } = await this.run(command);
      if (code === 0) return;
      if (Date.now() > end) throw new Error(`${this.name}: never came true: ${command}\n${stdout}${stderr}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = once(this.#nspawn, 'close');
    this.#nspawn.kill('SIGTERM'); // systemd-nspawn takes its container down with it
    const late = setTimeout(() => this.#nspawn.kill('SIGKILL'), 15_000);
    if (this.#nspawn.exitCode === null && this.#nspawn.signalCode === null) await over;
    clearTimeout(late);
    rmSync(this.root, { recursive: true, force: true });
    try {
      rmdirSync(join(cgroups()!, this.name));
    } catch {
      // What is left of it is empty, and goes with the machine.
    }
  }
}
