import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The settings that docs/CALLS.md gives to people. */
export async function documented(): Promise<string> {
  const text = await readFile(new URL('../../docs/CALLS.md', import.meta.url), 'utf8');
  return /```conf\n([\s\S]*?)```/.exec(text)![1]!;
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A relay on loopback, with these settings and what a test needs besides. */
export class Coturn implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(port: number, folder: string, process: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(settings: string): Promise<Coturn> {
    const folder = await mkdtemp(join(tmpdir(), 'hallway-turn-'));
    const port = await freePort();
    const more = `
listening-ip=127.0.0.1
relay-ip=127.0.0.1
no-tls
no-dtls
log-file=stdout
simple-log
userdb=${folder}/turndb
pidfile=${folder}/pid
`;
    const own = settings.replace('listening-port=3478', `listening-port=${port}`);
    await writeFile(join(folder, 'turnserver.conf'), own + more);
    const child = spawn('turnserver', ['-c', join(folder, 'turnserver.conf')], { stdio: 'ignore' });
    const relay = new Coturn(port, folder, child);
    for (let tries = 0; ; tries++) {
      if (await relay.#answers()) return relay;
      if (tries === 100 || child.exitCode !== null) {
        await relay[Symbol.asyncDispose]();
        throw new Error('coturn did not start');
      }
      await pause(100);
    }
  }

  /** What a client of coturn's own says with a pass; `peer` is to whom the relay shall send, itself if none is given. */
  uses(username: string, password: string, peer?: string): Promise<{ code: number; said: string }> {
    const whom = peer === undefined ? ['-y'] : ['-e', peer];
    const args = [...whom, '-v', '-c', '-n', '1', '-m', '1', '-p', String(this.port), '-u', username, '-w', password];
    return new Promise((resolve) => {
      execFile('turnutils_uclient', [...args, '127.0.0.1'], { timeout: 20_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: out + err }),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await once(this.#process, 'exit');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A STUN binding request (RFC 8489 §5) is answered. */
  async #answers(): Promise<boolean> {
    const socket = createSocket('udp4');
    try {
      const request = Buffer.from('000100002112a442000000000000000000000000', 'hex');
      socket.send(request, this.port, '127.0.0.1');
      return await Promise.race([once(socket, 'message').then(() => true), pause(200, false)]);
    } finally {
      socket.close();
    }
  }
}
