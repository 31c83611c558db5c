import { openSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackupKey, existingKey, readKey } from '../provisioning/backup/key.ts';
import { BackupProblem } from '../provisioning/backup/problem.ts';
import { opens } from '../provisioning/backup/read.ts';
import { restoreBackup } from '../provisioning/backup/restore.ts';
import { restoreWords } from '../provisioning/backup/restore-words.ts';
import { becomeOwner } from '../provisioning/become-owner.ts';
import { takeSecret } from './cli/ask.ts';
import { Failure } from './cli/failure.ts';
import { chosenName, withChosenName } from './config/chosen-name.ts';
import { ConfigError } from './config/config-error.ts';
import { loadSettings } from './config/load.ts';
import type { Settings } from './config/settings.ts';
import { domain, Refusal } from './config/values.ts';
import { createLog } from './util/log.ts';

/** `hallwayctl restore`: a program of its own, as it does the work of a server that does not run. */

const OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
  'key-file': { type: 'string' },
  hostname: { type: 'string' },
  replace: { type: 'boolean' },
  json: { type: 'boolean' },
  caller: { type: 'string' },
} as const;

/** The key that was given, that of this machine when it opens the file, or the one that somebody types. */
async function keyFor(named: string | undefined, data: string, file: number): Promise<BackupKey> {
  if (named !== undefined) return readKey(named);
  const own = await existingKey(data);
  if (own !== undefined && (await opens(file, own))) return own;
  return readKey(await takeSecret(process, 'Recovery key (AGE-SECRET-KEY-1…): '));
}

/** Throws BackupProblem, in words that say more than the system does. */
function mustBeThere(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile()) return;
  throw new BackupProblem('foreign', `${found === undefined ? 'There is no file' : 'This is no file:'} ${file}.`);
}

/** The name of the machine that was asked for; the boot file, when it names one, has the last word. */
function nameOf(asked: string | undefined, { hostname, nameGiven, file }: Settings): string {
  if (asked === undefined) return hostname;
  let name: string;
  try {
    name = domain(asked);
  } catch (error) {
    throw error instanceof Refusal ? new ConfigError(`--hostname: ${error.message}`, {}) : error;
  }
  if (!nameGiven || name === hostname) return name;
  throw new ConfigError(`the name of the machine is written here: ${hostname}. Change it there`, { file });
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const cwd = process.cwd();
  const boot = loadSettings({ config: values.config, data: values.data, cwd });
  process.umask(0o077);
  const file = resolve(cwd, positionals[0] ?? '');
  const keyFile = values['key-file'];
  mustBeThere(file);
  if (keyFile !== undefined) mustBeThere(resolve(cwd, keyFile));
  const descriptor = openSync(file, 'r');
  const key = keyFile && readFileSync(resolve(cwd, keyFile), 'utf8');
  becomeOwner(boot.data);
  const settings = withChosenName(boot);
  const hostname = nameOf(values.hostname, settings);
  let said = -1;
  const done = await restoreBackup({
    file: descriptor,
    key: await keyFor(key, settings.data, descriptor),
    data: settings.data,
    hostname,
    named: !settings.nameGiven && (values.hostname ?? chosenName(settings.data)) !== undefined,
    replace: values.replace === true,
    caller: values.caller ?? 'hallwayctl',
    log: createLog({ level: 'silent' }),
    tell(part) {
      const tenth = Math.floor(part * 10);
      if (tenth > said && process.stderr.isTTY) process.stderr.write(`${tenth * 10} % `);
      said = Math.max(said, tenth);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const words = restoreWords({ data: settings.data, hostname }, done);
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...done, data: join(settings.data) })}\n` : `${words.join('\n')}\n`,
  );
}

try {
  await run();
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  const known =
    error instanceof BackupProblem || error instanceof ConfigError || error instanceof Failure || code !== undefined;
  process.stderr.write(`hallwayctl: ${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  if (known) process.stderr.write('Nothing was changed.\n');
  process.exitCode = 1;
}
