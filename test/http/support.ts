import { createPrivateKey, generateKeyPairSync, randomUUID, scryptSync } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { backupOptions } from '../../server/commands/backup-options.ts';
import type { RunningComponents } from '../../server/commands/components.ts';
import { type Commands, openCommands } from '../../server/commands/index.ts';
import type { CommandOptions } from '../../server/commands/needs.ts';
import { webNames } from '../../server/commands/web-names.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { createApp } from '../../server/http/app.ts';
import type { Side } from '../../server/http/auth.ts';
import { COOKIE } from '../../server/http/cookie.ts';
import { ArchiveIds } from '../../server/storage/archive-id.ts';
import type { Database } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { openStores, type Stores } from '../../server/storage/stores/index.ts';
import { parseStanza } from '../../server/stream/parser.ts';
import { createLog, type Logger } from '../../server/util/log.ts';
import { LogTail } from '../../server/util/log-tail.ts';
import { FakeFederation } from '../support/fake-federation.ts';
import { FakeHouse } from '../support/fake-house.ts';
import { NO_FILES, NO_TRANSFERS } from '../support/files.ts';
import { CALM, NO_BACKUPS } from '../support/no-backups.ts';
import { NO_CERTIFICATES } from '../support/no-certificates.ts';
import { NO_DNS } from '../support/no-dns.ts';
import { SETTINGS } from '../support/settings.ts';

export const HOST = 'panel.example.test:5281';
export const ORIGIN = `https://${HOST}`;
export const ADMIN = { name: 'olga', password: 'a long enough passphrase' };

/** A house of one domain, its commands and what was logged, on a store in memory. */
export interface TestHouse {
  readonly db: Database;
  readonly stores: Stores;
  readonly house: FakeHouse;
  readonly commands: Commands;
  readonly federation: FakeFederation;
  readonly logged: string[];
  readonly log: Logger;
  /** Moves the clock of the administrators' sessions. */
  later(ms: number): void;
  close(): Promise<void>;
}

/** `clock`: of administrators' sessions and codes; `more`: what else it has. */
export async function openHouse(
  clock: () => number = Date.now,
  more: Partial<CommandOptions> = {},
): Promise<TestHouse> {
  let ahead = 0;
  const logged: string[] = [];
  const moving = join(tmpdir(), `hallway-moving-${randomUUID()}`);
  const tail = new LogTail();
  const log = createLog({ level: 'trace', tail, write: (line) => void logged.push(line) });
  const db = await openDatabase({ file: ':memory:', log });
  const stores = openStores(db);
  await stores.domains.add('example.test');
  const house = new FakeHouse(['example.test']);
  const federation = new FakeFederation(stores);
  const commands = await openCommands({
    stores,
    federation,
    house,
    options: new OptionValues(stores.settings, [...SETTINGS, ...backupOptions, webNames]),
    counters: house.counters,
    befriend: async () => undefined,
    components: NO_COMPONENTS,
    files: NO_FILES,
    transfers: NO_TRANSFERS,
    backups: NO_BACKUPS,
    senses: CALM,
    dns: NO_DNS,
    certificates: NO_CERTIFICATES,
    certify: async () => undefined,
    log,
    tail,
    level: () => log.level,
    parse: parseStanza,
    version: '0.0.1',
    hostname: 'chat.example.test',
    iterations: 4_096,
    listeners: () => [{ name: 'c2s', address: '[::]:5222' }],
    now: () => clock() + ahead,
    moving: {
      folder: moving,
      db,
      archiveIds: new ArchiveIds(),
      limits: { rosterItemsPerAccount: 100, offlineMessagesPerAccount: 100 },
    },
    panel: () => ({ url: `${ORIGIN}/`, fingerprint: 'AA:BB' }),
    ...more,
  });
  const close = async () => {
    commands.close();
    await db.close();
    await rm(moving, { recursive: true, force: true });
  };
  const later = (ms: number) => {
    ahead += ms;
  };
  return { db, stores, house, commands, federation, logged, log, later, close };
}

/** Components that never connect. */
export const NO_COMPONENTS: RunningComponents = {
  add: () => undefined,
  remove: () => undefined,
  connection: () => undefined,
};

/** One request to an application without sockets, as a browser or as whoever `headers` say. */
export interface Ask {
  readonly body?: unknown;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  /** Default: our own. '' sends none. */
  readonly origin?: string;
  readonly from?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer;
  // The tests look into answers of all shapes, wrong ones included.
  readonly json: Record<string, never> & { error: { code: string; message: string; field?: string } };
  readonly headers: Record<string, unknown>;
  /** What the browser would send back. */
  readonly cookie: string | undefined;
}

export type Client = (key: string, ask?: Ask) => Promise<Answer>;

/** The application of one side, and a way to ask it. */
export async function openApp(
  from: Pick<TestHouse, 'commands' | 'log'>,
  side: Side = 'panel',
  panel?: string,
): Promise<{ ask: Client; close: () => Promise<void> }> {
  const { commands, log } = from;
  const { app, streams } = await createApp({ commands, side, log, ...(panel !== undefined && { panel }) });
  const ask: Client = async (
    key,
    { body, cookie, headers = {}, origin = ORIGIN, from: address = '192.0.2.1' } = {},
  ) => {
    const [method, url] = key.split(' ') as ['GET', string];
    const response = await app.inject({
      method,
      url,
      remoteAddress: address,
      headers: {
        host: HOST,
        ...(origin !== '' && method !== 'GET' && { origin }),
        ...(cookie !== undefined && { cookie }),
        ...headers,
      },
      ...(body !== undefined && { payload: body as object }),
    });
    const set = response.cookies.find((one) => one.name === COOKIE && one.value !== '');
    let json = {};
    try {
      json = response.json();
    } catch {
      // not JSON: `text` has it
    }
    return {
      status: response.statusCode,
      text: response.body,
      bytes: response.rawPayload,
      json: json as Answer['json'],
      headers: response.headers,
      cookie: set && `${COOKIE}=${set.value}`,
    };
  };
  const close = async () => {
    streams.close();
    await app.close();
  };
  return { ask, close };
}

/** Claims the house as ADMIN; returns the cookie. */
export async function claim(from: TestHouse, ask: Client): Promise<string> {
  const { code } = await from.commands.claim.freshCode({ name: 'test', door: 'house' });
  const answer = await ask('POST /api/claim', { body: { code, ...ADMIN } });
  if (answer.cookie === undefined) throw new Error(`not claimed: ${answer.text}`);
  return answer.cookie;
}

/**
 * The same without the work of it, for scenes that are about something else: what is kept of a password says what it cost, and here
 * that is next to nothing. Returns the cookie.
 */
export async function claimed({ stores, commands }: Pick<TestHouse, 'stores' | 'commands'>): Promise<string> {
  const salt = Buffer.alloc(16, 1);
  const hash = scryptSync(ADMIN.password, salt, 32, { N: 16, r: 8, p: 1 });
  const passwordHash = `scrypt$N=16,r=8,p=1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  await stores.admins.create({ name: ADMIN.name, passwordHash, role: 'owner' });
  await commands.claim.load();
  const { token } = await commands.admins.welcome(ADMIN.name, { address: '', agent: '' });
  return `${COOKIE}=${token}`;
}

/** A certificate that signed itself, for `localhost`. */
export function selfSigned(): { key: string; cert: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const pair = forge.pki.privateKeyFromPem(createPrivateKey(key).export({ type: 'pkcs1', format: 'pem' }).toString());
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.setRsaPublicKey(pair.n, pair.e);
  cert.serialNumber = '01';
  cert.validity.notAfter = new Date(Date.now() + 86_400_000);
  const name = [{ name: 'commonName', value: 'localhost' }];
  cert.setSubject(name);
  cert.setIssuer(name);
  cert.sign(pair, forge.md.sha256.create());
  return { key, cert: forge.pki.certificateToPem(cert) };
}
