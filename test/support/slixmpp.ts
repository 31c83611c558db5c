import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Appliance, HOSTNAME } from './appliance.ts';
import { without } from './packages.ts';

const SCENES = join(import.meta.dirname, '../interop');
const MOST_MS = 90_000;

/** What node:test takes as `skip`. */
export const noSlixmpp: string | false = without('python3-slixmpp', 'python3-aiohttp');

/** Several may be played at once. */
let plays = 0;

/** People by local part, each with the password. */
export type People = Readonly<Record<string, string>>;

/**
 * Plays one scene of test/interop/*.py with slixmpp as the clients, against an appliance whose authority is their only one,
 * so that a certificate that is not right ends the scene. Gives what the scene observed; rejects with its traceback.
 */
export async function playScene(
  appliance: Appliance,
  scene: string,
  people: People,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  await appliance.authority();
  const told = { ...placeOf(appliance, people), more };
  return playAmong(scene, told, appliance.folder, () => `The server's last words:\n${lastLines(appliance.log, 20)}`);
}

/** What a scene is told of an appliance, whose authority was written to its file before. Without ports while it is down. */
export function placeOf(appliance: Appliance, people: People): object {
  const { domain, host, authorityFile } = appliance;
  const ports = appliance.pid === 0 ? {} : appliance.ports;
  return { domain, hostname: HOSTNAME, host, ports, authority: authorityFile, people };
}

/** The end of a log. */
export function lastLines(log: string, lines: number): string {
  return log.split('\n').slice(-lines).join('\n');
}

/**
 * Plays one scene among what `told` says (see World in actor.py), which is written into this folder. What `words` gives is
 * shown when it fails.
 */
export async function playAmong(
  scene: string,
  told: Readonly<Record<string, unknown>>,
  folder: string,
  words: () => string,
): Promise<Record<string, unknown>> {
  const world = join(folder, `${scene.replace('/', '-')}-${++plays}.json`);
  await writeFile(world, JSON.stringify(told));
  // Debian's own Python: another one that stands before it on the PATH lacks Debian's modules.
  const child = spawn('/usr/bin/python3', ['-B', '-W', 'ignore', join(SCENES, `${scene}.py`), world], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Whom this machine trusts is no business of the scene.
    env: { ...process.env, SSL_CERT_FILE: '/nonexistent', SSL_CERT_DIR: '/nonexistent', PYTHONPATH: SCENES },
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const said = /^scene: (.*)$/m.exec(stdout)?.[1];
  if (code !== 0 || said === undefined) {
    throw new Error(`${scene}.py ended with ${signal ?? code}\n${stderr.slice(-4_000)}\n${words()}`);
  }
  return JSON.parse(said) as Record<string, unknown>;
}
