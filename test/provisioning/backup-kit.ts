import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { BackupMachine, type MachineOptions } from '../../provisioning/backup/machine.ts';
import { STORE_FILE } from '../../provisioning/data-folder.ts';
import { tokenKey } from '../../provisioning/token-key.ts';
import { Renewal } from '../../server/certificates/renewal.ts';
import type { Database } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/open.ts';
import { openStores, type Stores } from '../../server/storage/stores/index.ts';
import { createLog } from '../../server/util/log.ts';

export const SILENT = createLog({ level: 'silent' });

/** A house in a folder of its own, with people, a file, certificates, and a machine that backs it up. */
export interface BackedHouse {
  readonly folder: string;
  readonly data: string;
  readonly out: string;
  readonly db: Database;
  readonly stores: Stores;
  readonly machine: BackupMachine;
  /** Makes a backup; gives its path. */
  make(name?: string): Promise<string>;
  close(): Promise<void>;
}

export const FILE = `ab/${'0123456789'.repeat(3)}`;

export async function backedHouse(t: TestContext, more: Partial<MachineOptions> = {}): Promise<BackedHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-backup-'));
  const data = join(folder, 'data');
  const out = join(folder, 'out');
  await mkdir(join(data, 'uploads/ab'), { recursive: true, mode: 0o700 });
  await mkdir(out);
  await writeFile(join(folder, 'hallway.toml'), 'domain = "example.test"\n');
  tokenKey(data);
  const db = await openDatabase({ file: join(data, STORE_FILE), log: SILENT });
  const stores = openStores(db);
  await stores.domains.add('example.test');
  const { id } = await stores.accounts.create({ local: 'juliet', domain: 'example.test', credentials: [] });
  await writeFile(join(data, 'uploads', FILE), 'a rose by any other name');
  await stores.uploads.add('secret', {
    file: FILE,
    account: id,
    name: 'rose.txt',
    type: 'text/plain',
    bytes: 24,
    purpose: 'message',
    createdAt: 1,
    expiresAt: undefined,
  });
  await using renewal = new Renewal({
    store: stores.certificates,
    domains: async () => ['example.test'],
    hostname: 'chat.example.test',
    log: SILENT,
    renewed: async () => undefined,
  });
  await renewal.check();
  const machine = new BackupMachine({
    db,
    data,
    hostname: 'chat.example.test',
    version: '0.0.1',
    bootFile: join(folder, 'hallway.toml'),
    uploads: async () => 24,
    ...more,
  });
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await machine[Symbol.asyncDispose]();
    await db.close();
  };
  t.after(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });
  const make = async (name = 'one.age'): Promise<string> => {
    await machine.make(join(out, name), out, 1_000, () => undefined);
    return join(out, name);
  };
  return { folder, data, out, db, stores, machine, make, close };
}
