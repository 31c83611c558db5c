import { resolve } from 'node:path';
import { usage } from '../failure.ts';
import { saveFile } from '../save-file.ts';
import { bytes, plain, table, when } from '../text.ts';
import { type Context, type Given, type Verb, whole } from '../verb.ts';
import { dayOf } from './audit.ts';

async function where({ client, given }: Context): Promise<string> {
  if (given.domain !== undefined) return given.domain;
  const { domains } = await client.call('GET /api/domains', {});
  return domains[0]?.name ?? '';
}

function times({ from, to }: Given): { since?: number; until?: number } {
  return {
    ...(from !== undefined && { since: dayOf('from', from) }),
    ...(to !== undefined && { until: dayOf('to', to, 1) - 1 }),
  };
}

function reasonOf({ reason }: Given): string {
  if (reason === undefined) throw usage('Say why with --reason; it is written into the audit log.');
  return reason;
}

/** The number of an export. */
function numberOf(id: string): string {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw usage(`“${id}” is not the number of an export.`);
  return id;
}

/** Reading along, and carrying out: each is in the audit log with its reason. */
export const archiveReading: readonly Verb[] = [
  {
    words: 'archive search',
    args: ['[WORDS]'],
    options: ['domain', 'person', 'with', 'room', 'from', 'to', 'before', 'limit', 'reason'],
    summary: 'search what people said to each other; it is written down, with the reason',
    async run(context, [words]) {
      const { client, given, print } = context;
      const [before, limit] = [whole('before', given.before), whole('limit', given.limit)];
      const reply = await client.call('POST /api/archive/search', {
        body: {
          domain: await where(context),
          reason: reasonOf(given),
          ...(given.person !== undefined && { people: [given.person] }),
          ...(given.with !== undefined && { with: given.with }),
          ...(given.room !== undefined && { room: given.room }),
          ...(words !== undefined && { words }),
          ...times(given),
          ...(before !== undefined && { before }),
          ...(limit !== undefined && { limit }),
        },
      });
      const lines = reply.messages.map(({ time, from, to, kind, text }) => {
        const said =
          kind === 'message' || kind === 'subject' ? text.split('\n').map(plain).join('\n    ') : `(${kind})`;
        return `${when(time)}  ${plain(from)} -> ${plain(to)}\n    ${said}\n`;
      });
      const more = reply.next === null ? '' : `There may be more: --before ${reply.next}\n`;
      print(reply, `${lines.length === 0 ? 'Nothing was found.\n' : lines.join('')}${more}`);
    },
  },
  {
    words: 'archive export',
    args: [],
    options: ['domain', 'person', 'room', 'from', 'to', 'reason'],
    summary: 'carry out what a person, a room or the whole domain said, as one file',
    async run(context) {
      const { client, given, print } = context;
      if (given.person !== undefined && given.room !== undefined) throw usage('Either --person or --room.');
      const name = given.person ?? given.room;
      const kind = given.person !== undefined ? 'person' : given.room !== undefined ? 'room' : 'domain';
      const body = { domain: await where(context), kind, reason: reasonOf(given), ...times(given) } as const;
      const reply = await client.call('POST /api/archive/exports', {
        body: { ...body, ...(name !== undefined && { name }) },
      });
      print(reply, `Export ${reply.id} is being made: see “hallwayctl archive exports”.\n`);
    },
  },
  {
    words: 'archive exports',
    args: [],
    options: ['domain'],
    summary: 'what was carried out, and how far it is',
    async run(context) {
      const reply = await context.client.call('GET /api/archive/exports', { query: { domain: await where(context) } });
      const rows = reply.exports.map((one) => [
        String(one.id),
        when(one.createdAt),
        one.state,
        String(one.messages),
        one.state === 'done' ? bytes(one.bytes) : '',
        one.subject,
        one.sha256,
      ]);
      context.print(reply, table(['ID', 'TIME', 'STATE', 'MESSAGES', 'SIZE', 'WHAT', 'SHA-256'], rows));
    },
  },
  {
    words: 'archive fetch',
    args: ['ID', 'FILE'],
    options: [],
    summary: 'write a finished export to a file',
    async run({ client, cwd, print }, [id = '', file = '']) {
      const { token } = await client.call('POST /api/archive/exports/:id/link', { params: { id: numberOf(id) } });
      await saveFile(resolve(cwd, file), client.file('archive/export-files', token));
      print({ file }, `Written to ${file}.\n`);
    },
  },
  {
    words: 'archive forget',
    args: ['ID'],
    options: [],
    summary: 'stop an export, or take it away',
    async run({ client, print }, [id = '']) {
      const params = { id: numberOf(id) };
      print(await client.call('DELETE /api/archive/exports/:id', { params }), `Export ${id} is gone.\n`);
    },
  },
];
