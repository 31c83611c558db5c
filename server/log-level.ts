import { logLevel } from './commands/log.ts';
import type { Settings } from './config/settings.ts';
import type { OptionValues } from './host/option-values.ts';
import type { Logger } from './util/log.ts';

/** For what stands in the log whatever is chosen there, as the seal of the audit log: only the boot file silences it. */
export function lasting(settings: Settings, log: Logger): Logger {
  return log.child({}, { level: settings.log.level === 'silent' ? 'silent' : 'info' });
}

/** What is logged is as an administrator chose, from now on; else as the boot file says. */
export function obeyLevel(options: OptionValues, settings: Settings, log: Logger): void {
  const obey = (): void => {
    const chosen = options.get(logLevel);
    log.level = chosen === 'boot' ? settings.log.level : chosen;
  };
  options.watch((option) => {
    if (option.key === logLevel.key) obey();
  });
  obey();
}
