/**
 * Whether an archive gets slower as it grows: the cost of one page (50) of one conversation, and of a search, at ten thousand
 * and at a million archived messages. Both stores are of the same house of 1,000 people, and the conversation has the same
 * share. A search is also seen from beside: how long somebody else waits for the store meanwhile.
 *
 *   node test/load/archive-growth.ts [small] [large]
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ArchiveIds } from '../../server/storage/archive-id.ts';
import { readPhrases } from '../../server/storage/searchable.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { ArchiveSearch } from '../../server/storage/stores/archive-search.ts';
import { Archives } from '../../server/storage/stores/archives.ts';
import { talk } from './talk.ts';

const [small = 10_000, large = 1_000_000] = process.argv.slice(2).map(Number);
const PEOPLE = 1_000;
/** One message of twenty is part of the conversation that is read. */
const SHARE = 20;
const ROUNDS = 200;
const [ROMEO, JULIET] = ['person0@office.test', 'person1@office.test'];

/** Words by their frequency: one message of a thousand of the house, and one at all, in the conversation's beginning. */
function rareness(n: number, messages: number): string {
  if (n === SHARE * 2) return 'onceonly';
  return n % Math.ceil(messages / 1_000) === 0 ? 'seldomseen' : 'commonplace';
}

const directory = await mkdtemp(join(tmpdir(), 'hallway-growth-'));

async function measure(messages: number): Promise<Record<string, number>> {
  const file = join(directory, `${messages}.db`);
  const db = await openDatabase({ file, log: pino({ level: 'error' }) });
  const archives = new Archives(db);
  const ids = new ArchiveIds();
  const says = talk();
  let middle = 0;
  for (let n = 0; n < messages; n++) {
    const ours = n % SHARE === 0;
    const from = ours ? 0 : (n * 7919) % PEOPLE;
    const to = ours ? 1 : (from + 1 + ((n * 104_729) % 10)) % PEOPLE;
    const [sender, recipient] = [`person${from}@office.test`, `person${to}@office.test`];
    const id = ids.next();
    if (ours && n >= messages / 2 && middle === 0) middle = id;
    archives.append(
      id,
      `<message from='${sender}' to='${recipient}'><body>${rareness(n, messages)} ${says()}</body></message>`,
      [
        { owner: from + 1, peer: recipient },
        { owner: to + 1, peer: sender },
      ],
    );
    if (db.pressure) await db.drained();
  }
  await db.durable();

  const timed = async (what: () => Promise<unknown>, rounds = ROUNDS): Promise<number> => {
    const times: number[] = [];
    for (let n = 0; n < rounds; n++) {
      const began = performance.now();
      await what();
      times.push((performance.now() - began) * 1_000);
    }
    return Math.round(times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!);
  };
  const last = await archives.page(1, { with: JULIET, limit: 50, fromEnd: true });
  if (last.rows.length !== 50 || last.rows.some((row) => !row.stanza.includes(ROMEO))) throw new Error('a wrong page');
  const figures: Record<string, number> = {
    'last page of a conversation': await timed(() => archives.page(1, { with: JULIET, limit: 50, fromEnd: true })),
    'page before an id in the middle': await timed(() =>
      archives.page(1, { with: JULIET, limit: 50, fromEnd: true, beforeId: middle }),
    ),
    'last page of a whole archive': await timed(() => archives.page(1, { limit: 50, fromEnd: true })),
    'both ends of an archive': await timed(() => archives.metadata(1)),
    'megabytes of the file': 0,
  };
  const search = new ArchiveSearch(db);
  const look = (text: string, owner = 1, more = {}) =>
    search.page(owner, { limit: 50, fromEnd: true, pattern: { phrases: readPhrases(text)! }, ...more });
  if ((await look('onceonly')).rows.length !== 1) throw new Error('it was not found');
  /** The longest of what somebody else waited for one row while a search went on. */
  const beside = async (text: string, owner: number): Promise<number> => {
    let longest = 0;
    let done = false;
    const searching = look(text, owner).finally(() => {
      done = true;
    });
    while (!done) {
      const began = performance.now();
      await archives.has(7, 1);
      longest = Math.max(longest, (performance.now() - began) * 1_000);
    }
    await searching;
    return Math.round(longest);
  };
  Object.assign(figures, {
    'a common word, newest 50': await timed(() => look('commonplace')),
    'a word of one message of 1,000': await timed(() => look('seldomseen')),
    'a word said once, long ago': await timed(() => look('onceonly'), 20),
    'the same in the conversation': await timed(() => look('onceonly', 1, { with: JULIET }), 20),
    'a word never said': await timed(() => look('neversaid'), 20),
    'two common words never together': await timed(() => look('"commonplace seldomseen"'), 5),
    'the same of a small archive': await timed(() => look('"commonplace seldomseen"', 500), 20),
    'longest wait beside the former': Math.max(...(await Promise.all([beside('"commonplace seldomseen"', 1)]))),
  });
  await db.close();
  figures['megabytes of the file'] = Math.round((await stat(file)).size / 1e6);
  return figures;
}

try {
  const few = await measure(small);
  const many = await measure(large);
  process.stdout.write(`median of ${ROUNDS}, µs, at ${small} and at ${large} archived messages\n`);
  for (const [name, value] of Object.entries(few)) {
    process.stdout.write(`${name.padEnd(34)} ${String(value).padStart(6)} ${String(many[name]).padStart(6)}\n`);
  }
} finally {
  await rm(directory, { recursive: true });
}
