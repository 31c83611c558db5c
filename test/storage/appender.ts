/** A process to be killed or starved: appends rows without end and says how far it is on disk. Not a test itself. */
import { setImmediate as turn } from 'node:timers/promises';
import { sql } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { listeningLog } from './support.ts';

const db = await openDatabase({ file: process.argv[2]!, log: listeningLog(), lazyMs: 3 });
const filling = 'x'.repeat(Number(process.argv[3] ?? 300));
let failed: string | undefined;

for (let n = 1; ; n++) {
  db.queue(
    [
      sql`INSERT INTO message (id, owners, stanza) VALUES (${n}, 1, ${filling})`,
      sql`INSERT INTO archive (owner, id, peer) VALUES (1, ${n}, 'peer')`,
    ],
    (error) => {
      failed ??= (error as Error & { code: string }).code;
    },
  );
  if (n % 7 !== 0) continue;
  const reached = n;
  const waited = db.durable(n % 2 === 0).then(() => {
    if (failed === undefined) process.stdout.write(`${reached}\n`);
  });
  if (n % 70 === 0) await waited;
  else await turn();
  if (failed === undefined) continue;
  process.stdout.write(`failed ${failed}\n`);
  // Wait for room: one line comes in when there is some.
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const before = await db.get<{ last: number }>(sql`SELECT max(id) AS last FROM message`);
  await db.run(sql`INSERT INTO message (id, owners, stanza) VALUES (${n + 1_000_000}, 0, '')`);
  await db.close();
  process.stdout.write(`recovered ${before?.last}\n`);
  process.exit(0);
}
