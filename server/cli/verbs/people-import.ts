import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReplyOf } from '../../http/contract/index.ts';
import type { Client } from '../client.ts';
import { Failure, usage } from '../failure.ts';
import { pairs, table, when } from '../text.ts';
import { type Context, number, type Verb, whole } from '../verb.ts';

type Check = ReplyOf<'POST /api/people/imports/check'>;

const MOST_BYTES = 5_000_000;
const LOOK_MS = 300;
const WAYS = ['generate', 'file', 'invite'] as const;
const EXISTING = ['refuse', 'skip', 'update'] as const;
const WHAT = {
  create: 'make',
  invite: 'invite',
  change: 'change',
  same: 'as it is',
  skip: 'leave alone',
  wrong: 'WRONG',
} as const;

function one<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw usage(`--${name} is one of ${choices.join(', ')}.`);
  return found;
}

function read(name: string): Buffer {
  try {
    if (statSync(resolve(name)).size > MOST_BYTES) throw usage('The file is too large: at most 5 MB.');
    return readFileSync(resolve(name));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usage(`${name} cannot be read: ${(error as Error).message}`);
  }
}

async function wishOf({ client, given }: Context, file: Buffer) {
  return {
    file: file.toString('base64'),
    domain: given.domain ?? (await client.call('GET /api/session', {})).domain,
    way: one('passwords', given.passwords ?? 'generate', WAYS),
    existing: one('existing', given.existing ?? 'refuse', EXISTING),
    makeDepartments: given['make-departments'] === true,
    days: whole('days', given.days) ?? 14,
  };
}

/** All rows, a page after the other. */
async function checkAll(client: Client, wish: Awaited<ReturnType<typeof wishOf>>): Promise<Check> {
  const check = await client.call('POST /api/people/imports/check', { body: wish });
  const rows = [...check.rows];
  while (rows.length < check.total) {
    const next = await client.call('POST /api/people/imports/check', { body: { ...wish, offset: rows.length } });
    if (next.rows.length === 0) break;
    rows.push(...next.rows);
  }
  return { ...check, rows };
}

function shown(check: Check): string {
  const rows = check.rows.map((row) => [
    String(row.line),
    row.jid,
    row.name,
    WHAT[row.what],
    row.what === 'wrong'
      ? row.problems.map(({ field, text }) => `${field}: ${text}`).join(' ')
      : [...(row.elsewhere === '' ? [] : [`from ${row.elsewhere}`]), ...row.changes, ...row.departments].join(', '),
  ]);
  const counts = Object.entries(check.counts).filter(([, count]) => count > 0);
  const words = counts.map(([what, count]) => `${count} ${WHAT[what as keyof typeof WHAT]}`).join(', ');
  const unknown = check.unknownDepartments.length > 0 ? 'Departments that there are not: --make-departments\n' : '';
  return `${table(['LINE', 'ADDRESS', 'NAME', 'WHAT', ''], rows)}${check.total} rows: ${words}\n${unknown}`;
}

export async function finished(client: Client, id: number): Promise<ReplyOf<'GET /api/people/imports/:id'>> {
  for (;;) {
    const reply = await client.call('GET /api/people/imports/:id', { params: { id: String(id) } });
    if (reply.import.state !== 'running' && reply.import.state !== 'undoing') return reply;
    await pause(LOOK_MS);
  }
}

export function told({ import: made, failed, kept }: ReplyOf<'GET /api/people/imports/:id'>): string {
  const head = pairs([
    [`import ${made.id}`, `${made.file}, ${made.state}`],
    ['begun', `${when(made.startedAt)} by ${made.actor}`],
    ['made', String(made.made)],
    ['changed', String(made.changed)],
    ['invited', String(made.invited)],
    ['not done', String(made.failed)],
    ['taken back', String(made.undone)],
    ['kept', String(made.kept)],
  ]);
  const rows = [...failed, ...kept].map(({ line, jid, why }) => [String(line), jid, why]);
  return rows.length === 0 ? head : `${head}${table(['LINE', 'ADDRESS', 'WHY'], rows)}`;
}

export const peopleImport: readonly Verb[] = [
  {
    words: 'user import',
    args: ['FILE'],
    options: ['domain', 'dry-run', 'passwords', 'existing', 'make-departments', 'leave-out', 'days', 'out'],
    summary: 'make accounts for the people in a CSV file; with --dry-run only say what would be done',
    async run(context, [name = '']) {
      const { client, given, print } = context;
      if (given['dry-run'] !== true && given.passwords !== 'file' && given.out === undefined) {
        throw usage('Say with --out where the list of passwords or links is to be written, or try --dry-run.');
      }
      if (given.out !== undefined && existsSync(resolve(given.out))) throw usage(`${given.out} is there already.`);
      const wish = await wishOf(context, read(name));
      if (given['dry-run']) {
        const check = await checkAll(client, wish);
        print(check, shown(check));
        return;
      }
      const { digest } = await client.call('POST /api/people/imports/check', { body: wish });
      const body = { ...wish, digest, name: basename(name).slice(0, 200), leaveOut: given['leave-out'] === true };
      const { id } = await client.call('POST /api/people/imports', { body });
      const reply = await finished(client, id);
      if (given.out !== undefined && reply.handOver) {
        const { csv } = await client.call('POST /api/people/imports/:id/hand-over', { params: { id: String(id) } });
        // It has passwords in it: for nobody else to read, and nothing that is there is written over.
        writeFileSync(resolve(given.out), csv, { mode: 0o600, flag: 'wx' });
      }
      print(reply, told(reply));
    },
  },
  {
    words: 'user imports',
    args: [],
    options: [],
    summary: 'imports of people, the newest first',
    async run({ client, print }) {
      const reply = await client.call('GET /api/people/imports', {});
      const rows = reply.imports.map((made) => [
        String(made.id),
        when(made.startedAt),
        made.actor,
        made.file,
        made.state,
        String(made.made + made.changed + made.invited),
      ]);
      print(reply, table(['NUMBER', 'BEGUN', 'BY', 'FILE', 'STATE', 'PEOPLE'], rows));
    },
  },
  {
    words: 'user undo',
    args: ['NUMBER'],
    options: [],
    summary: 'take an import back: accounts and links that nobody has used, and fields as they were',
    async run({ client, print }, [text = '']) {
      const id = number(text, `“${text}” is not the number of an import.`);
      await client.call('POST /api/people/imports/:id/undo', { params: { id: String(id) } });
      const reply = await finished(client, id);
      print(reply, told(reply));
    },
  },
];
