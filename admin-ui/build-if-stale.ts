import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/**
 * Builds the panel before the server starts, when the built one is missing or older than its sources, so
 * that `npm start` in a checkout always shows the panel of that checkout. Meant for `node --import`.
 * Costs a few file stats when there is nothing to do. Where Vite is not installed (a production install),
 * the panel that came with it is taken as it is.
 */
const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, 'dist');

/** The newest change, in milliseconds, of a file or of anything below a folder; 0 when it is not there. */
function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  // The folder's own time tells of files that were removed.
  return readdirSync(path).reduce((time, name) => Math.max(time, newest(join(path, name))), stat.mtimeMs);
}

function stale(): boolean {
  const since = statSync(join(built, 'index.html'), { throwIfNoEntry: false })?.mtimeMs;
  if (since === undefined) return true;
  const sources = [
    'src',
    'public',
    'index.html',
    'vite.config.ts',
    'converse.ts',
    'compressed.ts',
    'start-at-once.ts',
    '../package-lock.json',
  ];
  return sources.some((name) => newest(join(here, name)) > since);
}

function viteProgram(): string | undefined {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve('vite/package.json'))), 'bin', 'vite.js');
  } catch {
    return undefined;
  }
}

async function build(vite: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  process.stdout.write('building the panel …\n');
  // Built aside and moved in place, so that two starts at once never serve each other's half-written files.
  const aside = join(here, '..', 'node_modules', '.cache', `panel-${process.pid}`);
  mkdirSync(dirname(aside), { recursive: true });
  const args = [vite, 'build', here, '--outDir', aside, '--emptyOutDir', '--logLevel', 'error'];
  // A child, because the builder's memory would otherwise stay with the server for life.
  const done = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0) {
    rmSync(aside, { recursive: true, force: true });
    throw new Error('the panel could not be built; the lines above say why');
  }
  rmSync(built, { recursive: true, force: true });
  try {
    renameSync(aside, built);
  } catch (error) {
    // Another start was quicker and its panel is as new as ours.
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(join(built, 'index.html'))) throw error;
  }
}

// Worker threads load the same --import; the panel is the main thread's business.
if (isMainThread && stale()) {
  const vite = viteProgram();
  if (vite) await build(vite);
  else if (!existsSync(built)) process.stderr.write('there is no built panel and Vite is not installed: run npm ci\n');
}
