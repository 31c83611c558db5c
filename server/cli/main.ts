import { userInfo } from 'node:os';
import { run } from './run.ts';

/** Who calls, for the audit log: the person behind sudo, if it is known. */
function caller(): string {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`; // a number without a name
  }
}

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  caller: caller(),
});
