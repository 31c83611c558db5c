import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandError } from './commands/command-error.ts';
import type { Commands } from './commands/index.ts';
import { ConfigError } from './config/config-error.ts';
import type { Logger } from './util/log.ts';

/**
 * Applies the provisioning file that the boot file names, unless this house was ever provisioned or came from a backup: it is for the first start of
 * a new one.
 * Throws ConfigError, which ends the start before a door is open: a house that is half set up would look like a whole one.
 */
export async function provisionAtStart(commands: Commands, path: string | undefined, log: Logger): Promise<void> {
  if (path === undefined || (await commands.provision.begun())) return;
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      file: path,
      key: 'provision',
    });
  }
  try {
    const by = { name: 'start', door: 'house' } as const;
    const { done } = await commands.provision.apply(by, { name: path, source, folder: dirname(path) });
    log.info({ file: path, people: done.people.length, domains: done.domains }, 'set up by the provisioning file');
    for (const advice of done.advice) log.warn({ file: path }, advice);
  } catch (error) {
    if (error instanceof CommandError) throw new ConfigError(error.message, {}, { cause: error });
    throw error;
  }
}
