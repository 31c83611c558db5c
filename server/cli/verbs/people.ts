import { usage } from '../failure.ts';
import { sizeOf } from '../size.ts';
import { bytes, table, when } from '../text.ts';
import { account, type Verb, whole } from '../verb.ts';

const STATUS = ['all', 'active', 'disabled', 'online', 'leaving', 'never', 'full'] as const;
const SORTS = ['address', 'name', 'seen', 'created'] as const;

function oneOf<T extends string>(option: string, text: string | undefined, choices: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((one) => one === text);
  if (found === undefined) throw usage(`--${option} is one of ${choices.join(', ')}.`);
  return found;
}

function stateOf(one: { sessions: number; status: string; removeAt: number | null }): string {
  if (one.removeAt !== null) return `deleted on ${when(one.removeAt).slice(0, 10)}`;
  return one.sessions > 0 ? 'online' : one.status === 'disabled' ? 'disabled' : 'offline';
}

/** People of the house, many at a time. */
export const people: readonly Verb[] = [
  {
    words: 'user list',
    args: ['[DOMAIN]'],
    options: ['search', 'status', 'role', 'sort', 'reverse', 'after', 'limit'],
    summary: 'who has an account; without a domain, in all of them',
    async run({ client, given, print }, [domain]) {
      const sort = oneOf('sort', given.sort, SORTS);
      const falls = sort === 'seen' || sort === 'created';
      const role = oneOf('role', given.role, ['chat-admin']);
      const status = oneOf('status', given.status, STATUS) ?? (role === undefined ? 'all' : undefined);
      const query = {
        limit: whole('limit', given.limit) ?? 200,
        ...(domain !== undefined && { domain }),
        ...(given.search !== undefined && { search: given.search }),
        ...(given.after !== undefined && { after: given.after }),
        ...(status !== undefined && { status }),
        ...(role !== undefined && { role }),
        ...(sort !== undefined && { sort }),
        ...(given.reverse && { order: falls ? ('up' as const) : ('down' as const) }),
      };
      const reply = await client.call('GET /api/people', { query });
      const rows = reply.people.map((one) => [
        one.jid,
        one.name,
        stateOf(one),
        one.lastActivity === null ? '' : when(one.lastActivity),
        one.files === 0 ? '' : bytes(one.fileBytes),
      ]);
      const more = reply.hasAfter ? `More: --after ${reply.last}\n` : '';
      print(reply, `${table(['ADDRESS', 'NAME', 'STATUS', 'LAST SEEN', 'FILES'], rows)}${reply.total} in all\n${more}`);
    },
  },
  {
    words: 'user department',
    args: ['DEPARTMENT', 'JID…'],
    options: ['leave'],
    summary: 'put people into a department of their domain, or with --leave take them out',
    async run({ client, given, print }, [name = '', ...jids]) {
      const domain = account(jids[0] ?? '').domain;
      const { departments } = await client.call('GET /api/people', { query: { domain, limit: 1 } });
      const found = departments.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (found === undefined) throw usage(`There is no department “${name}” in ${domain}.`);
      const body = { people: jids, department: found.id, member: given.leave !== true };
      const reply = await client.call('POST /api/people/department', { body });
      print(
        reply,
        table(
          ['ADDRESS', ''],
          reply.results.map(({ jid, done, message }) => [jid, done ? 'done' : message]),
        ),
      );
    },
  },
  {
    words: 'user restore',
    args: ['JID'],
    options: [],
    summary: 'bring back somebody who is to be deleted, with all that is theirs',
    async run({ client, print }, [jid = '']) {
      const params = account(jid);
      const reply = await client.call('POST /api/domains/:domain/accounts/:local/restore', { params });
      const out = reply.account.status === 'disabled' ? ', disabled as before' : '';
      print(reply, `${reply.account.jid} is back${out}.\n`);
    },
  },
  {
    words: 'user quota',
    args: ['JID', '[SIZE]'],
    options: [],
    summary: 'how much space a person’s files may take; with a size such as 500MB, none or usual, sets it',
    async run({ client, print }, [jid = '', size]) {
      const params = account(jid);
      if (size !== undefined) {
        const body = { fileBytes: sizeOf(size) };
        await client.call('POST /api/domains/:domain/accounts/:local/quota', { params, body });
      }
      const { counts } = await client.call('GET /api/domains/:domain/accounts/:local', { params });
      const limit = counts.fileLimit === 0 ? 'no limit' : bytes(counts.fileLimit);
      const whose = counts.fileLimitOwn ? '' : ', as everybody';
      print(counts, `${jid} has ${bytes(counts.fileBytes)} of files; ${limit}${whose}.\n`);
    },
  },
];
