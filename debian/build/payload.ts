import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'vite';
import { bundleServer, OUTSIDE, packageFolder } from './bundle.ts';
import { copyrightFile, withNeeds } from './copyright.ts';
import { bashCompletion, manualPage } from './manual.ts';
import { ARCHITECTURES, type Architecture, pinnedPackage } from './packages.ts';

/**
 * All that the package installs and that is not written by hand: `lib` becomes /usr/lib/hallway. Called by debian/rules:
 * `payload.ts --arch amd64 --version 1.2.3 --out FOLDER`, with SOURCE_DATE_EPOCH as Debian's tools set it.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Parts of ExifTool that nobody asks for here: its words in other languages, its manual, where cities are. */
const UNUSED = /\/(?:Lang|Geolocation\.(?:pm|dat)|[^/]+\.pod)$/;

/** Collects whose code is in the panel. */
function collector(packages: Set<string>): Plugin {
  return {
    name: 'collector',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        for (const folder of file.moduleIds.map(packageFolder)) if (folder !== undefined) packages.add(folder);
      }
    },
  };
}

async function buildPanel(out: string): Promise<Set<string>> {
  const root = join(ROOT, 'admin-ui');
  const packages = new Set([join(ROOT, 'node_modules', 'tailwindcss'), ...withNeeds(ROOT, 'converse.js')]);
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: out, emptyOutDir: true },
    plugins: [collector(packages)],
  });
  return packages;
}

/** `better-sqlite3` with its program for one architecture, and ExifTool without what is not used. */
function copyOutside(lib: string, { node }: Architecture): void {
  const [store, exiftool] = OUTSIDE.map((name) => [join(ROOT, 'node_modules', name), join(lib, 'node_modules', name)]);
  for (const part of ['package.json', 'lib', `prebuilds/linux-${node}.node`])
    cpSync(join(store![0]!, part), join(store![1]!, part), { recursive: true });
  for (const part of ['package.json', 'bin/exiftool', 'bin/lib'])
    cpSync(join(exiftool![0]!, part), join(exiftool![1]!, part), {
      recursive: true,
      filter: (path) => !UNUSED.test(path),
    });
  // It is called by name of its language, and is nobody's command.
  const script = join(exiftool![1]!, 'bin/exiftool');
  writeFileSync(script, readFileSync(script, 'utf8').replace(/^#!.*\n/, ''));
  chmodSync(script, 0o644);
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { arch: { type: 'string' }, version: { type: 'string' }, out: { type: 'string' } },
  });
  const architecture = ARCHITECTURES.find(({ debian }) => debian === values.arch);
  const { version } = values;
  if (architecture === undefined || values.out === undefined || version === undefined)
    throw new Error(`--arch ${ARCHITECTURES.map(({ debian }) => debian).join('|')} --version VERSION --out FOLDER`);
  const out = resolve(values.out);
  const lib = join(out, 'lib');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(lib, 'bin'), { recursive: true });

  const node = pinnedPackage(ROOT, `node-linux-${architecture.node}`);
  cpSync(join(node, 'bin/node'), join(lib, 'bin/node'));
  const { packages } = await bundleServer(ROOT, join(lib, 'server'));
  const panel = await buildPanel(join(lib, 'admin-ui/dist'));
  copyOutside(lib, architecture);
  writeFileSync(join(lib, 'package.json'), `${JSON.stringify({ name: 'hallway', version, type: 'module' })}\n`);

  const store = join(ROOT, 'node_modules', OUTSIDE[0]!);
  const all = new Set(
    [...packages, ...panel, store].map((folder) => folder.replace(/^.*?\/node_modules\//, `${ROOT}/node_modules/`)),
  );
  const exiftool = join(ROOT, 'node_modules', OUTSIDE[1]!);
  const day = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1_000).toISOString().slice(0, 10);
  writeFileSync(join(out, 'copyright'), copyrightFile(all, node, exiftool));
  cpSync(join(node, 'LICENSE'), join(out, 'nodejs.txt'));
  writeFileSync(join(out, 'hallwayctl.1'), manualPage(version, day));
  writeFileSync(join(out, 'hallwayctl.bash'), bashCompletion());
}

await run();
