import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon, done, listens, ownAddress, ownPorts } from './daemon.ts';
import { type Package, without } from './packages.ts';
import type { PeerOptions, PeerPorts, PeerServer } from './peer-server.ts';

const PACKAGES: Package[] = ['prosody', 'lua-unbound'];
/** What node:test takes as `skip`. */
export const noProsody: string | false = without(...PACKAGES);

const START_MS = 20_000;

export interface ProsodyOptions extends PeerOptions {
  /** XEP-0288; default true. */
  readonly bidi?: boolean;
  /** XEP-0198 between servers; default true. */
  readonly managed?: boolean;
}

/** Debian's Prosody with rooms, their archive, and files, in a folder that goes when it is disposed of. */
export class Prosody implements PeerServer {
  readonly domain: string;
  readonly address = ownAddress();
  readonly ports: PeerPorts;
  readonly people: Readonly<Record<string, string>>;
  readonly rooms: string;
  readonly uploads: string;
  readonly authorityFile: string;
  readonly folder: string;
  readonly #daemon: Daemon;

  private constructor(folder: string, { domain, people, directTls = true }: ProsodyOptions) {
    this.domain = domain;
    this.people = people;
    this.rooms = `rooms.${domain}`;
    this.uploads = `files.${domain}`;
    const first = ownPorts();
    this.ports = { c2s: first, s2s: first + 1, https: first + 2, ...(directTls && { s2s_tls: first + 3 }) };
    this.authorityFile = join(folder, 'own.ca.crt');
    this.folder = folder;
    this.#daemon = new Daemon('/usr/bin/prosody', ['--config', join(folder, 'prosody.cfg.lua'), '-F'], { cwd: folder });
  }

  /** With its accounts made; it does not run yet, and its address is known. */
  static async prepare(options: ProsodyOptions): Promise<Prosody> {
    const folder = await mkdtemp(join(tmpdir(), 'hallway-prosody-'));
    const prosody = new Prosody(folder, options);
    try {
      await prosody.#write(options);
      for (const [local, password] of Object.entries(options.people)) {
        const config = ['--config', join(folder, 'prosody.cfg.lua')];
        await done('/usr/bin/prosodyctl', [...config, 'register', local, options.domain, password]);
      }
    } catch (error) {
      await prosody[Symbol.asyncDispose]();
      throw error;
    }
    return prosody;
  }

  get log(): string {
    return this.#daemon.log;
  }

  async start(): Promise<void> {
    const { address, ports } = this;
    const ready = async (): Promise<boolean> => {
      for (const port of Object.values(ports)) if (!(await listens(address, port))) return false;
      return true;
    };
    await this.#daemon.start(ready, START_MS);
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#daemon.stop(signal);
  }

  /**
   * Writes what its migrator knows to write of its people into a folder (XEP-0227): not who is blocked, and not what waits for
   * them. It must not run.
   */
  async exportPeople(folder: string): Promise<void> {
    // The folder that it writes into is a constant of the program; all else is Debian's.
    const program = await readFile('/usr/bin/prosody-migrator', 'utf8');
    const own = program.replace(/^CFG_DATADIR='.*';$/m, `CFG_DATADIR='${folder}';`);
    if (own === program) throw new Error('the migrator does not say where it writes');
    await writeFile(join(this.folder, 'migrator'), own);
    const stores = ['accounts', 'roster', 'vcard', 'private', 'pep-pubsub', 'archive-archive'];
    const list = stores.map((one) => `"${one}"`).join(', ');
    await writeFile(
      join(this.folder, 'migrator.cfg.lua'),
      `input { type = "internal"; path = "${this.folder}/data"; hosts = { ["${this.domain}"] = { ${list} } } }
output { type = "xep0227"; path = "${folder}" }
`,
    );
    const config = ['--config', join(this.folder, 'migrator.cfg.lua')];
    await done('/usr/bin/lua5.4', [join(this.folder, 'migrator'), '--root', ...config]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #write(options: ProsodyOptions): Promise<void> {
    const { domain, authority, trusts = [authority.root.pem], eku = ['server', 'client'] } = options;
    const { rooms, uploads } = this;
    const paths = authority.issue({ dns: [domain, rooms, uploads], eku }).writePem(this.folder, 'own');
    await writeFile(join(this.folder, 'trusted.pem'), trusts.join('\n'));
    await mkdir(join(this.folder, 'data'));
    await writeFile(join(this.folder, 'prosody.cfg.lua'), this.#settings(options, paths));
  }

  #settings(
    { domain, dns, dialback = false, bidi = true, managed = true }: ProsodyOptions,
    { certificate, key }: { certificate: string; key: string },
  ): string {
    const { ports } = this;
    const modules = ['roster', 'saslauth', 'tls', 'dialback', 'disco', 'pep', 'vcard4', 'vcard_legacy', 'private'];
    modules.push('mam', 'ping', 'version', 'carbons', 'smacks', 'offline', 'time', 'uptime', 'lastactivity', 'http');
    if (bidi) modules.push('s2s_bidi');
    const list = (items: readonly string[]): string => `{ ${items.map((one) => `"${one}"`).join(', ')} }`;
    return `
run_as_root = ${process.getuid?.() === 0}
data_path = "${this.folder}/data"
log = { { levels = { min = "debug" }, to = "console" } }
interfaces = ${list([this.address])}
local_interfaces = ${list([this.address])}
c2s_ports = { ${ports.c2s} }
s2s_ports = { ${ports.s2s} }
s2s_direct_tls_ports = { ${ports.s2s_tls ?? ''} }
https_ports = { ${ports.https} }
http_ports = { }
use_ipv6 = false
-- libunbound asks neither a server on loopback nor anybody for names below .test by itself, and remembers what failed.
unbound = {
  resolvconf = false;
  hoststxt = false;
  forward = ${list([`${dns.address}@${dns.port}`])};
  options = {
    ["do-not-query-localhost:"] = "no";
    ["local-zone:"] = "test. transparent";
    ["module-config:"] = "iterator";
    ["cache-max-ttl:"] = "0";
    ["cache-max-negative-ttl:"] = "0";
    ["infra-host-ttl:"] = "1";
  };
}
ssl = {
  certificate = "${certificate}";
  key = "${key}";
  cafile = "${this.folder}/trusted.pem";
  capath = "/nonexistent";
}
s2s_secure_auth = ${!dialback}
s2s_require_encryption = true
c2s_require_encryption = true
smacks_enabled_s2s = ${managed}
-- What a link that broke had not acknowledged is sent anew.
smacks_s2s_resend = true
authentication = "internal_hashed"
storage = "internal"
modules_enabled = ${list(modules)}
VirtualHost "${domain}"
Component "${this.rooms}" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  restrict_room_creation = false
Component "${this.uploads}" "http_file_share"
  http_external_url = "https://${this.uploads}:${ports.https}/"
  http_file_share_access = ${list([domain])}
`;
  }
}
