import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BackupMachine } from '../../provisioning/backup/machine.ts';
import { STORE_FILE } from '../../provisioning/data-folder.ts';
import { tokenKey } from '../../provisioning/token-key.ts';
import { sql } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/open.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { createLog } from '../../server/util/log.ts';

/**
 * `node test/load/backup.ts [MEGABYTES]`: what a backup of so much (1,000; half of it in the store, half in files) takes, in seconds and
 * in seconds of the processor, how late the event loop and a write that somebody waits for become meanwhile, and how much memory it takes.
 */
const MEGABYTES = Number(process.argv[2] ?? 1_000);
const HALF = (MEGABYTES / 2) * 1e6;
const FILE = 1_000_000;

const log = createLog({ level: 'silent' });
const folder = await mkdtemp(join(tmpdir(), 'hallway-load-'));
const data = join(folder, 'data');
mkdirSync(join(data, 'uploads'), { recursive: true });
tokenKey(data);
const db = await openDatabase({ file: join(data, STORE_FILE), log });
const stores = openStores(db);
const { id } = await stores.accounts.create({ local: 'juliet', domain: 'example.test', credentials: [] });

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function fill(): Promise<void> {
  for (let bytes = 0, n = 0; bytes < HALF; n++) {
    const text = randomBytes(1_500).toString('base64');
    bytes += text.length;
    db.queue([sql`INSERT INTO message (id, owners, stanza) VALUES (${n + 1}, 1, ${text})`]);
    if (n % 500 === 0) await db.durable();
  }
  for (let n = 0; n * FILE < HALF; n++) {
    const name = randomBytes(16).toString('hex');
    const file = `${name.slice(0, 2)}/${name.slice(2)}`;
    mkdirSync(join(data, 'uploads', name.slice(0, 2)), { recursive: true });
    writeFileSync(join(data, 'uploads', file), randomBytes(FILE));
    const one = { file, account: id, name: 'x', type: 'x/y', bytes: FILE, purpose: 'message', createdAt: n } as const;
    await stores.uploads.add(name, { ...one, expiresAt: undefined });
  }
}

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let peak = 0;
  let slowest = 0;
  let over = false;
  const writing = (async () => {
    while (!over) {
      const asked = performance.now();
      await stores.settings.set('load', asked);
      slowest = Math.max(slowest, performance.now() - asked);
      peak = Math.max(peak, process.memoryUsage().rss);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await work();
  over = true;
  await writing;
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const late = (delay.max / 1e6 - 10).toFixed(0);
  say(
    `${what}: ${seconds} s, ${((user + system) / 1e6).toFixed(1)} s of the processor, event loop ${late} ms late at most, ` +
      `slowest write ${slowest.toFixed(0)} ms, ${(peak / 1e6).toFixed(0)} MB of memory at most`,
  );
}

try {
  await fill();
  say(`${MEGABYTES} MB, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB of memory before`);
  const machine = new BackupMachine({
    db,
    data,
    hostname: 'chat.example.test',
    version: '0',
    bootFile: undefined,
    uploads: async () => HALF,
  });
  const target = join(folder, 'one.age');
  await measure('made', () => machine.make(target, folder, Date.now(), () => undefined));
  say(`${(statSync(target).size / 1e6).toFixed(0)} MB`);
  await measure('restored as a test', () => machine.check(target, () => undefined));
  rmSync(target);
} finally {
  await db.close();
  await rm(folder, { recursive: true, force: true });
}
