import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { prepareDataFolder } from '../../provisioning/data-folder.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { openStores, type Stores } from '../../server/storage/stores/index.ts';
import type { Json } from '../../server/storage/stores/settings.ts';
import { run } from '../support/appliance.ts';
import type { Reading } from './probe.ts';

export const DOMAIN = 'bench.local';
export const PASSWORD = 'wherefore art thou';

/** A server with a probe in it, and people user0, user1, … */
export interface House {
  readonly server: ChildProcess;
  /** By the name of the listener. */
  readonly ports: Readonly<Record<string, number>>;
  readonly folder: string;
  /** What it has used since the last reading. */
  read(): Promise<Reading>;
  stop(): Promise<void>;
}

export interface HouseOptions {
  readonly domain?: string;
  /** Where other servers come in; without it nowhere. */
  readonly s2s?: number;
  /** What is in the store before it starts, by key of the settings. */
  readonly settings?: Readonly<Record<string, Json>>;
  /** Puts more there. */
  readonly fill?: (stores: Stores) => Promise<void>;
}

/** Starts one on loopback, in a folder of its own. */
export async function startHouse(people: number, options: HouseOptions = {}): Promise<House> {
  const { domain = DOMAIN, s2s, settings = {}, fill } = options;
  const folder = await mkdtemp(join(tmpdir(), 'hallway-load-'));
  const any = '["127.0.0.1:0"]';
  const db = await openDatabase({ file: prepareDataFolder(join(folder, 'data')), log: pino({ level: 'error' }) });
  const stores = openStores(db);
  for (const [key, value] of Object.entries(settings)) await stores.settings.set(key, value);
  await fill?.(stores);
  await db.close();
  await writeFile(
    join(folder, 'hallway.toml'),
    `data = "data"\ndomain = "${domain}"\nhostname = "localhost"\n[listen]\n` +
      `s2s = [${s2s === undefined ? '' : `"127.0.0.1:${s2s}"`}]\ns2s_tls = []\n` +
      `c2s = []\nc2s_tls = ${any}\nhttps = ${any}\nproxy = ${any}\ncomponent = []\n[limits]\nconnections_per_address = 100000\n`,
  );
  const server = fork(join(import.meta.dirname, '../../server/main.ts'), ['--config', join(folder, 'hallway.toml')], {
    execArgv: ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ports = await new Promise<Record<string, number>>((resolve, reject) => {
    server.once('exit', () => reject(new Error('the server did not start')));
    let said = '';
    server.stdout!.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000);
      const ready = /^ready (.*)\n/m.exec(said)?.[1];
      if (ready === undefined) return;
      resolve(
        Object.fromEntries([...ready.matchAll(/(\w+)=\S*:(\d+)/g)].map(([, name, port]) => [name, Number(port)])),
      );
    });
  });
  const make = ['--data', join(folder, 'data'), '--domain', domain, '--n', String(people), '--password', PASSWORD];
  const made = await run([join(import.meta.dirname, 'accounts.ts'), ...make], '', 600_000);
  if (made.code !== 0) throw new Error(made.stderr);
  return {
    server,
    ports,
    folder,
    async read() {
      server.send('read');
      const [reading] = (await once(server, 'message')) as [Reading];
      return reading;
    },
    async stop() {
      server.disconnect();
      server.kill('SIGTERM');
      await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

/** Prints one line of figures. */
export function show(what: string, figures: Record<string, number>): void {
  const round = (n: number): number => Number(n.toFixed(2));
  console.log(what.padEnd(44), ...Object.entries(figures).map(([name, value]) => `${name} ${round(value)}  `));
}
