/**
 * What rooms cost, by a real server and clients over TLS, the archive on: entering (one after the other, and all at once), memory
 * for each who is in, and each delivery of what is said, saturated and at ten messages a second. Also the longest time
 * that the server's event loop did not turn meanwhile, in ms: as the clock says, and (cpu) without what the machine spent on
 * other programs.
 *
 *   node test/load/rooms.ts [people]        1,000 when nothing is said; open files: two for each
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { run } from '../support/appliance.ts';
import type { Reading } from './probe.ts';

const people = Number(process.argv[2] ?? 1_000);
const DOMAIN = 'bench.local';
const MUC = 'http://jabber.org/protocol/muc';
const SECONDS = 6;
const PASSWORD = 'wherefore art thou';

const folder = await mkdtemp(join(tmpdir(), 'hallway-rooms-'));
await writeFile(
  join(folder, 'hallway.toml'),
  `data = "data"\ndomain = "${DOMAIN}"\nhostname = "localhost"\n[listen]\n` +
    'c2s = []\nc2s_tls = ["127.0.0.1:0"]\nhttps = ["127.0.0.1:0"]\n[limits]\nconnections_per_address = 100000\n',
);
const server = fork(join(import.meta.dirname, '../../server/main.ts'), ['--config', join(folder, 'hallway.toml')], {
  execArgv: ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')],
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const port = await new Promise<number>((resolve) => {
  let said = '';
  server.stdout!.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-10_000);
    const found = /^ready .*c2s_tls=\S*:(\d+)/m.exec(said);
    if (found !== null) resolve(Number(found[1]));
  });
});

async function read(): Promise<Reading> {
  server.send('read');
  const [reading] = (await once(server, 'message')) as [Reading];
  return reading;
}

/** A client that counts what it gets, and reads as little of it as it can. */
class Client {
  presences = 0;
  messages = 0;
  readonly #socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
  #tail = '';
  #awaited: { readonly text: string; readonly resolve: () => void } | undefined;

  constructor() {
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      const text = this.#tail + chunk.toString('latin1');
      this.presences += count(text, '<presence ', this.#tail.length);
      this.messages += count(text, '<message ', this.#tail.length);
      if (this.#awaited !== undefined && text.includes(this.#awaited.text)) {
        const { resolve } = this.#awaited;
        this.#awaited = undefined;
        this.#tail = text.slice(-9); // the beginning of a tag may be in it, and no whole word that is waited for
        resolve();
      } else this.#tail = text.slice(-32);
    });
  }

  write(xml: string): void {
    this.#socket.write(xml);
  }

  /** Sends something and waits until some text has come. */
  says(xml: string, until: string): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#awaited = { text: until, resolve };
    });
    this.write(xml);
    return done;
  }

  async logsIn(local: string): Promise<void> {
    const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${DOMAIN}' version='1.0'>`;
    const plain = Buffer.from(`\0${local}\0${PASSWORD}`).toString('base64');
    await this.says(header, '</stream:features>');
    await this.says(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success');
    await this.says(header, '</stream:features>');
    const bind = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    await this.says(`${bind}<presence/>`, '<presence ');
  }

  enters(room: string, nick: string): Promise<void> {
    return this.says(`<presence to='${room}/${nick}'><x xmlns='${MUC}'/></presence>`, '<subject');
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** How often a word is in a text, other than wholly in what was looked at before. */
function count(text: string, word: string, seen: number): number {
  let n = 0;
  for (let at = text.indexOf(word, Math.max(0, seen - word.length + 1)); at >= 0; at = text.indexOf(word, at + 1)) n++;
  return n;
}

/** Tasks with some of them under way at a time. */
async function pool<T>(
  all: readonly T[],
  width: number,
  task: (one: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const index = next++;
      await task(all[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Waits until nothing more comes. */
async function quiet(clients: readonly Client[]): Promise<number> {
  const sum = (): number => clients.reduce((all, one) => all + one.presences + one.messages, 0);
  for (let before = -1; before !== sum(); await sleep(400)) before = sum();
  return sum();
}

const round = (n: number, digits = 1): number => Number(n.toFixed(digits));
const show = (what: string, figures: Record<string, number>): void =>
  console.log(what.padEnd(44), ...Object.entries(figures).map(([name, value]) => `${name} ${round(value, 2)}  `));

async function open(room: string, owner: Client): Promise<void> {
  await owner.enters(room, 'nick0');
  const form = "<x xmlns='jabber:x:data' type='submit'/>";
  await owner.says(
    `<iq type='set' id='made' to='${room}'><query xmlns='${MUC}#owner'>${form}</query></iq>`,
    "id='made'",
  );
}

/** What a delivery costs when people speak as fast as they hear themselves, or so many times a second in all. */
async function talk(room: string, clients: readonly Client[], rate?: number): Promise<void> {
  const body = 'x'.repeat(100);
  await quiet(clients);
  await read();
  const before = clients.reduce((all, one) => all + one.messages, 0);
  const end = performance.now() + SECONDS * 1_000;
  const message = (id: string) => `<message to='${room}' type='groupchat' id='${id}'><body>${body}</body></message>`;
  if (rate === undefined) {
    const speak = async (speaker: Client, who: number): Promise<void> => {
      for (let n = 0; performance.now() < end; n++) await speaker.says(message(`s${who}n${n}e`), `id='s${who}n${n}e'`);
    };
    await Promise.all(clients.slice(0, 20).map(speak));
  } else {
    for (let n = 0; n < SECONDS * rate; n++) {
      clients[n % 5]!.write(message(`r${n}`));
      await sleep(1_000 / rate);
    }
  }
  await quiet(clients);
  const reading = await read();
  const deliveries = clients.reduce((all, one) => all + one.messages, 0) - before;
  show(`${clients.length} in a room, ${rate === undefined ? 'saturated' : `${rate} messages/s`}`, {
    deliveries,
    'µs each': (reading.cpu * 1_000) / deliveries,
    stall: reading.stall,
    cpu: reading.stallCpu,
  });
}

const made = await run(
  [
    join(import.meta.dirname, 'accounts.ts'),
    '--data',
    join(folder, 'data'),
    '--domain',
    DOMAIN,
    '--n',
    String(people),
    '--password',
    PASSWORD,
  ],
  '',
  600_000,
);
if (made.code !== 0) throw new Error(made.stderr);
const clients = Array.from({ length: people }, () => new Client());
await pool(clients, 8, (client, i) => client.logsIn(`user${i}`));
await sleep(1_000);

const small = `small@conference.${DOMAIN}`;
const few = clients.slice(0, 100);
await read();
await open(small, few[0]!);
await pool(few.slice(1), 8, (client, i) => client.enters(small, `nick${i + 1}`));
await quiet(few);
const entered = await read();
show('100 enter a room', { 'ms each': entered.cpu / 100, stall: entered.stall, cpu: entered.stallCpu });
await talk(small, few);
await talk(small, few, 10);
for (const [i, client] of few.entries()) client.write(`<presence to='${small}/nick${i}' type='unavailable'/>`);
await quiet(clients);

const large = `large@conference.${DOMAIN}`;
let { heap } = await read();
const empty = heap;
await open(large, clients[0]!);
for (let at = 1; at < people; ) {
  const to = Math.min(people, at === 1 ? 100 : at + (people > 400 ? 300 : 100));
  await pool(clients.slice(at, to), 8, (client, i) => client.enters(large, `nick${at + i}`));
  await quiet(clients);
  const reading = await read();
  show(`${at} to ${to} in one room`, {
    'ms each': reading.cpu / (to - at),
    'kB each': (reading.heap - heap) / 1_024 / (to - at),
    stall: reading.stall,
    cpu: reading.stallCpu,
  });
  ({ heap } = reading);
  at = to;
}
show(`${people} in one room`, { 'kB each in all': (heap - empty) / 1_024 / people });
await talk(large, clients, 2);

for (const [i, client] of clients.entries()) client.write(`<presence to='${large}/nick${i}' type='unavailable'/>`);
await quiet(clients);
let reading = await read();
show('all leave at once', { 'ms each': reading.cpu / people, stall: reading.stall, cpu: reading.stallCpu });
for (const [i, client] of clients.entries()) {
  client.write(`<presence to='${large}/nick${i}'><x xmlns='${MUC}'/></presence>`);
}
const began = performance.now();
await quiet(clients);
reading = await read();
show('all enter at once', {
  seconds: (performance.now() - began) / 1_000,
  'ms each': reading.cpu / people,
  stall: reading.stall,
  cpu: reading.stallCpu,
});

for (const client of clients) client.end();
server.disconnect();
server.kill('SIGTERM');
await once(server, 'exit');
await rm(folder, { recursive: true });
