import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../server/cli/client.ts';

const ROOT = join(import.meta.dirname, '../..');
const READY_MS = 30_000;
const STOP_MS = 15_000;
/** The end of the log that is kept. */
const LOG_CHARACTERS = 200_000;

export const DOMAIN = 'example.test';
export const HOSTNAME = 'localhost';

export interface ApplianceOptions {
  /** More for the boot file, under keys that are not written there already. */
  readonly more?: string;
  /** Where it takes other servers, by STARTTLS and by TLS at once; by default it takes none. */
  readonly s2s?: { readonly address: string; readonly s2s: number; readonly s2s_tls: number };
  /** Started as people do, by `npm start`, instead of by its own program. */
  readonly byNpm?: boolean;
}

/** Ports of 127.0.0.1. */
export interface Ports {
  readonly c2s: number;
  readonly c2s_tls: number;
  readonly https: number;
  readonly component: number;
  readonly proxy: number;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Output extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A port that was free a moment ago would be a race: the system gives them, and the line `ready` tells which. */
const LISTEN = ['c2s', 'c2s_tls', 'https', 'component', 'proxy'].map((name) => `${name} = ["127.0.0.1:0"]`).join('\n');
/** Where other servers look: what the DNS says of it stays the same when it is started again. */
const doors = (where: ApplianceOptions['s2s']): string =>
  ['s2s', 's2s_tls']
    .map((name) => `${name} = [${where === undefined ? '' : `"${where.address}:${where[name as 's2s']}"`}]`)
    .join('\n');

/** Runs a program of this project to its end; killed after `ms`. */
export async function run(args: readonly string[], input = '', ms = 30_000): Promise<Output> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'pipe', timeout: ms, killSignal: 'SIGKILL' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A program that ends before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

const running = new Set<Appliance>();
// A test that hangs is ended by SIGTERM, and its servers are not to outlive it.
process.once('SIGTERM', () => {
  for (const appliance of running) appliance.abandon();
  process.exit(143);
});

/** The real server as a process of its own, on loopback, with its data in a folder that goes when it is disposed of. */
export class Appliance implements AsyncDisposable {
  readonly folder: string;
  readonly data: string;
  readonly domain = DOMAIN;
  readonly host = '127.0.0.1';
  readonly #byNpm: boolean;
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> | undefined;
  #ports: Ports | undefined;
  #log = '';

  private constructor(folder: string, byNpm: boolean) {
    this.folder = folder;
    this.data = join(folder, 'data');
    this.#byNpm = byNpm;
  }

  /** A folder with a boot file; nothing runs yet. */
  static async prepare({ more = '', s2s, byNpm = false }: ApplianceOptions = {}): Promise<Appliance> {
    const appliance = new Appliance(await mkdtemp(join(tmpdir(), 'hallway-')), byNpm);
    const head = `data = "data"\ndomain = "${DOMAIN}"\nhostname = "${HOSTNAME}"\n`;
    await writeFile(appliance.config, `${head}[listen]\n${LISTEN}\n${doors(s2s)}\n${more}\n`);
    return appliance;
  }

  /** Up and listening. Rejects with the log when that does not come about. */
  static async start(options: ApplianceOptions = {}): Promise<Appliance> {
    const appliance = await Appliance.prepare(options);
    try {
      await appliance.start();
    } catch (error) {
      await appliance[Symbol.asyncDispose]();
      throw error;
    }
    return appliance;
  }

  get config(): string {
    return join(this.folder, 'hallway.toml');
  }

  /** All that the process printed since it was last started, or the end of it. */
  get log(): string {
    return this.#log;
  }

  get ports(): Ports {
    if (this.#ports === undefined) throw new Error('the appliance does not run');
    return this.#ports;
  }

  /** The server's process (npm's when it was started so). */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get panel(): string {
    return `https://${HOSTNAME}:${this.ports.https}`;
  }

  /** The one-time code that was printed at the start. */
  get claimCode(): string {
    const code = /^Claim code: (\S+)/m.exec(this.#log)?.[1];
    if (code === undefined) throw new Error(`no claim code was printed:\n${this.#log}`);
    return code;
  }

  /** Where the authority's certificate is once `authority()` was called. */
  get authorityFile(): string {
    return join(this.folder, 'authority.pem');
  }

  /** Starts it, or starts it again on the same data. */
  async start(): Promise<void> {
    const exit = this.#launch();
    const ended = exit.then(({ code, signal }) => {
      throw new Error(`the server ended (${signal ?? code}):\n${this.#log}`);
    });
    const late = sleep(READY_MS, undefined, { ref: false }).then(() => {
      throw new Error(`the server is not ready after ${READY_MS} ms:\n${this.#log}`);
    });
    this.#listens(await Promise.race([this.#ready(), ended, late]));
  }

  /** Waits until it has started anew by itself, within its process, since it was started. */
  async anew(): Promise<void> {
    for (const end = Date.now() + READY_MS; ; await sleep(20)) {
      const [, line] = this.#log.match(/^ready .*\n/gm) ?? [];
      if (line !== undefined) return this.#listens(line);
      if (Date.now() > end) throw new Error(`the server has not started anew:\n${this.#log}`);
    }
  }

  /** Takes the ports from the line that says that it is ready. */
  #listens(line: string): void {
    const port = (name: string): number => Number(new RegExp(` ${name}=\\S*:(\\d+)`).exec(line)?.[1]);
    this.#ports = {
      c2s: port('c2s'),
      c2s_tls: port('c2s_tls'),
      https: port('https'),
      component: port('component'),
      proxy: port('proxy'),
    };
  }

  /** Starts it where it is to refuse, and gives how it ended. Rejects when it runs after all. */
  async fails(): Promise<Exit> {
    const exit = this.#launch();
    const runs = this.#ready().then(() => true as const);
    const first = await Promise.race([exit, runs, sleep(READY_MS, true as const, { ref: false })]);
    if (first !== true) return first;
    await this.kill();
    throw new Error(`the server did not end by itself:\n${this.#log}`);
  }

  #launch(): Promise<Exit> {
    if (this.#child !== undefined) throw new Error('the appliance runs already');
    const args = ['--config', this.config];
    const [program, words] = this.#byNpm
      ? ['npm', ['start', '--silent', '--', ...args]]
      : [process.execPath, ['server/main.ts', ...args]];
    const child = spawn(program, words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: this.#byNpm });
    this.#child = child;
    running.add(this);
    this.#log = '';
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
      });
    }
    const exit = once(child, 'close').then(([code, signal]) => {
      this.#child = undefined;
      this.#ports = undefined;
      running.delete(this);
      return { code, signal } as Exit;
    });
    this.#exit = exit;
    return exit;
  }

  /** Asks it to end (SIGTERM) and waits; killed when it does not within some seconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    const exit = this.#exit;
    if (exit === undefined) return { code: null, signal: null };
    this.#send(signal);
    const late = setTimeout(() => this.#send('SIGKILL'), STOP_MS);
    return exit.finally(() => clearTimeout(late));
  }

  /** SIGKILL: nothing is finished, flushed or said. */
  kill(): Promise<Exit> {
    return this.stop('SIGKILL');
  }

  /** SIGKILL without waiting. */
  abandon(): void {
    this.#send('SIGKILL');
  }

  /** Ends it as gently as `signal` is and starts it again on the same data. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** An account on the domain, made as an administrator at the command line does. Gives its bare address. */
  async addPerson(local: string, password: string, name = ''): Promise<string> {
    const body = { local, password, name };
    const reply = await this.local.call('POST /api/domains/:domain/accounts', { params: { domain: DOMAIN }, body });
    return reply.account.jid;
  }

  /** Runs hallwayctl as a process, on this server's data. */
  ctl(args: readonly string[], input = ''): Promise<Output> {
    return run(['server/cli/hallwayctl.js', '--data', this.data, ...args], input);
  }

  /** The internal authority's certificate (PEM), also kept in `authorityFile`. */
  async authority(): Promise<string> {
    const pem = await this.local.text('GET /api/certificate-authority');
    await writeFile(this.authorityFile, pem);
    return pem;
  }

  /** A folder of its own for a client's files. */
  async clientFolder(name: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What hallwayctl speaks, without a process for each word. */
  get local(): Client {
    return new Client(join(this.data, 'hallwayctl.sock'), 'test');
  }

  /** npm starts a shell that starts the server: the whole group is meant. */
  #send(signal: NodeJS.Signals): void {
    const child = this.#child;
    if (child?.pid === undefined) return;
    if (this.#byNpm) process.kill(-child.pid, signal);
    else child.kill(signal);
  }

  async #ready(): Promise<string> {
    const child = this.#child;
    for (;;) {
      if (this.#child !== child || child === undefined) return new Promise(() => {}); // it ended, which others tell
      const line = /^ready .*$/m.exec(this.#log)?.[0];
      if (line !== undefined && this.#log.includes(`${line}\n`)) return line;
      await sleep(5);
    }
  }
}
