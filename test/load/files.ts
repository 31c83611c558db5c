/**
 * What files cost: uploads, downloads and the file proxy beside plain Node that moves the same bytes (pipe.ts), in turns; then ten
 * at once, with what the server's memory grew by and how long messages of two other people took meanwhile.
 *
 *   node test/load/files.ts [MB]        of one file, 200 when nothing is said
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { authorityFor, leafFor } from '../../server/certificates/authority.ts';
import { Client } from './client.ts';
import { DOMAIN, show, startHouse } from './house.ts';

const MB = 1_000_000;
const SIZE = Number(process.argv[2] ?? 200) * MB;
const ROUNDS = 3;
const AT_ONCE = 10;

const house = await startHouse(AT_ONCE * 4 + 4);
const agent = new Agent({ rejectUnauthorized: false, keepAlive: false, maxSockets: 100 });
const file = join(house.folder, 'file');
await fill(file);
const authority = await authorityFor(undefined, ['localhost'], Date.now());
const leaf = await leafFor(authority, { domain: 'localhost', dns: ['localhost'], addresses: [] }, Date.now());
const pipe = fork(join(import.meta.dirname, 'pipe.ts'), [house.folder, leaf.keyPem, leaf.chainPem, file]);
const [plain] = (await once(pipe, 'message')) as [{ sink: number; source: number; relay: number }];

async function fill(name: string): Promise<void> {
  const handle = await open(name, 'w');
  const piece = randomBytes(MB);
  for (let at = 0; at < SIZE; at += MB) await handle.write(piece);
  await handle.close();
}

const nothing = (): Writable => new Writable({ highWaterMark: 1 << 20, write: (_chunk, _encoding, done) => done() });
const pieces = (): Readable => createReadStream(file, { highWaterMark: 256 * 1024 });

let people = 0;
async function somebody(): Promise<{ readonly local: string; readonly client: Client }> {
  const local = `user${people++}`;
  const client = new Client(house.ports.c2s_tls!);
  await client.logsIn(local);
  return { local, client };
}

/** Asks for a slot; gives where to put the file and where it will be. */
async function slot(client: Client): Promise<{ readonly put: string; readonly get: string }> {
  const wish = `<request xmlns='urn:xmpp:http:upload:0' filename='file' size='${SIZE}'/>`;
  const answer = await client.says(`<iq type='get' id='slot' to='upload.${DOMAIN}'>${wish}</iq>`, '</iq>');
  const [put, get] = [...answer.matchAll(/url=['"]([^'"]+)/g)].map(([, url]) => url!);
  if (put === undefined || get === undefined) throw new Error(answer);
  return { put, get };
}

async function upload(url: string): Promise<void> {
  const sent = request(url, { method: 'PUT', agent, headers: { 'content-length': SIZE } });
  const answered = once(sent, 'response');
  await pipeline(pieces(), sent);
  const [response] = (await answered) as [Readable & { statusCode: number }];
  response.resume();
  if (response.statusCode !== 201) throw new Error(`the upload was answered with ${response.statusCode}`);
}

async function download(url: string): Promise<void> {
  const [response] = (await once(request(url, { agent }).end(), 'response')) as [Readable];
  await pipeline(response, nothing());
}

async function plainUpload(): Promise<void> {
  const socket = connect({ port: plain.sink, host: '127.0.0.1', rejectUnauthorized: false });
  const done = once(socket, 'data');
  await pipeline(pieces(), socket);
  await done;
}

async function plainDownload(): Promise<void> {
  const socket = connect({ port: plain.source, host: '127.0.0.1', rejectUnauthorized: false });
  await pipeline(socket, nothing());
}

async function move(from: Socket, to: Socket): Promise<void> {
  await Promise.all([pipeline(pieces(), from, { end: true }), pipeline(to, nothing())]);
}

async function plainRelay(): Promise<void> {
  const ends = [plain.relay, plain.relay].map((port) => connectPlain(port, '127.0.0.1'));
  await Promise.all(ends.map((end) => once(end, 'connect')));
  await move(ends[0]!, ends[1]!);
}

/** XEP-0065 §5.3: one end of a bytestream through the proxy. */
async function socks(hash: string): Promise<Socket> {
  const socket = connectPlain(house.ports.proxy!, '127.0.0.1');
  socket.write(Buffer.from([5, 1, 0]));
  await once(socket, 'data');
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, 40]), Buffer.from(hash), Buffer.from([0, 0])]));
  await once(socket, 'data');
  return socket;
}

async function proxied(one: { local: string; client: Client }): Promise<void> {
  const sid = randomBytes(8).toString('hex');
  const target = `user0@${DOMAIN}/somewhere`;
  const hash = createHash('sha1').update(`${sid}${one.local}@${DOMAIN}/load${target}`).digest('hex');
  const [to, from] = [await socks(hash), await socks(hash)];
  const activate = `<query xmlns='http://jabber.org/protocol/bytestreams' sid='${sid}'><activate>${target}</activate></query>`;
  const answer = await one.client.says(
    `<iq type='set' id='${sid}' to='proxy.${DOMAIN}'>${activate}</iq>`,
    `id='${sid}'`,
  );
  if (!answer.includes("type='result'")) throw new Error(answer);
  await move(from, to);
}

/** What a process and its threads have had of the processor so far, in ms. */
function cpuOf({ pid }: ChildProcess): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

interface Cost {
  seconds: number;
  cpu: number;
}

async function measured(cost: Cost, server: ChildProcess, task: () => Promise<void>): Promise<void> {
  const [began, cpu] = [performance.now(), cpuOf(server)];
  await task();
  cost.seconds += (performance.now() - began) / 1_000;
  await sleep(200); // what follows the answer is work, too
  cost.cpu += cpuOf(server) - cpu;
}

/** Both in turns: ours and plain Node's. On a machine with other work the ratio of what they cost says more than that of their speed. */
async function compare(what: string, ours: () => Promise<void>, theirs: () => Promise<void>): Promise<void> {
  const [our, their]: [Cost, Cost] = [
    { seconds: 0, cpu: 0 },
    { seconds: 0, cpu: 0 },
  ];
  await theirs();
  for (let round = 0; round < ROUNDS; round++) {
    await measured(our, house.server, ours);
    await measured(their, pipe, theirs);
  }
  const all = (ROUNDS * SIZE) / MB;
  show(what, {
    'MB/s': all / our.seconds,
    plain: all / their.seconds,
    'ratio %': (100 * their.seconds) / our.seconds,
    'ms of CPU a MB': our.cpu / all,
    'plain ms': their.cpu / all,
  });
}

/** Kilobytes of memory that the server has now. */
function rss(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${house.server.pid}/status`, 'utf8'))?.[1] ?? 0);
}

async function talkDuring(chatter: ChildProcess, task: () => Promise<unknown>) {
  chatter.send('begin');
  await task();
  chatter.send('end');
  const [told] = (await once(chatter, 'message')) as [{ messages: number; p50: number; p99: number; most: number }];
  return told;
}

/** Ten at once. */
async function crowd(what: string, chatter: ChildProcess, all: readonly (() => Promise<void>)[]): Promise<void> {
  await house.read();
  await sleep(1_000);
  const before = rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, rss());
  }, 50);
  const began = performance.now();
  const { p50, p99 } = await talkDuring(chatter, () => Promise.all(all.map((one) => one())));
  const seconds = (performance.now() - began) / 1_000;
  clearInterval(watch);
  const { stall, stallCpu } = await house.read();
  show(what, {
    'MB/s': (all.length * SIZE) / MB / seconds,
    'grew MB': (most - before) / 1_000,
    p50,
    p99,
    stall,
    cpu: stallCpu,
  });
}

const links: string[] = [];
const one = await somebody();
await compare(
  'upload',
  async () => {
    const { put, get } = await slot(one.client);
    await upload(put);
    links.push(get);
  },
  plainUpload,
);
await compare('download', () => download(links[0]!), plainDownload);
if (house.ports.proxy !== undefined) await compare('file proxy', () => proxied(one), plainRelay);
pipe.disconnect();

const chatter = fork(join(import.meta.dirname, 'chatter.ts'), [
  String(house.ports.c2s_tls),
  `user${people++}`,
  `user${people++}`,
]);
await once(chatter, 'message');
const idle = await talkDuring(chatter, () => sleep(5_000));
show('messages, nothing else', { p50: idle.p50, p99: idle.p99 });
// In life these are other machines: they must not take the processor from the server and from those who talk.
setPriority(19);
const senders = await Promise.all(Array.from({ length: AT_ONCE }, somebody));
const slots = await Promise.all(senders.map(({ client }) => slot(client)));
await crowd(
  `${AT_ONCE} uploads at once`,
  chatter,
  slots.map(
    ({ put }) =>
      () =>
        upload(put),
  ),
);
await crowd(
  `${AT_ONCE} downloads at once`,
  chatter,
  slots.map(
    ({ get }) =>
      () =>
        download(get),
  ),
);
if (house.ports.proxy !== undefined) {
  await crowd(
    `${AT_ONCE} through the file proxy`,
    chatter,
    senders.map((sender) => () => proxied(sender)),
  );
}
chatter.disconnect();
for (const { client } of [one, ...senders]) client.end();
await rm(file);
await house.stop();
