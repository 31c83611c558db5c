import type { FileUse, SharedFile } from '../../http/contract/index.ts';
import { askLine } from '../ask.ts';
import { usage } from '../failure.ts';
import { bytes, pairs, table, when } from '../text.ts';
import { type Context, type Given, number, type Verb, whole } from '../verb.ts';

const ORDERS = ['newest', 'oldest', 'largest'] as const;

const limited = (size: number): string => (size === 0 ? 'no limit' : bytes(size));
const counted = ({ files, bytes: size }: FileUse): string =>
  `${files} ${files === 1 ? 'file' : 'files'}, ${bytes(size)}`;
const more = (next: string | null): string => (next === null ? '' : `More: --after ${next}\n`);

function page({ after, limit }: Given): { limit: number; after?: string } {
  return { limit: whole('limit', limit) ?? 200, ...(after !== undefined && { after }) };
}

function orderOf(text: string): (typeof ORDERS)[number] {
  const order = ORDERS.find((one) => one === text);
  if (order === undefined) throw usage(`--order is ${ORDERS.join(', ')}.`);
  return order;
}

function rowOf({ id, name, type, bytes: size, jid, room, createdAt }: SharedFile): string[] {
  return [String(id), bytes(size), when(createdAt), jid, room, type, name];
}

const HEADINGS = ['ID', 'SIZE', 'SINCE', 'WHOSE', 'SHOWN TO', 'KIND', 'NAME'];

/** Which files to clear: exactly one of the three options. Throws Failure. */
function lotOf({ person, room, 'older-than': before }: Given): { person?: string; room?: string; before?: string } {
  if ([person, room, before].filter((one) => one !== undefined).length !== 1) {
    throw usage('Say which files: --person JID, --room ROOM or --older-than DAY, one of them.');
  }
  if (before !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(before)) throw usage('Write the day like 2026-01-31.');
  return {
    ...(person !== undefined && { person }),
    ...(room !== undefined && { room }),
    ...(before !== undefined && { before }),
  };
}

/** The files that people uploaded. */
export const files: readonly Verb[] = [
  {
    words: 'file usage',
    args: [],
    options: [],
    summary: 'how much space files take, how much is left, and the limits that hold',
    async run({ client, print }) {
      const reply = await client.call('GET /api/files', {});
      const about = pairs([
        ['Files', counted(reply)],
        ['May still come', bytes(reply.left)],
        ['Free on the disk', `${bytes(reply.free)}, of which ${bytes(reply.reserve)} stay free`],
        ['All files together', limited(reply.most)],
      ]);
      const rows = reply.domains.map((one) => [
        one.domain,
        one.on ? 'on' : 'off',
        limited(one.largest),
        limited(one.daily),
        limited(one.person),
        one.days === 0 ? 'kept' : `after ${one.days} days`,
      ]);
      const limits = table(['DOMAIN', 'FILES ARE', 'LARGEST', 'ONE, A DAY', 'ONE, IN ALL', 'DELETED'], rows);
      print(reply, `${about}\n${limits}“hallwayctl setting list” has these settings: files.…\n`);
    },
  },
  {
    words: 'file list',
    args: [],
    options: ['order', 'person', 'room', 'after', 'limit'],
    summary: 'which files there are; what is in them, and their links, nobody sees here',
    async run({ client, given, print }) {
      const { person, room } = given;
      const query = {
        ...page(given),
        ...(given.order !== undefined && { order: orderOf(given.order) }),
        ...(person !== undefined && { person }),
        ...(room !== undefined && { room }),
      };
      const reply = await client.call('GET /api/files/list', { query });
      print(reply, `${table(HEADINGS, reply.files.map(rowOf))}${counted(reply.total)} in all\n${more(reply.next)}`);
    },
  },
  {
    words: 'file people',
    args: [],
    options: ['domain', 'after', 'limit'],
    summary: 'who has how much, the most first',
    async run({ client, given, print }) {
      const query = { ...page(given), ...(given.domain !== undefined && { domain: given.domain }) };
      const reply = await client.call('GET /api/files/people', { query });
      const rows = reply.people.map((one) => [one.jid, String(one.files), bytes(one.bytes)]);
      print(reply, `${table(['PERSON', 'FILES', 'SIZE'], rows)}${more(reply.next)}`);
    },
  },
  {
    words: 'file rooms',
    args: [],
    options: ['after', 'limit'],
    summary: 'how much was shown to which room, the most first',
    async run({ client, given, print }) {
      const reply = await client.call('GET /api/files/rooms', { query: page(given) });
      const rows = reply.rooms.map((one) => [one.room, String(one.files), bytes(one.bytes)]);
      print(reply, `${table(['ROOM', 'FILES', 'SIZE'], rows)}${more(reply.next)}`);
    },
  },
  {
    words: 'file find',
    args: ['LINK'],
    options: [],
    summary: 'which file a link from a chat leads to, and whose it is',
    async run({ client, print }, [link = '']) {
      const reply = await client.call('POST /api/files/find', { body: { link } });
      const { id, name, type, bytes: size, jid, room, createdAt, expiresAt } = reply.file;
      const about = pairs([
        ['File', String(id)],
        ['Name', name],
        ['Kind', type || '(nobody said)'],
        ['Size', bytes(size)],
        ['Whose', jid],
        ['Shown to', room || '(no room that is known)'],
        ['Since', when(createdAt)],
        ...(expiresAt === null ? [] : [['Until', when(expiresAt)] as const]),
      ]);
      print(reply, about);
    },
  },
  {
    words: 'file remove',
    args: ['ID…'],
    options: [],
    summary: 'delete files for good, by the numbers that “file list” shows',
    async run({ client, print }, words) {
      const ids = words.map((word) => number(word, `“${word}” is not the ID of a file: “file list” shows them.`));
      if (ids.length === 0) throw usage('Say which: “file list” shows the IDs.');
      if (ids.length > 200) throw usage('At most 200 files at once.');
      const reply = await client.call('POST /api/files/remove', { body: { ids } });
      print(reply, `Deleted: ${counted(reply)}.\n`);
    },
  },
  {
    words: 'file clear',
    args: [],
    options: ['person', 'room', 'older-than', 'yes'],
    summary: 'delete all files of a person, of a room, or from before a day, for good',
    async run(context) {
      const { client, given, print } = context;
      const lot = lotOf(given);
      const found = await client.call('GET /api/files/count', { query: lot });
      const confirm = Object.values(lot)[0]!;
      if (!given.yes) await sure(context, counted(found), confirm);
      const reply = await client.call('DELETE /api/files', { query: { ...lot, confirm } });
      print(reply, `Deleted: ${counted(reply)}.\n`);
    },
  },
];

async function sure({ terminal }: Context, what: string, word: string): Promise<void> {
  if (terminal.stdin.isTTY !== true) throw usage('There is no terminal to ask whether you are sure: use --yes.');
  const answer = await askLine(terminal, `This deletes ${what}, for good.\nType ${word} to go on: `);
  if (answer.trim() !== word) throw usage(`That is not ${word}; nothing was deleted.`);
}
