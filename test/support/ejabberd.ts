import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon, ownAddress, ownPorts } from './daemon.ts';
import { type Package, without } from './packages.ts';
import type { PeerOptions, PeerPorts, PeerServer } from './peer-server.ts';

const PACKAGES: Package[] = ['ejabberd', 'libnss-wrapper'];
/** What node:test takes as `skip`. */
export const noEjabberd: string | false = without(...PACKAGES);

const START_MS = 40_000;

/** Debian's ejabberd with rooms, their archive, and files, in a folder that goes when it is disposed of. */
export class Ejabberd implements PeerServer {
  readonly domain: string;
  readonly address = ownAddress();
  readonly ports: PeerPorts;
  readonly people: Readonly<Record<string, string>>;
  readonly rooms: string;
  readonly uploads: string;
  readonly authorityFile: string;
  readonly folder: string;
  readonly #daemon: Daemon;
  /** For us alone: its commands, without TLS. */
  readonly #api: number;
  #populated = false;

  private constructor(folder: string, { domain, people, dns, directTls = true }: PeerOptions) {
    this.domain = domain;
    this.people = people;
    this.rooms = `rooms.${domain}`;
    this.uploads = `files.${domain}`;
    this.authorityFile = join(folder, 'own.ca.crt');
    this.folder = folder;
    const first = ownPorts();
    this.ports = { c2s: first, s2s: first + 1, https: first + 2, ...(directTls && { s2s_tls: first + 3 }) };
    this.#api = first + 4;
    const env = {
      EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_INETRC: join(folder, 'inetrc'),
      // It looks for SRV records by itself, and for addresses by the C library.
      LD_PRELOAD: 'libnss_wrapper.so',
      NSS_WRAPPER_HOSTS: dns.hostsFile,
      ERL_LIBS: '/usr/lib/x86_64-linux-gnu',
      ERL_CRASH_DUMP_BYTES: '0',
      HOME: folder,
    };
    // Without a name of its own: a node that has one starts a daemon (epmd), which outlives it.
    const args = ['-noinput', '+K', 'true', '+sbwt', 'none', '-mnesia', 'dir', `"${join(folder, 'data')}"`];
    this.#daemon = new Daemon('/usr/bin/erl', [...args, '-s', 'ejabberd'], { cwd: folder, env });
  }

  /** It does not run yet, and its address is known. */
  static async prepare(options: PeerOptions): Promise<Ejabberd> {
    const ejabberd = new Ejabberd(await mkdtemp(join(tmpdir(), 'hallway-ejabberd-')), options);
    try {
      await ejabberd.#write(options);
    } catch (error) {
      await ejabberd[Symbol.asyncDispose]();
      throw error;
    }
    return ejabberd;
  }

  get log(): string {
    return this.#daemon.log;
  }

  async start(): Promise<void> {
    // Its ports are open long before it knows what to do.
    await this.#daemon.start(() => / is started in the node /.test(this.#daemon.life), START_MS);
    if (this.#populated) return;
    for (const [user, password] of Object.entries(this.people)) {
      await this.#command('register', { user, host: this.domain, password });
    }
    this.#populated = true;
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#daemon.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Writes all there is to say about its people into a folder, as its administrators do to move elsewhere (`export_piefxis`). */
  async exportPeople(folder: string): Promise<void> {
    await this.#command('export_piefxis', { dir: folder });
  }

  async #command(name: string, words: Readonly<Record<string, string>>): Promise<void> {
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const where = { host: this.address, port: this.#api, path: `/api/${name}`, method: 'POST', headers };
      const asked = request({ ...where, timeout: 10_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode, text }));
      });
      asked.once('timeout', () => asked.destroy(new Error('no answer'))).once('error', reject);
      asked.end(JSON.stringify(words));
    });
    if (answer.status !== 200) throw new Error(`ejabberd refused ${name}: ${answer.text}\n${this.log}`);
  }

  async #write(options: PeerOptions): Promise<void> {
    const { domain, authority, trusts = [authority.root.pem], eku = ['server', 'client'], dns } = options;
    const dnsNames = [domain, this.rooms, this.uploads];
    const { certificate, key } = authority.issue({ dns: dnsNames, eku }).writePem(this.folder, 'own');
    await writeFile(join(this.folder, 'trusted.pem'), trusts.join('\n'));
    await mkdir(join(this.folder, 'data'));
    await mkdir(join(this.folder, 'uploads'));
    await writeFile(
      join(this.folder, 'inetrc'),
      `{lookup, [dns]}.
{hosts_file, ""}.
{resolv_conf, ""}.
{cache_size, 0}.
{timeout, 2000}.
{retry, 2}.
{nameserver, {${dns.address.replaceAll('.', ',')}}, ${dns.port}}.
`,
    );
    await writeFile(join(this.folder, 'ejabberd.yml'), this.#settings(options, certificate, key));
  }

  #settings({ dialback = false }: PeerOptions, certificate: string, key: string): string {
    const { address, ports } = this;
    const tls =
      ports.s2s_tls === undefined
        ? ''
        : `  - { ip: "${address}", port: ${ports.s2s_tls}, module: ejabberd_s2s_in, tls: true }`;
    return `
loglevel: info
log_rotate_count: 0
hosts: ["${this.domain}"]
certfiles: ["${certificate}", "${key}"]
ca_file: "${this.folder}/trusted.pem"
s2s_use_starttls: required
# What it did not find, or could not reach, it asks for again soon.
s2s_max_retry_delay: 1
s2s_dns_timeout: 5
s2s_timeout: 60
auth_password_format: scram
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  - { ip: "${address}", port: ${ports.c2s}, module: ejabberd_c2s, starttls_required: true }
  - { ip: "${address}", port: ${ports.s2s}, module: ejabberd_s2s_in }
${tls}
  - ip: "${address}"
    port: ${ports.https}
    module: ejabberd_http
    tls: true
    request_handlers: { /upload: mod_http_upload }
  - ip: "${address}"
    port: ${this.#api}
    module: ejabberd_http
    request_handlers: { /api: mod_http_api }
acl:
  here: { ip: [127.0.0.0/8] }
  local: { user_regexp: "" }
api_permissions:
  all: { who: [ acl: here ], what: "*" }
access_rules:
  local: { allow: local }
modules:
  mod_adhoc: {}
  mod_admin_extra: {}
  mod_avatar: {}
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_http_api: {}
  mod_http_upload:
    host: "${this.uploads}"
    docroot: "${this.folder}/uploads"
    put_url: "https://${this.uploads}:${ports.https}/upload"
  mod_last: {}
  mod_mam: { assume_mam_usage: true, default: always }
  mod_muc:
    host: "${this.rooms}"
    access_mam: all
    default_room_options: { mam: true, persistent: false }
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_pubsub: { plugins: [flat, pep] }
  mod_roster: {}
${dialback ? '  mod_s2s_dialback: {}' : ''}
  mod_stream_mgmt: {}
  mod_time: {}
  mod_vcard: { search: false }
  mod_vcard_xupdate: {}
  mod_version: {}
`;
  }
}
