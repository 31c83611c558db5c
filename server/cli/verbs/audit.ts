import type { AuditVerdict, QueryOf } from '../../http/contract/index.ts';
import { Failure, usage } from '../failure.ts';
import { pairs, table, when } from '../text.ts';
import { type Given, type Verb, whole } from '../verb.ts';

/** When a day begins for this machine, or the next one does. Throws Failure. */
export function dayOf(name: 'from' | 'to', text: string, next = 0): number {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
  const begins = new Date(year ?? Number.NaN, (month ?? 0) - 1, date);
  if (year === undefined || begins.getMonth() !== month! - 1 || begins.getFullYear() < 1970) {
    throw usage(`--${name} takes a day like 2026-01-31.`);
  }
  return new Date(year, month! - 1, date! + next).getTime();
}

const FILTER = ['by', 'action', 'subject', 'from', 'to'] as const;

function filter({ by, action, subject, from, to }: Given): QueryOf<'GET /api/audit/export'> {
  return {
    ...(by !== undefined && { actor: by }),
    ...(action !== undefined && { action }),
    ...(subject !== undefined && { subject }),
    ...(from !== undefined && { from: dayOf('from', from) }),
    ...(to !== undefined && { until: dayOf('to', to, 1) }),
  };
}

const FAULTS: Record<NonNullable<AuditVerdict['fault']>, string> = {
  changed: 'this entry, or what was before it, is not what was written',
  cut: 'from here on entries that this server wrote are missing',
  start: 'entries before it are missing, and the log does not say why',
  seal: 'the entry of your seal is another one now, or is missing',
};

export const audit: readonly Verb[] = [
  {
    words: 'audit list',
    args: [],
    options: ['before', 'limit', ...FILTER],
    summary: 'who changed what, the newest first',
    async run({ client, given, print }) {
      const before = whole('before', given.before);
      const query = {
        ...filter(given),
        limit: whole('limit', given.limit) ?? 50,
        ...(before !== undefined && { before }),
      };
      const reply = await client.call('GET /api/audit', { query });
      const rows = reply.rows.map((row) => [
        String(row.id),
        when(row.time),
        `${row.actor} (${row.door})`,
        row.action,
        row.subject,
        Object.entries(row.detail)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
      ]);
      const more = reply.next !== null ? `More: --before ${reply.next}\n` : '';
      print(reply, table(['ID', 'TIME', 'WHO', 'WHAT', 'WHOM', 'DETAIL'], rows) + more);
    },
  },
  {
    words: 'audit export',
    args: [],
    options: [...FILTER],
    summary: 'the same as a table for other programs (CSV), all of it, on standard output',
    async run({ client, given, write }) {
      await client.stream('GET /api/audit/export', filter(given), write);
    },
  },
  {
    words: 'audit verify',
    args: [],
    options: ['seal'],
    summary: 'whether the log is as it was written: fails, and names the first entry that is not',
    async run({ client, given, print }) {
      const body = given.seal === undefined ? {} : { seal: given.seal };
      const reply = await client.call('POST /api/audit/verify', { body });
      const facts = pairs([
        ['Entries', `${reply.rows} are as they were written`],
        ...(reply.deletedUpTo > 0 ? [['Deleted by age', `up to entry ${reply.deletedUpTo}`] as const] : []),
        ['Seal', reply.seal],
      ]);
      const noted =
        given.seal === undefined ? 'Note the seal where nobody here can change it: it proves this later.\n' : '';
      print(reply, reply.ok ? `The log holds.\n${facts}${noted}` : facts);
      if (!reply.ok) {
        throw new Failure(
          1,
          `The log does not hold at entry ${reply.brokenAt ?? 0}: ${FAULTS[reply.fault ?? 'changed']}.`,
        );
      }
    },
  },
  {
    words: 'audit seal',
    args: [],
    options: [],
    summary: 'the seal of the log as it is now, to be noted elsewhere',
    async run({ client, print }) {
      const reply = await client.call('GET /api/audit/seal', {});
      print(reply, `${reply.seal}\n`);
    },
  },
];
