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

/** Another program of ours, by the same Node and at the same terminal. */
async function program(name: string, args: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
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
