import { parseArgs } from 'node:util';
import { BackupProblem, problemOf } from '../provisioning/backup/problem.ts';
import { becomeOwner } from '../provisioning/become-owner.ts';
import { goBack } from '../provisioning/go-back.ts';
import { ConfigError } from './config/config-error.ts';
import { loadSettings } from './config/load.ts';

/** `hallwayctl rollback`: a program of its own, as it does its work while the server is stopped, by the release of before. */

const OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  caller: { type: 'string' },
} as const;

try {
  const { values } = parseArgs({ options: OPTIONS });
  const { data } = loadSettings({ config: values.config, data: values.data, cwd: process.cwd() });
  process.umask(0o077);
  becomeOwner(data);
  const done = await goBack(data);
  const words =
    done.before === undefined
      ? ['This release can use the store as it is: nothing was changed.']
      : [
          `The store is as it was at ${new Date(done.before.at).toISOString()}, before the upgrade.`,
          `What was written after that is in ${done.aside}.`,
        ];
  process.stdout.write(values.json ? `${JSON.stringify(done)}\n` : `${words.join('\n')}\n`);
} catch (error) {
  const known = error instanceof ConfigError ? error : problemOf(error);
  const bug = known instanceof BackupProblem && known.code === 'unmade' && !(error instanceof BackupProblem);
  process.stderr.write(
    `hallwayctl: ${bug ? ((error as Error).stack ?? String(error)) : known.message}\nNothing was changed.\n`,
  );
  process.exitCode = 1;
}
