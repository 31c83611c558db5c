import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { mayUse } from '../../server/c2s/origins.ts';
import type { GetOptions } from '../../server/components/upload/get.ts';
import { filesAddress, uploadOptions } from '../../server/components/upload/options.ts';
import { uploadHttp } from '../../server/components/upload/plugin.ts';
import type { PutOptions } from '../../server/components/upload/put.ts';
import { Slots, type Wish } from '../../server/components/upload/slots.ts';
import { FileLinks } from '../../server/host/file-links.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { createPanelDoor } from '../../server/http/door.ts';
import { FileFolder } from '../../server/storage/file-folder.ts';
import type { Account } from '../../server/storage/stores/accounts.ts';
import { openHouse, selfSigned, type TestHouse } from '../http/support.ts';

/** What curl got. */
export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** How curl ended: 0, or its number of what went wrong. */
  readonly exit: number | null;
}

export const ALLOWED = 'https://intranet.example.test';

export interface UploadOptions
  extends Partial<Pick<PutOptions, 'clean' | 'pace' | 'uploads'> & Pick<GetOptions, 'downloads'>> {
  /** Where files are, instead of a folder of the test's own. */
  readonly files?: string;
  readonly idleMs?: number;
}

/** The HTTPS door with nothing but files behind it, and curl in front of it. */
export class UploadHouse {
  readonly house: TestHouse;
  readonly folder: FileFolder;
  readonly options: OptionValues;
  readonly slots: Slots;
  readonly links: FileLinks;
  readonly port: number;
  readonly account: Account;
  readonly #certificate: string;
  /** ms that the clock of the slots is ahead. */
  readonly #clock: { ahead: number };

  constructor(
    parts: Pick<UploadHouse, 'house' | 'folder' | 'options' | 'slots' | 'links' | 'port' | 'account'>,
    certificate: string,
    clock: { ahead: number },
  ) {
    ({
      house: this.house,
      folder: this.folder,
      options: this.options,
      slots: this.slots,
      links: this.links,
      port: this.port,
      account: this.account,
    } = parts);
    this.#certificate = certificate;
    this.#clock = clock;
  }

  later(ms: number): void {
    this.#clock.ahead += ms;
  }

  /** The links of a slot. */
  async slot(bytes: number, more: Partial<Wish> = {}): Promise<{ readonly put: string; readonly get: string }> {
    const { name = 'a.txt' } = more;
    const plain = { account: this.account.id, domain: 'example.test', type: '', purpose: 'message' } as const;
    const { put, get } = await this.slots.grant({ ...plain, expiresAt: undefined, ...more, name, bytes });
    return { put: this.links.toPut(put, name), get: this.links.toGet(get, name) };
  }

  /** Uploads what must be taken; gives the link to it. */
  async has(content: string | Buffer, more: Partial<Wish> = {}): Promise<string> {
    const { put, get } = await this.slot(Buffer.byteLength(content), more);
    const got = await this.put(put, content);
    if (got.status !== 201) throw new Error(`${got.status} ${got.text}`);
    return get;
  }

  put(url: string, content: string | Buffer, ...args: string[]): Promise<Got> {
    return this.curl(['--request', 'PUT', '--data-binary', '@-', '--header', 'content-type:', ...args, url], content);
  }

  get(url: string, ...args: string[]): Promise<Got> {
    return this.curl([...args, url]);
  }

  async curl(args: readonly string[], input: string | Buffer = ''): Promise<Got> {
    const always = ['--silent', '--http1.1', '--include', '--path-as-is', '--max-time', '20', '--cacert'];
    const child = spawn('/usr/bin/curl', ['-q', ...always, this.#certificate, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
    });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [exit] = (await once(child, 'close')) as [number | null];
    return { ...readAnswer(Buffer.concat(parts)), exit };
  }

  /** A connection on which a test says what it likes; what comes back is told in the end. */
  async raw(bytes: string): Promise<{ readonly socket: TLSSocket; readonly all: Promise<string> }> {
    const socket = connect({ host: '127.0.0.1', port: this.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    let text = '';
    socket.on('data', (part) => {
      text += String(part);
    });
    socket.on('error', () => undefined);
    socket.write(bytes);
    return { socket, all: once(socket, 'close').then(() => text) };
  }

  /** Names of what is in the folder, whole or not. */
  async onDisk(): Promise<string[]> {
    const names = await readdir(this.folder.root, { recursive: true, withFileTypes: true });
    return names.filter((one) => one.isFile()).map(({ name }) => name);
  }
}

function readAnswer(all: Buffer): Omit<Got, 'exit'> {
  const end = all.indexOf('\r\n\r\n');
  const head = all.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head[0] ?? '')?.[1] ?? 0);
  if (status === 100) return readAnswer(all.subarray(end + 4));
  const headers = head.slice(1).map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  const body = all.subarray(end + 4);
  return { status, headers: Object.fromEntries(headers), body, text: body.toString() };
}

/** Closed with the test. */
export async function openUploads(t: Pick<TestContext, 'after'>, options: UploadOptions = {}): Promise<UploadHouse> {
  const place = await mkdtemp(join(tmpdir(), 'hallway-files-'));
  const house = await openHouse();
  const { stores, log, commands } = house;
  const values = new OptionValues(stores.settings, uploadOptions);
  const folder = new FileFolder(options.files ?? join(place, 'uploads'));
  await folder.open();
  const clock = { ahead: 0 };
  const slots = new Slots({ stores, folder, options: values, now: () => Date.now() + clock.ahead });
  const account = await stores.accounts.create({ domain: 'example.test', local: 'juliet', credentials: [] });
  const tls = selfSigned();
  const certificate = join(place, 'certificate.pem');
  await writeFile(certificate, tls.cert);
  const rules = { names: () => ['localhost'], allowed: () => [ALLOWED] };
  const mount = uploadHttp({
    slots: () => slots,
    folder,
    uploads: stores.uploads,
    log,
    clean: () => undefined,
    mayUse: (headers) => mayUse(headers, rules),
    ...options,
  });
  const panel = join(place, 'panel');
  await mkdir(panel);
  await writeFile(join(panel, 'index.html'), 'the panel');
  const door = await createPanelDoor({
    commands,
    log,
    tls,
    panel,
    mounts: [mount],
    ...(options.idleMs !== undefined && { idleMs: options.idleMs }),
  });
  const { port } = (await door.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo;
  t.after(async () => {
    await door.close();
    await house.close();
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  });
  const links = new FileLinks(() => values.get(filesAddress) || `https://localhost:${port}/`);
  return new UploadHouse({ house, folder, options: values, slots, links, port, account }, certificate, clock);
}
