import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority } from './authority.ts';
import { Daemon, listens, ownAddress } from './daemon.ts';
import { without } from './packages.ts';

/** What node:test takes as `skip`. */
export const noPebble: string | false = without('pebble');

const READY_MS = 20_000;
const ACME = 14_000;
const MANAGEMENT = 15_000;
const DNS = 8_053;
const DNS_MANAGEMENT = 8_055;

/** Debian's authority for tests of ACME, with a DNS in which every name leads to this machine. */
export class Pebble implements AsyncDisposable {
  readonly folder: string;
  /** Whom to trust for its directory (PEM). */
  readonly authorityPem: string;
  readonly #address: string;
  readonly #daemons: readonly [Daemon, Daemon];

  private constructor(folder: string, address: string, authorityPem: string) {
    this.folder = folder;
    this.authorityPem = authorityPem;
    this.#address = address;
    const at = (port: number) => `${address}:${port}`;
    const dns = ['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dns01', at(DNS), '-management', at(DNS_MANAGEMENT)];
    this.#daemons = [
      new Daemon('/usr/bin/pebble-challtestsrv', [...dns, '-http01', '', '-https01', '', '-tlsalpn01', '']),
      new Daemon('/usr/bin/pebble', ['-config', join(folder, 'pebble.json'), '-dnsserver', at(DNS), '-strict'], {
        // It sleeps up to 15 seconds before it looks otherwise. That it refuses some nonces stays as it is.
        env: { PEBBLE_VA_NOSLEEP: '1' },
      }),
    ];
  }

  /** `httpPort`: where it looks for the proof by HTTP, on 127.0.0.1. */
  static async start(httpPort: number): Promise<Pebble> {
    const folder = await mkdtemp(join(tmpdir(), 'hallway-pebble-'));
    const address = ownAddress();
    const root = authority('Who vouches for pebble itself');
    const own = root.issue({ dns: ['localhost'], ip: [Uint8Array.from(address.split('.').map(Number))] });
    const { certificate, key } = own.writePem(folder, 'pebble');
    const settings = {
      listenAddress: `${address}:${ACME}`,
      managementListenAddress: `${address}:${MANAGEMENT}`,
      certificate,
      privateKey: key,
      httpPort,
      tlsPort: 5_001,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    };
    await writeFile(join(folder, 'pebble.json'), JSON.stringify({ pebble: settings }));
    const pebble = new Pebble(folder, address, root.pem);
    const [dns, acme] = pebble.#daemons;
    try {
      await dns.start(() => listens(address, DNS_MANAGEMENT), READY_MS);
      await acme.start(() => listens(address, ACME), READY_MS);
    } catch (error) {
      await pebble[Symbol.asyncDispose]();
      throw error;
    }
    return pebble;
  }

  get directory(): string {
    return `https://${this.#address}:${ACME}/dir`;
  }

  /** What it is told to have in its DNS, as `curl -d` sends it: for a hook. */
  get dnsManagement(): string {
    return `http://${this.#address}:${DNS_MANAGEMENT}`;
  }

  get log(): string {
    return this.#daemons[1].log;
  }

  /** The root below which its certificates are (PEM); it makes a new one with every start. */
  async root(): Promise<string> {
    const { get } = await import('node:https');
    return new Promise((resolve, reject) => {
      get(`https://${this.#address}:${MANAGEMENT}/roots/0`, { ca: this.authorityPem }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve(text));
      }).once('error', reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#daemons.map((one) => one.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
