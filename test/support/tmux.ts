import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Programs for a terminal, each in a pane of its own, on a tmux server that serves nobody else. */
export class Terminal implements AsyncDisposable {
  readonly #socket: string;
  readonly #name: string;

  private constructor(socket: string, name: string) {
    this.#socket = socket;
    this.#name = name;
  }

  /** Starts a program. `socket` is a path for the tmux server's socket. */
  static async open(
    socket: string,
    name: string,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Terminal> {
    const terminal = new Terminal(socket, name);
    const settings = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
    await terminal.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-s',
      name,
      '-x',
      '160',
      '-y',
      '50',
      ...settings,
      ...command,
    );
    return terminal;
  }

  /** Types a line and presses Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux('send-keys', '-t', this.#name, '-l', line);
    await this.#tmux('send-keys', '-t', this.#name, 'Enter');
  }

  /** What the pane shows, with what has scrolled away. */
  async screen(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-500', '-t', this.#name);
  }

  /** Waits until the pane shows it. Rejects with what it shows instead. */
  async shows(what: RegExp, ms = 15_000): Promise<string> {
    const end = Date.now() + ms;
    for (;;) {
      const screen = await this.screen();
      if (what.test(screen)) return screen;
      if (Date.now() > end) throw new Error(`${this.#name} does not show ${what}:\n${screen.trimEnd()}`);
      await sleep(100);
    }
  }

  /** The last pane that goes takes the tmux server with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-session', '-t', this.#name).catch(() => {});
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' };
    const { stdout } = await execute('/usr/bin/tmux', ['-u', '-S', this.#socket, ...args], { env, timeout: 10_000 });
    return stdout;
  }
}
