// What a message to somebody of another server costs: two houses on loopback, people of one write to people of the other.
//   node test/load/links.ts [messages a second, 0 for as many as go]
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { show, startHouse } from './house.ts';
import { talk } from './talk.ts';

const PEOPLE = 20;
const WARM = 3;
const SECONDS = 10;
/** Messages on their way when as many go as go. */
const WINDOW = 400;
const rate = Number(process.argv[2] ?? 500);
const ONE = 'verona.test';
const OTHER = 'mantua.test';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const ports: Readonly<Record<string, number>> = { [ONE]: await freePort(), [OTHER]: await freePort() };
const policy = (partner: string) => ({
  default: 'closed',
  leastTls: 'TLSv1.2',
  proof: 'dialback',
  privateAddresses: true,
  outside: 'everyone',
  people: [],
  rules: [
    {
      pattern: partner,
      verdict: 'allow',
      address: `127.0.0.1:${ports[partner]}`,
      reason: 'load',
      author: 'load',
      at: 0,
    },
  ],
});
const verona = await startHouse(PEOPLE, {
  domain: ONE,
  s2s: ports[ONE]!,
  settings: { 'federation.policy': policy(OTHER) },
});
const mantua = await startHouse(PEOPLE, {
  domain: OTHER,
  s2s: ports[OTHER]!,
  settings: { 'federation.policy': policy(ONE) },
});
const senders = await comes(verona.ports.c2s_tls!, ONE);
const readers = await comes(mantua.ports.c2s_tls!, OTHER);

async function comes(port: number, domain: string): Promise<Client[]> {
  const clients = Array.from({ length: PEOPLE }, () => new Client(port, domain));
  for (const [n, client] of clients.entries()) await client.logsIn(`user${n}`);
  return clients;
}

const began = performance.now();
const heard = readers[0]!.hears("id='first'");
senders[0]!.write(`<message to='user0@${OTHER}' type='chat' id='first'><body>first</body></message>`);
await heard;
show('the first message, with the link', { ms: performance.now() - began });

const text = talk();
let sent = 0;

/** Sends to people of a domain for a time; gives how many arrived, once all have. */
async function write(domain: string, listeners: readonly Client[], seconds: number): Promise<number> {
  const total = (): number => listeners.reduce((sum, { messages }) => sum + messages, 0);
  const before = total();
  const start = performance.now();
  let n = 0;
  while (performance.now() - start < seconds * 1_000) {
    const arrived = total() - before;
    const due = rate === 0 ? arrived + WINDOW : Math.floor(((performance.now() - start) / 1_000) * rate);
    for (; n < due; n++) {
      const to = n % PEOPLE;
      senders[to]!.write(
        `<message to='user${to}@${domain}' type='chat' id='m${sent++}'><body>${text()}</body></message>`,
      );
    }
    await sleep(rate === 0 ? 1 : 5);
  }
  for (let waited = 0; total() - before < n && waited < 5_000; waited += 10) await sleep(10);
  if (total() - before !== n) throw new Error(`${n - total() + before} of ${n} messages did not arrive`);
  return n;
}

const houses = [verona, mantua];
const readAll = () => Promise.all(houses.map((house) => house.read()));
for (const [what, domain, listeners] of [
  ['within a house', ONE, senders],
  ['to another server', OTHER, readers],
] as const) {
  await write(domain, listeners, WARM);
  await readAll();
  const messages = await write(domain, listeners, SECONDS);
  const [out, into] = await readAll();
  show(`${what}: ${messages} messages in ${SECONDS} s`, {
    'µs here': (out!.cpu / messages) * 1_000,
    'µs there': (into!.cpu / messages) * 1_000,
  });
}
for (const client of [...senders, ...readers]) client.end();
await Promise.all([verona.stop(), mantua.stop()]);
