import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../server/storage/database.ts';
import { opened, temporary } from './support.ts';

const appender = join(import.meta.dirname, 'appender.ts');

function run(file: string, size: number): { child: ChildProcess; lines: AsyncIterable<string> } {
  const child = spawn(process.execPath, [appender, file, String(size)], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout! }) };
}

describe('the embedded engine when things go wrong', () => {
  it('has everything it called durable after SIGKILL at any moment, and no half operation', async (t) => {
    const file = join(await temporary(t), 'store.db');
    let least = 0;
    for (let round = 0; round < 5; round++) {
      const place = `${file}${round}`;
      const { child, lines } = run(place, 300);
      let acknowledged = 0;
      for await (const line of lines) {
        if (acknowledged === 0) void sleep(20 + 61 * round).then(() => child.kill('SIGKILL'));
        acknowledged = Number(line);
      }
      const db = await opened(t, { file: place });
      const row = await db.get<{ n: number; last: number; halves: number }>(sql`SELECT count(*) AS n, max(id) AS last,
        (SELECT count(*) FROM archive) - count(*) AS halves FROM message`);
      assert.ok(acknowledged > 0 && row !== undefined);
      assert.ok(row.last >= acknowledged, `${acknowledged} was durable, but the store ends at ${row.last}`);
      assert.equal(row.n, row.last, 'without a gap');
      assert.equal(row.halves, 0, 'each message with its entry');
      least = Math.max(least, acknowledged);
      await db.close();
    }
    assert.ok(least > 100, 'the rounds did some work');
  });

  it('fails writes cleanly when the disk takes no more, and goes on when it does', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const { child, lines } = run(file, 20_000);
    const iterator = lines[Symbol.asyncIterator]();
    const limit = (bytes: string) => execFileSync('prlimit', [`--pid=${child.pid}`, `--fsize=${bytes}`]);
    await iterator.next();
    limit('3000000:unlimited'); // beyond this size the system refuses to let any file of the process grow
    let acknowledged = 0;
    let failure = '';
    for (let line = await iterator.next(); !line.done; line = await iterator.next()) {
      if (line.value.startsWith('failed')) {
        failure = line.value;
        limit('unlimited:unlimited');
        child.stdin!.write('go on\n');
      } else if (line.value.startsWith('recovered')) assert.ok(Number(line.value.split(' ')[1]) >= acknowledged);
      else acknowledged = Number(line.value);
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 0, 'it wrote again and closed');
    assert.match(failure, /failed (io|full)/);
    const db = await opened(t, { file });
    const row = await db.get<{ last: number; halves: number }>(sql`SELECT
      (SELECT max(id) FROM message WHERE owners = 1) AS last,
      (SELECT count(*) FROM archive) - (SELECT count(*) FROM message WHERE owners = 1) AS halves`);
    assert.ok(row !== undefined && row.last >= acknowledged && acknowledged > 0);
    assert.equal(row.halves, 0);
  });
});
