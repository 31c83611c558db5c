import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Settings } from './config/settings.ts';
import type { RunningServer } from './server.ts';

// Compiled code is kept between starts, which halves the time to the first login. All else is imported behind this line.
enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(import.meta.dirname, '../node_modules/.cache/hallway'));
const [
  { ConfigError },
  { loadSettings },
  { startServer },
  { StorageError },
  { createLog },
  { LogTail },
  { Notifier, tellWhy },
  { pointToPanel },
] = await Promise.all([
  import('./config/config-error.ts'),
  import('./config/load.ts'),
  import('./server.ts'),
  import('./storage/database.ts'),
  import('./util/log.ts'),
  import('./util/log-tail.ts'),
  import('./util/notify.ts'),
  import('../provisioning/panel-pointer.ts'),
]);

const USAGE = 'Usage: npm start -- [--config FILE] [--data DIR]';

function options(): { config?: string; data?: string } {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' }, data: { type: 'string' } } });
    return values;
  } catch (error) {
    fail(`${(error as Error).message}\n${USAGE}`, 2);
  }
}

function fail(text: string, code: number): never {
  process.stderr.write(`hallway: ${text}\n`);
  process.exit(code);
}

/** The end of a start that came to nothing: it is said here, and in what systemd shows. */
async function giveUp(error: unknown): Promise<never> {
  const why = explain(error);
  await tellWhy(process.env.NOTIFY_SOCKET, why);
  fail(why, 1);
}

/** What an administrator can mend is told in a sentence; anything else is a bug and shows its stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StorageError) return error.message;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined) return message;
  return (error as Error).stack ?? String(error);
}

async function run(): Promise<void> {
  const given = options();
  let settings: Settings;
  try {
    settings = loadSettings({ ...given, cwd: process.cwd() });
  } catch (error) {
    return giveUp(error);
  }
  process.umask(0o077);
  const tail = new LogTail();
  const log = createLog({ level: settings.log.level, journalStream: process.env.JOURNAL_STREAM, tail });
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));

  const wentBackFrom = process.env.HALLWAY_WENT_BACK_FROM ?? '';
  let stopping = false;
  let restarting: Promise<void> | undefined;
  const start = (): Promise<RunningServer> => startServer(settings, log, { tail, restart, wentBackFrom });
  /** Another house takes the place of this one: in the same process, so that it is the same by hand and under systemd. */
  const restart = (): void => {
    if (stopping || restarting !== undefined) return;
    restarting = (async () => {
      log.info('starting anew');
      await server[Symbol.asyncDispose]();
      server = await start();
      await present(server);
      restarting = undefined;
    })().catch(giveUp);
  };
  // A large store takes minutes after an upgrade, and somebody may look meanwhile.
  const told = tellWhy(
    process.env.NOTIFY_SOCKET,
    'opening the store; after an upgrade it is copied and brought up to date first, which takes its time when it is large',
  );
  let server = await start().catch(giveUp);
  const notifier = new Notifier({
    socket: process.env.NOTIFY_SOCKET,
    watchdogMicroseconds: process.env.WATCHDOG_USEC,
    watchdogPid: process.env.WATCHDOG_PID,
    pid: process.pid,
    check: async () => {
      if (restarting !== undefined) return undefined;
      point(server);
      return server.wrong();
    },
    log,
  });
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await notifier.stopping();
    await restarting;
    await server[Symbol.asyncDispose]();
    await notifier[Symbol.asyncDispose]();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());

  await present(server);
  await told;
  await notifier.ready(`serving ${server.listening.map(({ name }) => name).join(', ')}`);
  setTimeout(() => void server.warm(), 2_000).unref();
}

/** Says where it is, and that it listens. */
async function present(server: RunningServer): Promise<void> {
  point(server);
  await introduce(server);
  process.stdout.write(`ready ${server.listening.map(({ name, address }) => `${name}=${address}`).join(' ')}\n`);
}

/** Where the panel is, for those who come to the machine; kept up to date, as certificates are renewed. */
function point({ commands, panelUrls }: RunningServer): void {
  const { fingerprint } = commands.panel();
  pointToPanel(process.env.HALLWAY_POINTER, { urls: panelUrls, fingerprint, claimed: commands.claim.claimed });
}

/** Where the panel is, and what it takes to claim it. The journal is no place for the code: `hallwayctl claim-code` shows it. */
async function introduce({ commands, panelUrls }: RunningServer): Promise<void> {
  const { fingerprint } = commands.panel();
  const [byName, ...byAddress] = panelUrls;
  const lines = [`Panel: ${byName}`, ...byAddress.map((url) => `   or: ${url}`), `Certificate: SHA-256 ${fingerprint}`];
  if (!commands.claim.claimed && process.env.JOURNAL_STREAM === undefined) {
    const { code } = await commands.claim.freshCode({ name: 'start', door: 'house' });
    lines.push(`Claim code: ${code} (open the panel and enter it; it is good for one day)`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

await run();
