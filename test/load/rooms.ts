/**
 * What rooms cost, by a real server and clients over TLS, the archive on: entering (one after the other, and all at once), memory
 * for each who is in, and each delivery of what is said, saturated and at ten messages a second. Also the longest time
 * that the server's event loop did not turn meanwhile, in ms: as the clock says, and (cpu) without what the machine spent on
 * other programs.
 *
 *   node test/load/rooms.ts [people]        1,000 when nothing is said; open files: two for each
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { DOMAIN, show, startHouse } from './house.ts';

const people = Number(process.argv[2] ?? 1_000);
const MUC = 'http://jabber.org/protocol/muc';
const SECONDS = 6;

function enters(client: Client, room: string, nick: string): Promise<string> {
  return client.says(`<presence to='${room}/${nick}'><x xmlns='${MUC}'/></presence>`, '<subject');
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

async function open(room: string, owner: Client): Promise<void> {
  await enters(owner, room, 'nick0');
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
  await house.read();
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
  const reading = await house.read();
  const deliveries = clients.reduce((all, one) => all + one.messages, 0) - before;
  show(`${clients.length} in a room, ${rate === undefined ? 'saturated' : `${rate} messages/s`}`, {
    deliveries,
    'µs each': (reading.cpu * 1_000) / deliveries,
    stall: reading.stall,
    cpu: reading.stallCpu,
  });
}

const house = await startHouse(people);
const clients = Array.from({ length: people }, () => new Client(house.ports.c2s_tls!));
await pool(clients, 8, (client, i) => client.logsIn(`user${i}`));
await sleep(1_000);

const small = `small@conference.${DOMAIN}`;
const few = clients.slice(0, 100);
await house.read();
await open(small, few[0]!);
await pool(few.slice(1), 8, async (client, i) => void (await enters(client, small, `nick${i + 1}`)));
await quiet(few);
const entered = await house.read();
show('100 enter a room', { 'ms each': entered.cpu / 100, stall: entered.stall, cpu: entered.stallCpu });
await talk(small, few);
await talk(small, few, 10);
for (const [i, client] of few.entries()) client.write(`<presence to='${small}/nick${i}' type='unavailable'/>`);
await quiet(clients);

const large = `large@conference.${DOMAIN}`;
let { heap } = await house.read();
const empty = heap;
await open(large, clients[0]!);
for (let at = 1; at < people; ) {
  const to = Math.min(people, at === 1 ? 100 : at + (people > 400 ? 300 : 100));
  await pool(clients.slice(at, to), 8, async (client, i) => void (await enters(client, large, `nick${at + i}`)));
  await quiet(clients);
  const reading = await house.read();
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
let reading = await house.read();
show('all leave at once', { 'ms each': reading.cpu / people, stall: reading.stall, cpu: reading.stallCpu });
for (const [i, client] of clients.entries()) {
  client.write(`<presence to='${large}/nick${i}'><x xmlns='${MUC}'/></presence>`);
}
const began = performance.now();
await quiet(clients);
reading = await house.read();
show('all enter at once', {
  seconds: (performance.now() - began) / 1_000,
  'ms each': reading.cpu / people,
  stall: reading.stall,
  cpu: reading.stallCpu,
});

for (const client of clients) client.end();
await house.stop();
