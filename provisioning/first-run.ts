import { StorageError } from '../server/storage/database.ts';
import type { Domain, Domains } from '../server/storage/stores/domains.ts';
import type { Logger } from '../server/util/log.ts';

export interface FirstRunOptions {
  /** The domain to serve if there is none yet: the boot file's. */
  readonly domain: string;
  readonly domains: Pick<Domains, 'list' | 'add'>;
  /** Issues the certificates that are missing or due; `server/certificates/renewal.ts`. */
  readonly certificates: { check(): Promise<readonly string[]> };
  readonly log: Logger;
}

/**
 * Makes a house out of an opened store: a first domain if there is none, the authority and every certificate that is
 * missing. To be called at every start, before listeners open; where all is there, it does nothing. A start that was cut
 * short is finished by the next one. Gives the domains, the oldest first. (The claim code is made by the claim's command,
 * which knows whether the house has an administrator.)
 */
export async function firstRun(options: FirstRunOptions): Promise<readonly Domain[]> {
  const { domain, domains, certificates, log } = options;
  if ((await domains.list()).length === 0) {
    try {
      await domains.add(domain);
      log.info({ domain }, 'serving a first domain');
    } catch (error) {
      // Two at once: the other one was quicker.
      if (!(error instanceof StorageError && error.code === 'constraint')) throw error;
    }
  }
  await certificates.check();
  return domains.list();
}
