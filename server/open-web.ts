import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientDoor } from './c2s/door.ts';
import { mayUse, webOrigins } from './c2s/origins.ts';
import { webChat, webDoor } from './c2s/web.ts';
import type { Challenges } from './certificates/acme/challenges.ts';
import type { SecureContexts } from './certificates/secure-context.ts';
import type { Commands } from './commands/index.ts';
import type { OpenUploads } from './components/upload/open.ts';
import type { Settings } from './config/settings.ts';
import type { Hosts } from './host/hosts.ts';
import type { OptionValues } from './host/option-values.ts';
import * as http from './http/door.ts';
import { type Listening, listenAll, portOf } from './listening.ts';
import type { Logger } from './util/log.ts';

const PANEL = fileURLToPath(new URL('../admin-ui/dist', import.meta.url));

export interface WebNeeds {
  readonly settings: Settings;
  readonly commands: Commands;
  readonly contexts: SecureContexts;
  /** What is answered to an authority that asks for a proof. */
  readonly challenges: Challenges;
  readonly hosts: Hosts;
  /** Where clients come in, by the web, too. */
  readonly door: ClientDoor;
  readonly uploads: OpenUploads;
  readonly options: OptionValues;
  /** The origin of the links to files. */
  readonly files: () => string;
  /** Where it listens is added. */
  readonly listening: Listening[];
  readonly log: Logger;
  readonly stack: AsyncDisposableStack;
}

/** Opens all that speaks HTTP: the socket of hallwayctl, the panel with what is mounted beside it, and the door without TLS. */
export async function openWeb(needs: WebNeeds) {
  const { settings, commands, contexts, challenges, hosts, door, uploads, options, files, listening, log, stack } =
    needs;
  const socket = await http.createSocketDoor({ commands, log });
  stack.defer(() => socket.close());
  await socket.listenLocal(join(settings.data, 'hallwayctl.sock'));
  const rules = {
    names: () => commands.names(),
    allowed: () => options.get(webOrigins),
  };
  const web = webDoor(door, {
    rules,
    listening: () => listening,
  });
  const panel = await http.createPanelDoor({
    commands,
    log,
    tls: contexts.serverOptions(),
    panel: PANEL,
    mounts: [
      ...web.mounts,
      uploads.http((headers) => mayUse(headers, rules)),
      http.trustPages(commands),
      http.webChat(PANEL, () => hosts.domains().filter((domain) => options.get(webChat, domain)), files),
    ],
    upgrades: web.upgrades,
    // Those of the chat count twice, here and at their own door: some are left for the panel.
    connectionsPerAddress: settings.limits.connections_per_address + 100,
  });
  stack.defer(() => panel.close());
  stack.defer(() => door.close()); // first, so that who is connected by the panel's door is told
  await listenAll(settings, 'https', listening, async (address) => {
    const { server, port } = await panel.listen(address);
    contexts.follow(server);
    return port;
  });

  const plain = new http.PlainDoor({
    trust: () => http.trustFacts(commands),
    challenge: (token) => challenges.answer(token),
    names: () => [settings.hostname, ...hosts.domains()],
    httpsPort: () => portOf(listening, 'https'),
    log,
  });
  stack.defer(() => plain.close());
  await listenAll(settings, 'http', listening, (address) => plain.listen(address));
  return panel;
}
