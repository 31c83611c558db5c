import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

/** The programs that people and systemd start. What these start by themselves (threads, other programs) is found in the sources. */
const PROGRAMS: readonly string[] = ['server/main.ts', 'server/cli/main.ts'];

/** What is read at run time and is no code, by its place in the project; the package has it in the same place. */
const DATA: readonly string[] = ['package.json', 'admin-ui/dist'];

/** Packages that stay outside: one is a program, the other Perl. */
export const OUTSIDE: readonly string[] = ['better-sqlite3', 'exiftool-vendored.pl'];

const NEIGHBOUR = /new URL\(\s*(['"])(?<target>\.[^'"]*)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
/** Ways to find a place that mean nothing in a bundle; those that are known to do no harm there. */
const PLACE = /import\.meta\.(?:url|dirname|filename)|\b__dirname\b|\b__filename\b/;
const HARMLESS: Readonly<Record<string, string>> = {
  'server/main.ts': 'where compiled code is kept in a checkout; the unit says where in an installation',
  'server/components/upload/strip.ts': 'from there a package is looked for that lies outside',
};

export interface Bundle {
  /** Folders of the packages whose code is in it. */
  readonly packages: ReadonlySet<string>;
  /** The files that are programs or threads of their own. */
  readonly entries: readonly string[];
}

/** The file of the bundle that has this source as its beginning. */
export function entryFile(source: string): string {
  return `${source.replace(/\.ts$/, '').replaceAll('/', '-')}.js`;
}

/**
 * Bundles the server of the project `root` into `out`, where all files lie side by side. Every file of ours that others name
 * by `new URL('./FILE.ts', import.meta.url)` becomes an entry of its own. Throws for a place that would lead nowhere.
 */
export async function bundleServer(root: string, out: string): Promise<Bundle> {
  const entries = new Set(PROGRAMS);
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(PROGRAMS.map((source) => [entryFile(source).replace(/\.js$/, ''), join(root, source)])),
    platform: 'node',
    external: [...OUTSIDE],
    plugins: [neighbours(root, entries)],
    tsconfig: false,
    experimental: { attachDebugInfo: 'none' },
    onLog(level, log) {
      if (level === 'warn' && log.code !== 'EVAL') throw new Error(`rolldown: ${log.message}`);
    },
  });
  try {
    const { output } = await build.write({
      dir: out,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'part-[hash].js',
      comments: { legal: false, annotation: false, jsdoc: false },
    });
    const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const packages = new Set(modules.flatMap((id) => packageFolder(id) ?? []));
    return { packages, entries: [...entries].map(entryFile).sort() };
  } finally {
    await build.close();
  }
}

/** The folder of the package that a file belongs to; undefined for files of ours. */
export function packageFolder(id: string): string | undefined {
  const file = id.replace(/^\0/, '').replace(/\?.*$/, '');
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

/** Makes entries of what the sources start, and paths of what they read. */
function neighbours(root: string, entries: Set<string>): Plugin {
  return {
    name: 'neighbours',
    transform(code, id) {
      if (!id.startsWith('/') || packageFolder(id) !== undefined) return null;
      // One that was come by on another way would not be looked at.
      if (!id.startsWith(`${root}/`)) throw new Error(`${id} is outside of ${root}`);
      if (!PLACE.test(code)) return null;
      const here = relative(root, id);
      const changed = code.replace(NEIGHBOUR, (_all, _quote, target: string) => {
        const file = relative(root, resolve(dirname(id), target));
        if (DATA.includes(file)) return `new URL(${JSON.stringify(`../${file}`)}, import${'.meta'}.url)`;
        if (!file.endsWith('.ts') || !existsSync(join(root, file)))
          throw new Error(`${here}: ${target} would not be in the package`);
        if (!entries.has(file)) {
          entries.add(file);
          this.emitFile({ type: 'chunk', id: join(root, file), fileName: entryFile(file) });
        }
        return `new URL("./${entryFile(file)}", import${'.meta'}.url)`;
      });
      const rest = code.replace(NEIGHBOUR, '').match(PLACE);
      if (rest !== null && !(here in HARMLESS)) throw new Error(`${here}: ${rest[0]} means nothing in a bundle`);
      return { code: changed, map: null };
    },
  };
}
