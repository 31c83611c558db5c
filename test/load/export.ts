import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runExport } from '../../server/archive/export/run.ts';
import { openDatabase } from '../../server/storage/open.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { createLog } from '../../server/util/log.ts';
import { talk } from './talk.ts';

/**
 * `node test/load/export.ts [MESSAGES]`: what it takes to carry out an archive of so many messages (200,000), in seconds and in seconds
 * of the processor, how late the event loop and a write that somebody waits for become meanwhile, and how much memory it takes:
 * the same for a tenth of them, as it must not grow with the archive.
 */
const MESSAGES = Number(process.argv[2] ?? 200_000);
const folder = mkdtempSync(join(tmpdir(), 'hallway-load-'));
const db = await openDatabase({ file: join(folder, 'hallway.db'), log: createLog({ level: 'silent' }) });
const { archives, settings } = openStores(db);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function fill(owner: number, messages: number, first: number): Promise<void> {
  const says = talk();
  for (let n = 0; n < messages; n++) {
    const stanza = `<message from='romeo@example.test/desk' to='juliet@example.test' type='chat' id='m${n}'><body>${says()}</body></message>`;
    archives.append(first + n, stanza, [{ owner, peer: 'romeo@example.test' }]);
    if (db.pressure) await db.drained();
  }
  await db.durable();
}

async function measure(owner: number): Promise<void> {
  global.gc?.();
  const before = process.memoryUsage().rss;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let peak = 0;
  let slowest = 0;
  let over = false;
  const writing = (async () => {
    while (!over) {
      const asked = performance.now();
      await settings.set('load', asked);
      slowest = Math.max(slowest, performance.now() - asked);
      peak = Math.max(peak, process.memoryUsage().rss);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const target = join(folder, `${owner}.tar`);
  const { messages } = await runExport({
    archives,
    owners: (async function* () {
      yield { owner, jid: 'juliet@example.test' };
    })(),
    since: undefined,
    until: undefined,
    folder: join(folder, 'unfinished'),
    name: 'export',
    target,
    facts: { domain: 'example.test', subject: '', since: null, until: null, by: '', reason: '', made: '' },
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  over = true;
  await writing;
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  say(
    `${messages} messages: ${((performance.now() - began) / 1_000).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of the ` +
      `processor, ${(statSync(target).size / 1e6).toFixed(0)} MB; event loop ${(delay.max / 1e6 - 10).toFixed(0)} ms late at most, ` +
      `slowest write ${slowest.toFixed(0)} ms, ${((peak - before) / 1e6).toFixed(0)} MB of memory more at most`,
  );
}

try {
  await fill(1, MESSAGES / 10, 1);
  await fill(2, MESSAGES, MESSAGES);
  await measure(1);
  await measure(2);
} finally {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
}
