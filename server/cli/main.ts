import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

/** Who calls, for the audit log: the person behind sudo, if it is known. */
function caller(): string {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`; // a number without a name
  }
}

/** Other programs of ours. Each address is written out, as the package is made by them (debian/build/bundle.ts). */
const PROGRAMS: Readonly<Record<string, URL>> = {
  restore: new URL('../restore.ts', import.meta.url),
  rollback: new URL('../rollback.ts', import.meta.url),
};

/** Runs one of them, by the same Node and at the same terminal. */
async function program(name: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(PROGRAMS[name]!), ...args], { stdio: 'inherit' });
  // Who presses Ctrl+C means both; the program decides how it ends.
  process.on('SIGINT', () => undefined);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  caller: caller(),
  program,
});
