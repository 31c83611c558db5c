import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon } from './daemon.ts';
import { type Package, without } from './packages.ts';

export const DNSMASQ: Package = 'dnsmasq-base';
/** What node:test takes as `skip`. */
export const noDnsmasq: string | false = without(DNSMASQ);

/** The only names that it knows end in one of these: any other of theirs does not exist (NXDOMAIN), of others it knows nothing. */
const OWN = ['test', 'example', 'invalid'];
const PORT_TRIES = 5;
const START_MS = 10_000;

export interface SrvLine {
  /** `_xmpp-server._tcp.example.test`. */
  readonly name: string;
  /** `.` says that there is no such service. */
  readonly target: string;
  readonly port?: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** What the DNS is to say. */
export interface Zone {
  readonly srv?: readonly SrvLine[];
  /** Addresses of either kind, by name. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Lines for dnsmasq's own file, as `cname=a.test,b.test`. */
  readonly more?: readonly string[];
}

function linesOf({ srv = [], hosts = {}, more = [] }: Zone): string[] {
  return [
    ...OWN.map((name) => `local=/${name}/`),
    ...srv.map(({ name, target, port = 0, priority = 0, weight = 0 }) =>
      target === '.' ? `srv-host=${name}` : `srv-host=${name},${target},${port},${priority},${weight}`,
    ),
    // One line for each: a line takes one address of each kind.
    ...Object.entries(hosts).flatMap(([name, addresses]) => addresses.map((one) => `host-record=${name},${one}`)),
    ...more,
  ];
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A dnsmasq on loopback that says what the test wants and asks nobody. */
export class Dns implements AsyncDisposable {
  readonly address: string;
  readonly #folder: string;
  readonly #daemon: Daemon;
  #port: number;

  private constructor(folder: string, address: string, port: number) {
    this.#folder = folder;
    this.address = address;
    this.#port = port;
    const args = ['--keep-in-foreground', '--log-facility=-', `--conf-file=${join(folder, 'dnsmasq.conf')}`];
    this.#daemon = new Daemon('/usr/sbin/dnsmasq', args);
  }

  /** Answers from here on. Port 0: one that is free. Rejects with its words when it does not come up. */
  static async start(zone: Zone, address = '127.0.0.1', port = 0): Promise<Dns> {
    const dns = new Dns(await mkdtemp(join(tmpdir(), 'hallway-dns-')), address, port);
    try {
      // Between the look for a free port and the use of it, it may be taken by somebody else.
      for (let tries = 1; ; tries++) {
        if (port === 0) dns.#port = await freePort(address);
        try {
          await dns.#up(zone);
          return dns;
        } catch (error) {
          if (port !== 0 || tries === PORT_TRIES) throw error;
        }
      }
    } catch (error) {
      await dns[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The addresses that it gives, in the form of /etc/hosts: for those that ask the C library, which asks who it wants. */
  get hostsFile(): string {
    return join(this.#folder, 'hosts');
  }

  get port(): number {
    return this.#port;
  }

  /** As a boot file names it. */
  get server(): string {
    return `${this.address}:${this.#port}`;
  }

  /** Says this from now on, at the same port. */
  async says(zone: Zone): Promise<void> {
    await this.stop();
    await this.#up(zone);
  }

  /** Answers no more: who asks is told that nobody is there. */
  stop(): Promise<void> {
    return this.#daemon.stop('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #up(zone: Zone): Promise<void> {
    const file = join(this.#folder, 'dnsmasq.conf');
    const own = [
      `port=${this.#port}`,
      `listen-address=${this.address}`,
      'bind-interfaces',
      'no-resolv',
      'no-hosts',
      'local-ttl=0',
      'cache-size=0',
      'pid-file',
      // Started by root it would become somebody who cannot read this file.
      ...(process.getuid?.() === 0 ? ['user=root'] : []),
    ];
    await writeFile(file, `${[...own, ...linesOf(zone)].join('\n')}\n`);
    const known = Object.entries(zone.hosts ?? {}).flatMap(([name, all]) => all.map((one) => `${one} ${name}\n`));
    await writeFile(this.hostsFile, known.join(''));
    await this.#daemon.start(() => this.#answers(), START_MS);
  }

  /** A question (RFC 1035 §4.1) for a name that nobody has is answered. */
  async #answers(): Promise<boolean> {
    const socket = createSocket('udp4');
    try {
      const answer = new Promise<boolean>((resolve) => {
        socket.once('message', () => resolve(true));
        socket.once('error', () => undefined);
      });
      const question = Buffer.from('68770100000100000000000005726561647904746573740000010001', 'hex');
      socket.send(question, this.#port, this.address);
      return await Promise.race([answer, pause(50, false)]);
    } finally {
      socket.close();
    }
  }
}
