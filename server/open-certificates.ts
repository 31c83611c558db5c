import { firstRun } from '../provisioning/first-run.ts';
import { Acme } from './certificates/acme/acme.ts';
import { Challenges } from './certificates/acme/challenges.ts';
import { Renewal } from './certificates/renewal.ts';
import { SecureContexts } from './certificates/secure-context.ts';
import { Unseen } from './certificates/unseen.ts';
import { record } from './commands/actor.ts';
import type { Settings } from './config/settings.ts';
import type { Stores } from './storage/stores/index.ts';
import type { Logger } from './util/log.ts';

/** The certificates of a house, and what keeps them good. */
export interface Certificates {
  readonly contexts: SecureContexts;
  readonly renewal: Renewal;
  readonly acme: Acme;
  readonly challenges: Challenges;
  /** The domains of the house; a new one has its first now. */
  readonly served: Awaited<ReturnType<typeof firstRun>>;
}

/** Opens them: afterwards there is one for each domain. ACME begins when there is a door for its questions. `stack` ends it all. */
export async function openCertificates(
  settings: Settings,
  stores: Stores,
  log: Logger,
  stack: AsyncDisposableStack,
): Promise<Certificates> {
  const domains = async (): Promise<string[]> => (await stores.domains.list()).map(({ name }) => name);

  const contexts = new SecureContexts({
    store: stores.certificates,
    domains,
    standIn: (domain) => renewal.standIn(domain),
    log,
  });
  const renewal: Renewal = stack.use(
    new Renewal({
      store: stores.certificates,
      domains,
      components: async () => (await stores.components.list()).map(({ domain }) => domain),
      hostname: settings.hostname,
      log,
      unseen: new Unseen(stores.settings),
      renewed: () => contexts.reload(),
    }),
  );
  const served = await firstRun({ domain: settings.domain, domains: stores.domains, certificates: renewal, log });
  await contexts.reload();
  renewal.start();
  const challenges = new Challenges();
  const acme = stack.use(
    new Acme({
      orders: stores.certificateOrders,
      settings: stores.settings,
      renewal,
      domains,
      challenges,
      hooks: settings.hooks,
      log,
      tried: (domain, failure) =>
        record(stores.audit, { name: 'hallway', door: 'house' }, failure === '' ? 'acme.got' : 'acme.failed', domain, {
          ...(failure !== '' && { failure }),
        }),
    }),
  );
  return { contexts, renewal, acme, challenges, served };
}
