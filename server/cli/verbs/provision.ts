import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { askPassword, readPassword } from '../ask.ts';
import { usage } from '../failure.ts';
import { pairs, when } from '../text.ts';
import type { Verb } from '../verb.ts';

const LISTS = [
  ['domains', 'New domains'],
  ['certificates', 'Certificates'],
  ['acme', 'Certificates by ACME'],
  ['administrators', 'New administrators'],
  ['departments', 'New departments'],
  ['people', 'New people'],
  ['rooms', 'New rooms'],
  ['settings', 'Settings'],
  ['messages', 'Messages of the day'],
] as const;

export const provision: readonly Verb[] = [
  {
    words: 'provision',
    args: ['FILE'],
    options: ['dry-run'],
    summary: 'set the house up by a file: domains, administrators, departments, people, rooms, settings',
    async run({ client, cwd, given, print }, [file = '']) {
      const path = resolve(cwd, file);
      const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw usage(`${file} cannot be read (${error.code})`);
      });
      const dryRun = given['dry-run'] === true;
      const body = { name: file, folder: dirname(path), source, ...(dryRun && { dryRun }) };
      const reply = await client.call('POST /api/provision', { body });
      const { done } = reply;
      if (reply.before !== null)
        print(reply, `This file was applied on ${when(reply.before)}; there is nothing to do.\n`);
      else {
        const rows = LISTS.map(([name, called]) => [called, done[name].join(', ') || 'none'] as const);
        const decided = [...rows, ['Other servers', done.federation ? 'as the file says' : 'as before'] as const];
        const note = reply.applied ? '' : 'The file is right, and nothing was changed. It would do this:\n';
        print(reply, note + pairs(decided) + done.advice.map((one) => `${one}\n`).join(''));
      }
    },
  },
  {
    words: 'provision hash',
    args: [],
    options: ['password-stdin'],
    summary: 'the hash of an administrator’s password, to be written into such a file',
    async run({ client, given, terminal, print }) {
      const { hash } = await client.call('POST /api/provision/hash', {
        body: { password: given['password-stdin'] ? await readPassword(terminal) : await askPassword(terminal) },
      });
      print({ hash }, `${hash}\n`);
    },
  },
];
