import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from './settings.ts';
import { domain } from './values.ts';

/** In the data folder: the name of the machine that was chosen when the house was restored there. */
export const NAME_FILE = 'hostname';

/** The name that was chosen for the house in a data folder; undefined when none was, or it is none to go by. */
export function chosenName(data: string): string | undefined {
  try {
    return domain(readFileSync(join(data, NAME_FILE), 'utf8').trim());
  } catch {
    return undefined;
  }
}

/** The settings with that name; one that the boot file says comes first. */
export function withChosenName(settings: Settings): Settings {
  const hostname = settings.nameGiven ? undefined : chosenName(settings.data);
  return hostname === undefined ? settings : { ...settings, hostname };
}
