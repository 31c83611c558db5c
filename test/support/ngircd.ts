import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon, listens, ownAddress } from './daemon.ts';
import { type Package, without } from './packages.ts';

const NGIRCD: Package = 'ngircd';
/** What node:test takes as `skip`. */
export const noNgircd: string | false = without(NGIRCD);

const START_MS = 10_000;
/** Where clients look when they are told no port. */
const PORT = 6667;

/** A small IRC server. */
export class Ngircd implements AsyncDisposable {
  readonly address = ownAddress();
  readonly port = PORT;
  readonly #folder: string;
  readonly #daemon: Daemon;

  private constructor(folder: string) {
    this.#folder = folder;
    const config = join(folder, 'ngircd.conf');
    this.#daemon = new Daemon('/usr/sbin/ngircd', ['--nodaemon', '--config', config], { cwd: folder });
  }

  static async start(): Promise<Ngircd> {
    const irc = new Ngircd(await mkdtemp(join(tmpdir(), 'hallway-ngircd-')));
    // It will not be root, and takes any other.
    const user = process.getuid?.() === 0 ? 'ServerUID = nobody\nServerGID = nogroup' : '';
    await writeFile(
      join(irc.#folder, 'ngircd.conf'),
      `[Global]
Name = irc.example.test
Info = For a test
Listen = ${irc.address}
Ports = ${PORT}
MotdPhrase = Welcome.
${user}
[Limits]
MaxConnectionsIP = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
`,
    );
    try {
      await irc.#daemon.start(() => listens(irc.address, PORT), START_MS);
    } catch (error) {
      await irc[Symbol.asyncDispose]();
      throw error;
    }
    return irc;
  }

  get log(): string {
    return this.#daemon.log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
