import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Backup, Backups } from '../../http/contract/index.ts';
import { Failure, usage } from '../failure.ts';
import { saveFile } from '../save-file.ts';
import { bytes, pairs, plain, table, when } from '../text.ts';
import type { Context, Verb } from '../verb.ts';

const LOOK_MS = 500;

const STATES = { good: 'good', bad: 'BAD', unchecked: 'not tested' } as const;

/** Waits until nothing is under way, and gives what became of one backup. Throws Failure when it did not come about. */
async function finished({ client }: Context, name: string): Promise<Backup> {
  let state: Backups;
  do {
    await pause(LOOK_MS);
    state = await client.call('GET /api/backups', {});
  } while (state.running?.name === name);
  const found = state.rows.find((row) => row.name === name);
  if (found === undefined) throw new Failure(1, state.failure?.text ?? 'The backup did not come about.');
  if (found.state === 'bad') throw new Failure(1, `${name} is no good: ${found.problem}`);
  return found;
}

async function fetch(context: Context, name: string, file: string): Promise<void> {
  const { token } = await context.client.call('POST /api/backups/:name/link', { params: { name } });
  await saveFile(resolve(context.cwd, file), context.client.file('backup-files', token));
}

function shown(one: Backup): string {
  const state = one.problem === '' ? STATES[one.state] : `${STATES[one.state]}: ${one.problem}`;
  return pairs([
    ['backup', one.name],
    ['size', bytes(one.bytes)],
    ['state', plain(state)],
  ]);
}

export const backups: readonly Verb[] = [
  {
    words: 'backup',
    args: ['[FILE]'],
    options: [],
    summary: 'make a backup, restore it as a test, and copy it to FILE',
    async run(context, [file]) {
      const { name } = await context.client.call('POST /api/backups', {});
      const made = await finished(context, name);
      if (file !== undefined) await fetch(context, name, file);
      context.print(made, `${shown(made)}${file === undefined ? '' : `A copy of it is in ${plain(file)}.\n`}`);
    },
  },
  {
    words: 'backup list',
    args: [],
    options: [],
    summary: 'the backups there are, the newest first',
    async run({ client, print }) {
      const reply = await client.call('GET /api/backups', {});
      const rows = reply.rows.map((one) => [
        one.name,
        when(one.madeAt),
        bytes(one.bytes),
        STATES[one.state],
        one.problem,
      ]);
      const next =
        reply.next === null ? 'None are made by themselves.' : `The next one is made at ${when(reply.next)}.`;
      const failed =
        reply.failure === null
          ? ''
          : `The last try failed (${when(reply.failure.time)}): ${plain(reply.failure.text)}\n`;
      const list = rows.length === 0 ? 'There are no backups.\n' : table(['NAME', 'MADE', 'SIZE', 'STATE', ''], rows);
      print(reply, `${list}${failed}${next}\n`);
    },
  },
  {
    words: 'backup check',
    args: ['NAME'],
    options: [],
    summary: 'restore a backup as a test',
    async run(context, [name = '']) {
      await context.client.call('POST /api/backups/:name/check', { params: { name } });
      const checked = await finished(context, name);
      context.print(checked, shown(checked));
    },
  },
  {
    words: 'backup get',
    args: ['NAME', 'FILE'],
    options: [],
    summary: 'copy a backup to FILE',
    async run(context, [name = '', file = '']) {
      await fetch(context, name, file);
      context.print({ name, file }, `A copy of ${name} is in ${plain(file)}.\n`);
    },
  },
  {
    words: 'backup remove',
    args: ['NAME'],
    options: [],
    summary: 'remove a backup for good',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('DELETE /api/backups/:name', { params: { name } });
      print(reply, `${name} is removed.\n`);
    },
  },
  {
    words: 'backup key',
    args: [],
    options: [],
    summary: 'show the recovery key, which opens every backup: keep it away from this machine',
    async run({ client, print }) {
      const reply = await client.call('POST /api/backup-key', {});
      const lines = [
        'The recovery key of this house. Without it no backup can be restored on another machine;',
        'whoever has it and a backup can read everything. Print it, and keep it in a safe.',
        '',
        reply.identity,
        '',
        `Backups are encrypted for ${reply.recipient}.`,
      ];
      print(reply, `${lines.join('\n')}\n`);
    },
  },
  {
    words: 'restore',
    args: ['FILE'],
    options: ['replace', 'key-file', 'hostname'],
    summary: 'put what a backup holds into the data folder, while the server is stopped',
    async run({ program, given }, [file = '']) {
      if (file === '') throw usage('Which file?');
      const named = given['key-file'];
      const code = await program('restore', [
        ...(given.replace ? ['--replace'] : []),
        ...(given.json ? ['--json'] : []),
        ...(named === undefined ? [] : ['--key-file', named]),
        ...(given.hostname === undefined ? [] : ['--hostname', given.hostname]),
        '--',
        file,
      ]);
      if (code !== 0) throw new Failure(1, 'The backup was not restored.');
    },
  },
  {
    words: 'rollback',
    args: [],
    options: [],
    summary:
      'after an upgrade that went wrong, go back to the release and the store of before it; in a checkout to the store, while the server is stopped',
    async run({ program, given }) {
      const code = await program('rollback', given.json ? ['--json'] : []);
      if (code !== 0) throw new Failure(1, 'The store was not put back.');
    },
  },
];
