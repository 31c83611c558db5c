import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';

const ROOT = join(import.meta.dirname, '..', '..');
const SETTINGS = `
domain = "example.test"
hostname = "localhost"
[listen]
c2s = ["127.0.0.1:0"]
c2s_tls = ["127.0.0.1:0"]
s2s = []
s2s_tls = []
https = ["127.0.0.1:0"]
proxy = []
component = []
`;

export interface Appliance {
  readonly url: string;
  /** The one-time code as it was printed. */
  readonly code: string;
  /** The port of direct TLS. */
  readonly clients: number;
  stop(): Promise<void>;
}

/** Starts the server as `npm start` does, on free ports of loopback with nothing but its first settings. */
export async function startAppliance(): Promise<Appliance> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-panel-'));
  const config = join(folder, 'hallway.toml');
  await writeFile(config, SETTINGS);
  const args = ['--import', './admin-ui/build-if-stale.ts', 'server/main.ts', '--config', config];
  const child = spawn(process.execPath, [...args, '--data', join(folder, 'data')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, JOURNAL_STREAM: undefined, NOTIFY_SOCKET: undefined },
  });
  const text = await untilReady(child);
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`the server did not print ${pattern}:\n${text}`);
    return found;
  };
  return {
    url: find(/^Panel: (https:\S+?)\/$/m),
    code: find(/^Claim code: (\S+)/m),
    clients: Number(find(/^ready .*c2s_tls=\S+:(\d+)/m)),
    stop: async () => {
      if (child.exitCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        await gone;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess): Promise<string> {
  let text = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (/^ready /m.test(text)) resolve(text);
    });
  }
  child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${text}`)));
  return promise;
}

/** A chat app of a few lines: logs in over verified TLS with PLAIN, binds, and is present. */
export class ChatApp {
  readonly #socket: TLSSocket;
  #text = '';

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (part: string) => {
      this.#text += part;
    });
    // A connection that the server cuts is what some scenes are about.
    socket.on('error', () => undefined);
  }

  /** Rejects when the certificate is not of this authority (PEM), and with the refusal when the login fails. */
  static async login(port: number, authority: string, person: string, password: string): Promise<ChatApp> {
    const [local = '', domain = ''] = person.split('@');
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: domain,
      ca: authority,
      ALPNProtocols: ['xmpp-client'],
    });
    await once(socket, 'secureConnect');
    const app = new ChatApp(socket);
    const open = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`;
    await app.say(open, '</stream:features>');
    const plain = Buffer.from(`\0${local}\0${password}`).toString('base64');
    await app.say(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success');
    await app.say(open, '</stream:features>');
    await app.say(
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desk</resource></bind></iq>",
      '</iq>',
    );
    socket.write('<presence><show>dnd</show><status>&lt;b&gt;busy&lt;/b&gt;</status></presence>');
    return app;
  }

  /** Sends, and waits for an answer that holds `answer`; gives all that came since. */
  async say(text: string, answer: string): Promise<string> {
    this.#text = '';
    this.#socket.write(text);
    while (!this.#text.includes(answer)) {
      if (this.#socket.destroyed || this.#text.includes('<failure')) {
        this.#socket.destroy();
        throw new Error(`refused: ${this.#text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#text;
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    while (!this.#socket.readableEnded && !this.#socket.destroyed)
      await new Promise((resolve) => setTimeout(resolve, 10));
  }

  close(): void {
    this.#socket.destroy();
  }
}
