import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, posix, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReplyOf } from '../../http/contract/index.ts';
import type { Client } from '../client.ts';
import { Failure, usage } from '../failure.ts';
import { bytes, pairs, table } from '../text.ts';
import { type Context, number, type Verb } from '../verb.ts';
import { told } from './people-import.ts';

type State = ReplyOf<'GET /api/people/moves/:id'>;
type Report = NonNullable<State['check']>['total'];
type Planned = ReplyOf<'GET /api/people/moves/:id/people'>['people'][number];
type Moved = ReplyOf<'GET /api/people/imports/:id/moved'>['people'][number];

const LOOK_MS = 300;
const DEEPEST = 5;
const WHAT = { make: 'move in', link: 'move in by a link', there: 'leave alone', wrong: 'WRONG' } as const;
const TAKEN = {
  contacts: 'contacts',
  requests: 'requests to be a contact',
  cards: 'cards',
  messages: 'messages of archives',
  waiting: 'messages that wait',
  items: 'items of nodes',
  notes: 'pieces of private XML',
  blocked: 'blocked addresses',
} as const;

/** The XML files of a folder and of those in it, by the name that they have from it; or one file. No links are followed. */
function filesAt(path: string, name = '', depth = 0): [name: string, path: string][] {
  const found = lstatSync(path);
  if (found.isFile()) return [[name === '' ? basename(path) : name, path]];
  if (!found.isDirectory() || depth > DEEPEST) return [];
  return readdirSync(path).flatMap((one) => {
    const inside = filesAt(join(path, one), posix.join(name, one), depth + 1);
    return inside.filter(([file]) => file.toLowerCase().endsWith('.xml'));
  });
}

function allFiles(paths: readonly string[], cwd: string): Map<string, string> {
  try {
    const found = new Map(paths.flatMap((path) => filesAt(resolve(cwd, path))));
    if (found.size === 0) throw usage('There are no XML files there.');
    return found;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usage(`It cannot be read: ${(error as Error).message}`);
  }
}

function renamed(list: readonly string[]): { from: string; to: string }[] {
  return list.map((one) => {
    const [from = '', to = ''] = one.split('=');
    if (from === '' || to === '') throw usage('--rename takes OLD=NEW, as --rename=old.example=new.example.');
    return { from, to };
  });
}

/** Waits until a step is over. Throws Failure when it brought nothing. */
async function settled(client: Client, id: string): Promise<State> {
  for (;;) {
    const state = await client.call('GET /api/people/moves/:id', { params: { id } });
    if (state.step !== 'reading' && state.step !== 'running') {
      if (state.problem !== '') throw new Failure(1, state.problem);
      return state;
    }
    await pause(LOOK_MS);
  }
}

async function everybody(client: Client, id: string): Promise<Planned[]> {
  const people: Planned[] = [];
  for (;;) {
    const query = { offset: people.length };
    const page = await client.call('GET /api/people/moves/:id/people', { params: { id }, query });
    people.push(...page.people);
    if (page.people.length === 0 || people.length >= page.total) return people;
  }
}

async function allMoved(client: Client, id: number): Promise<Moved[]> {
  const people: Moved[] = [];
  for (;;) {
    const query = { after: people.at(-1)?.position ?? 0 };
    const page = await client.call('GET /api/people/imports/:id/moved', { params: { id: String(id) }, query });
    people.push(...page.people);
    if (!page.more) return people;
  }
}

function kinds({ taken }: Report): [string, string][] {
  return (Object.keys(TAKEN) as (keyof typeof TAKEN)[])
    .filter((kind) => taken[kind] > 0)
    .map((kind) => [TAKEN[kind], String(taken[kind])]);
}

const leftOf = ({ left }: Report): string => left.map(({ what, count }) => `${count} × ${what}`).join('; ');

function shown({ check }: State, people: readonly Planned[]): string {
  const { hosts, counts, total, continues } = check!;
  const domains = hosts.map(({ name, domain, served, people: n }) => [
    name,
    served ? domain : 'NOT SERVED HERE: add the domain, or say --rename',
    String(n),
  ]);
  const rows = people.map(({ jid, name, what, why, report }) => [jid, name, WHAT[what], why || leftOf(report)]);
  const words = (Object.keys(WHAT) as (keyof typeof WHAT)[]).filter((what) => counts[what] > 0);
  const left = total.left.map(({ what, count }) => [String(count), what]);
  return [
    table(['DOMAIN IN THE FILES', 'DOMAIN HERE', 'PEOPLE'], domains),
    rows.length === 0 ? '' : table(['ADDRESS', 'NAME', 'WHAT', ''], rows),
    pairs(kinds(total)),
    left.length === 0 ? '' : table(['NOT TAKEN', 'WHAT'], left),
    `${people.length} people: ${words.map((what) => `${counts[what]} ${WHAT[what]}`).join(', ')}\n`,
    continues === null ? '' : `Import ${continues} was cut short and goes on.\n`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function became(people: readonly Moved[]): string {
  const total = new Map<string, number>();
  const left = new Map<string, number>();
  for (const { report } of people) {
    if (report === null) continue;
    for (const [kind, count] of kinds(report)) total.set(kind, (total.get(kind) ?? 0) + Number(count));
    for (const { what, count } of report.left) left.set(what, (left.get(what) ?? 0) + count);
  }
  const odd = people.filter(({ done, report }) => !done || (report !== null && report.left.length > 0));
  const rows = odd.map(({ jid, done, why, report }) => [
    jid,
    done ? 'moved in' : why === '' ? 'CUT SHORT' : 'not moved in',
    why || (report === null ? '' : leftOf(report)),
  ]);
  return [
    pairs([...total].map(([kind, count]) => [kind, String(count)])),
    left.size === 0
      ? ''
      : table(
          ['NOT TAKEN', 'WHAT'],
          [...left].map(([what, count]) => [String(count), what]),
        ),
    rows.length === 0 ? '' : table(['ADDRESS', '', 'NOT TAKEN'], rows),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

async function sendAll({ client, given, cwd }: Context, paths: readonly string[]): Promise<string> {
  const files = allFiles(paths, cwd);
  const domains = renamed(given.rename ?? []);
  const name = paths.map((path) => basename(resolve(cwd, path))).join(', ');
  const { id } = await client.call('POST /api/people/moves', { body: { name: name.slice(0, 200) } });
  for (const [file, path] of files) {
    await client.send('PUT /api/people/moves/:id/file', { params: { id }, query: { name: file } }, path);
  }
  await client.call('POST /api/people/moves/:id/check', { params: { id }, body: { domains } });
  return id;
}

/** Writes the links for those who have no password. */
async function save({ client, given, cwd }: Context, params: { id: string }): Promise<void> {
  const { handOver } = await client.call('GET /api/people/imports/:id', { params });
  if (given.out === undefined || !handOver) return;
  const { csv } = await client.call('POST /api/people/imports/:id/hand-over', { params });
  // Whoever has such a link is that person: for nobody else to read, and nothing that is there is written over.
  writeFileSync(resolve(cwd, given.out), csv, { mode: 0o600, flag: 'wx' });
}

async function moveIn(context: Context, id: string, { check }: State): Promise<void> {
  const { client, given, print } = context;
  const { counts, digest } = check!;
  if (counts.link > 0 && given.out === undefined) {
    throw usage(
      `${counts.link} of them have no password that can be used, and get a link to choose one: say with --out where the list is to be written, or try --dry-run.`,
    );
  }
  const begun = await client.call('POST /api/people/moves/:id/start', { params: { id }, body: { digest } });
  const params = { id: String(begun.id) };
  let bytes = 0;
  try {
    ({ bytes } = await settled(client, id));
  } finally {
    // Also of one that was cut short: who has moved in until then needs their link.
    await save(context, params);
  }
  const reply = await client.call('GET /api/people/imports/:id', { params });
  const people = await allMoved(client, begun.id);
  print({ ...reply, people, bytes }, `${told(reply)}\n${became(people)}`);
}

export const moves: readonly Verb[] = [
  {
    words: 'user import-from',
    args: ['PATH', 'PATH…'],
    options: ['dry-run', 'rename', 'out'],
    summary:
      'move people in from another server (XEP-0227): files or folders as ejabberd, Prosody and others write them',
    async run(context, paths) {
      const { client, given, print, cwd } = context;
      if (given.out !== undefined && existsSync(resolve(cwd, given.out))) throw usage(`${given.out} is there already.`);
      const id = await sendAll(context, paths);
      try {
        const state = await settled(client, id);
        if (given['dry-run'] === true) {
          const people = await everybody(client, id);
          print({ ...state, people }, `${shown(state, people)}${bytes(state.bytes)} were read; nothing was changed.\n`);
          return;
        }
        await moveIn(context, id, state);
      } finally {
        await client.call('DELETE /api/people/moves/:id', { params: { id } }).catch(() => undefined);
      }
    },
  },
  {
    words: 'user moved',
    args: ['NUMBER'],
    options: [],
    summary: 'what became of everybody whom an import has moved in from another server',
    async run({ client, print }, [text = '']) {
      const people = await allMoved(client, number(text, `“${text}” is not the number of an import.`));
      print({ people }, became(people));
    },
  },
];
