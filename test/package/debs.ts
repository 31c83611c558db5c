import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Of the machine, as Debian calls it. */
export const ARCH = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();

export interface Build {
  readonly version: string;
  /** Default: of this machine. */
  readonly arch?: string;
  /** As it is shipped: small, and slower to make. */
  readonly small?: boolean;
}

/** The package of a version, made once for a commit; its file. */
export function built({ version, arch = ARCH, small = false }: Build): string {
  const out = join(ROOT, 'debian/output', small ? 'small' : 'quick');
  const file = join(out, `hallway_${version}_${arch}.deb`);
  const newest = Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' })) * 1_000;
  if (existsSync(file) && statSync(file).mtimeMs > newest) return file;
  const how = ['--version', version, '--arch', arch, '--out', out, ...(small ? [] : ['--quick'])];
  execFileSync('npm', ['run', '-s', 'deb', '--', ...how], { cwd: ROOT, stdio: 'inherit' });
  return file;
}

/** The package with something wrong in it; its file in `folder`. `change` is given where it is unpacked. */
export function spoilt(deb: string, version: string, folder: string, change: (root: string) => void): string {
  const root = join(folder, `spoilt-${version}`);
  execFileSync('dpkg-deb', ['-R', deb, root]);
  const control = join(root, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
  change(root);
  const file = join(folder, `hallway_${version}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', root, file], { stdio: 'ignore' });
  rmSync(root, { recursive: true });
  return file;
}

/** The newest step of the schema, in the bundle: the last one of the list. */
const LAST_STEP = /\{\s*version: \d+,\s*name: "[\w-]+",\s*statements: [^{}]*\}(?=\s*\])/;

/** One more step of the schema, for `spoilt`. */
export function withStep(statement: string): (root: string) => void {
  const step = `$&, { version: 999, name: "more", statements: [${JSON.stringify(statement)}] }`;
  return (root) => {
    const folder = join(root, 'usr/lib/hallway/server');
    const found = readdirSync(folder).filter((name) => {
      if (!name.endsWith('.js')) return false;
      const file = join(folder, name);
      const text = readFileSync(file, 'utf8');
      const changed = text.replace(LAST_STEP, step);
      if (changed !== text) writeFileSync(file, changed);
      return changed !== text;
    });
    if (found.length === 0) throw new Error(`nothing in ${folder} is like ${LAST_STEP}`);
  };
}

/** A server that ends at once, for `spoilt`. */
export function withoutServer(root: string): void {
  const main = join(root, 'usr/lib/hallway/server/server-main.js');
  writeFileSync(main, `process.exit(7);\n${readFileSync(main, 'utf8')}`);
}
