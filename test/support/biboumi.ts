import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { type Package, without } from './packages.ts';

const BIBOUMI: Package = 'biboumi';
/** What node:test takes as `skip`. */
export const noBiboumi: string | false = without(BIBOUMI);

const START_MS = 10_000;

export interface BiboumiOptions {
  readonly name: string;
  readonly secret: string;
  /** Where components are taken, on 127.0.0.1. */
  readonly port: number;
}

/** Debian's gateway to IRC, as a component of the server (XEP-0114). */
export class Biboumi implements AsyncDisposable {
  readonly #folder: string;
  readonly #daemon: Daemon;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#daemon = new Daemon('/usr/bin/biboumi', [join(folder, 'biboumi.cfg')], { cwd: folder });
  }

  /** Resolves when it has shown its secret and was let in. */
  static async start({ name, secret, port }: BiboumiOptions): Promise<Biboumi> {
    const biboumi = new Biboumi(await mkdtemp(join(tmpdir(), 'hallway-biboumi-')));
    // Its log goes to its output. The identd is not to take a port that others may want.
    const settings = {
      hostname: name,
      password: secret,
      xmpp_server_ip: '127.0.0.1',
      port,
      log_level: 0,
      identd_port: 0,
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    lines.push(`db_name=${join(biboumi.#folder, 'biboumi.sqlite')}\n`, 'realname_customization=false\n');
    await writeFile(join(biboumi.#folder, 'biboumi.cfg'), lines.join(''));
    try {
      await biboumi.#daemon.start(() => /Authenticated with the XMPP server/.test(biboumi.log), START_MS);
    } catch (error) {
      await biboumi[Symbol.asyncDispose]();
      throw error;
    }
    return biboumi;
  }

  get log(): string {
    return this.#daemon.log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
