import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Appliance } from './appliance.ts';
import { type Package, without } from './packages.ts';
import { Terminal } from './tmux.ts';

const PACKAGES: readonly Package[] = ['profanity', 'tmux'];
/** What node:test takes as `skip`. */
export const noProfanity: string | false = without(...PACKAGES);

/** Somebody at a terminal with the client profanity, whose settings and history are in a folder of their own. */
export class Profanity implements AsyncDisposable {
  readonly terminal: Terminal;
  readonly #appliance: Appliance;
  readonly #jid: string;

  private constructor(terminal: Terminal, appliance: Appliance, jid: string) {
    this.terminal = terminal;
    this.#appliance = appliance;
    this.#jid = jid;
  }

  /** Starts the client. `trusting`: the appliance's authority, as if it were installed on the machine; else nobody's. */
  static async open(appliance: Appliance, local: string, trusting = true): Promise<Profanity> {
    await appliance.authority();
    const home = await appliance.clientFolder(local);
    for (const name of ['config', 'data', 'nothing']) await mkdir(join(home, name), { recursive: true });
    const env = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      SSL_CERT_DIR: join(home, 'nothing'),
      SSL_CERT_FILE: trusting ? appliance.authorityFile : join(home, 'no-such-file'),
    };
    const socket = join(appliance.folder, 'tmux.sock');
    const terminal = await Terminal.open(socket, local, ['/usr/bin/profanity'], env);
    const client = new Profanity(terminal, appliance, `${local}@${appliance.domain}`);
    await terminal.shows(/Type '\/help' to show complete help/);
    return client;
  }

  /** Connects by STARTTLS, which must succeed, and gives the password. */
  async connect(password: string): Promise<void> {
    const { host, ports } = this.#appliance;
    await this.terminal.type(`/connect ${this.#jid} server ${host} port ${ports.c2s} tls force`);
    await this.terminal.shows(/Enter password:|TLS certificate verification failed/);
    await this.terminal.type(password);
  }

  /** Connects, and waits until it is logged in. */
  async logIn(password: string): Promise<void> {
    await this.connect(password);
    await this.terminal.shows(
      new RegExp(`${this.#jid} logged in successfully|${this.#jid}/\\S+ logged in successfully`),
    );
  }

  type(line: string): Promise<void> {
    return this.terminal.type(line);
  }

  shows(what: RegExp): Promise<string> {
    return this.terminal.shows(what);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.terminal[Symbol.asyncDispose]();
  }
}
