import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const STOP_MS = 10_000;
/** The end of what it says that is kept. */
const LOG_CHARACTERS = 2_000_000;

export interface DaemonOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A loopback address that nobody else on this machine is likely to have. */
export function ownAddress(): string {
  return `127.${randomInt(64, 128)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
}

/** The first of ten ports that are nobody's usual ones, nor such as the system gives: servers here may listen on all addresses. */
export function ownPorts(): number {
  return randomInt(1_100, 3_200) * 10;
}

/** Somebody accepts connections there. */
export async function listens(address: string, port: number): Promise<boolean> {
  const socket = connect({ host: address, port, timeout: 1_000 });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false)).once('timeout', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

const running = new Set<Daemon>();
// A test that hangs is ended by SIGTERM, and what it started is not to outlive it.
process.once('SIGTERM', () => {
  for (const daemon of running) daemon.abandon();
  process.exit(143);
});

/** Somebody else's server in the foreground, as a child of the test. It may be started and stopped several times. */
export class Daemon {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #options: DaemonOptions;
  #child: ChildProcess | undefined;
  #gone: Promise<unknown> | undefined;
  #log = '';
  #life = '';

  constructor(program: string, args: readonly string[], options: DaemonOptions = {}) {
    this.#program = program;
    this.#args = args;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** All that it has said, over all its lives, or the end of it. */
  get log(): string {
    return this.#log;
  }

  /** What it has said since it was last started. */
  get life(): string {
    return this.#life;
  }

  /** Resolves when `ready` says so. Rejects with what it said when it ends before, or is not ready after `ms`. */
  async start(ready: () => boolean | Promise<boolean>, ms: number): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.#program} runs already`);
    const { cwd, env } = this.#options;
    const child = spawn(this.#program, this.#args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#life = '';
    running.add(this);
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
        this.#life = (this.#life + text).slice(-LOG_CHARACTERS);
      });
    }
    this.#gone = new Promise<void>((resolve) => {
      child.once('close', () => resolve()).once('error', () => resolve());
    }).then(() => {
      running.delete(this);
      this.#child = undefined;
    });
    const until = performance.now() + ms;
    while (this.#child === child && performance.now() < until) {
      if ((await ready()) && this.#child === child) return;
      await pause(20);
    }
    const why = this.#child === child ? `is not ready after ${ms} ms` : 'ended';
    await this.stop('SIGKILL');
    throw new Error(`${this.#program} ${why}:\n${this.#log}`);
  }

  /** Asks it to end and waits; killed when it does not within some seconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await this.#gone;
    clearTimeout(late);
  }

  /** SIGKILL without waiting. */
  abandon(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** Runs a program to its end. Rejects with its words when it fails, or is not done after some seconds. */
export async function done(program: string, args: readonly string[], options: DaemonOptions = {}): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${signal ?? code}:\n${said}`);
  return said;
}
