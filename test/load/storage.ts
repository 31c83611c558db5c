/**
 * What archiving costs: µs of CPU (whole process, the storage thread and the index of words included) per message, where a
 * message is one text of some 200 characters, 14 words of them its body, and two archive entries.
 *
 *   node test/load/storage.ts [saturated messages] [seconds at 200/s] [people]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { ArchiveIds } from '../../server/storage/archive-id.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { Archives } from '../../server/storage/stores/archives.ts';
import { talk } from './talk.ts';

const [saturated = 200_000, seconds = 10, people = 1_000] = process.argv.slice(2).map(Number);
const directory = await mkdtemp(join(tmpdir(), 'hallway-load-'));
const db = await openDatabase({ file: join(directory, 'store.db'), log: pino({ level: 'error' }) });
const archives = new Archives(db);
const ids = new ArchiveIds();
const says = talk();

/** A fixed walk over pairs of people, so that runs can be compared. */
function append(n: number): void {
  const from = (n * 7919) % people;
  const to = (from + 1 + ((n * 104_729) % Math.min(10, people - 1))) % people; // each has ten others to talk to
  const [sender, recipient] = [`person${from}@office.test`, `person${to}@office.test`];
  const stanza = `<message from='${sender}/desk' to='${recipient}' type='chat' id='m${n}'><body>${n} ${says()}</body></message>`;
  archives.append(ids.next(), stanza, [
    { owner: from + 1, peer: recipient },
    { owner: to + 1, peer: sender },
  ]);
}

function report(what: string, messages: number, cpu: NodeJS.CpuUsage, ms: number): void {
  const used = process.cpuUsage(cpu);
  const each = ((used.user + used.system) / messages).toFixed(1);
  const rate = Math.round((messages / ms) * 1_000);
  process.stdout.write(
    `${what}: ${each} µs CPU a message (user ${(used.user / messages).toFixed(1)}), ${rate} a second\n`,
  );
}

async function saturate(from: number, messages: number): Promise<void> {
  for (let n = from; n < from + messages; n++) {
    append(n);
    if (n % 256 !== 0) continue;
    // Let the loop turn, as sockets would, and hold back when the store asks for it.
    if (db.pressure) await db.drained();
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await db.durable();
}

await saturate(0, 20_000);
let cpu = process.cpuUsage();
let began = performance.now();
await saturate(20_000, saturated);
report('saturated', saturated, cpu, performance.now() - began);

cpu = process.cpuUsage();
began = performance.now();
for (let n = 0; n < seconds * 200; n++) {
  append(n);
  await sleep(Math.max(0, began + (n + 1) * 5 - performance.now()));
}
await db.durable();
report('200 a second', seconds * 200, cpu, performance.now() - began);
cpu = process.cpuUsage();
began = performance.now();
for (let n = 0; n < seconds * 200; n++) await sleep(Math.max(0, began + (n + 1) * 5 - performance.now()));
report('the timer alone', seconds * 200, cpu, performance.now() - began);

await db.close();
await rm(directory, { recursive: true });
