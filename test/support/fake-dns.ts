import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

const TYPES = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const;
export type RecordType = keyof typeof TYPES;

export const RCODE = { formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export interface DnsRecord {
  readonly name: string;
  readonly type: RecordType;
  readonly ttl?: number;
  readonly data: Buffer;
}

export interface Question {
  readonly name: string;
  readonly type: RecordType | undefined;
  readonly by: 'udp' | 'tcp';
}

/** `silence`: it is not answered. A buffer is sent as it is. */
export type Reply =
  | 'silence'
  | Buffer
  | { readonly rcode?: number; readonly truncated?: boolean; readonly records?: readonly DnsRecord[] };

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

export function srv(name: string, target: string, port: number, priority = 0, weight = 0): DnsRecord {
  const numbers = Buffer.alloc(6);
  [priority, weight, port].forEach((value, at) => void numbers.writeUInt16BE(value, at * 2));
  return { name, type: 'SRV', data: Buffer.concat([numbers, nameBytes(target)]) };
}

export function a(name: string, address: string, ttl = 300): DnsRecord {
  return { name, type: 'A', ttl, data: Buffer.from(address.split('.').map(Number)) };
}

/** The address in all its eight groups. */
export function aaaa(name: string, address: string, ttl = 300): DnsRecord {
  const groups = address.split(':').map((group) => group.padStart(4, '0'));
  return { name, type: 'AAAA', ttl, data: Buffer.from(groups.join(''), 'hex') };
}

export function cname(name: string, target: string): DnsRecord {
  return { name, type: 'CNAME', data: nameBytes(target) };
}

function recordBytes({ name, type, ttl = 300, data }: DnsRecord): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(TYPES[type], 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(ttl, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(name), head, data]);
}

/** RFC 1035 §4.1: the name, its type, and where the question ends. */
function questionOf(message: Buffer): { name: string; type: RecordType | undefined; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = message.readUInt16BE(at + 1);
  const type = (Object.keys(TYPES) as RecordType[]).find((name) => TYPES[name] === number);
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

/** A name server made by hand, for what no proper one says. It listens by UDP and TCP at one port of loopback. */
export class FakeDns implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly asked: Question[] = [];
  readonly #answer: (question: Question) => Reply;
  readonly #connections = new Set<Socket>();
  #datagrams: Datagrams | undefined;
  #server: Server | undefined;

  private constructor(answer: (question: Question) => Reply) {
    this.#answer = answer;
  }

  static async start(answer: (question: Question) => Reply): Promise<FakeDns> {
    const dns = new FakeDns(answer);
    for (let tries = 1; ; tries++) {
      try {
        await dns.#listen();
        return dns;
      } catch (error) {
        // The port that was free for UDP was not for TCP.
        await dns[Symbol.asyncDispose]();
        if (tries === 10) throw error;
      }
    }
  }

  get port(): number {
    return this.#datagrams!.address().port;
  }

  async #listen(): Promise<void> {
    const datagrams = createSocket('udp4');
    this.#datagrams = datagrams;
    datagrams.on('message', (message, { port, address }) => {
      const reply = this.#reply(message, 'udp');
      if (reply !== undefined) datagrams.send(reply, port, address);
    });
    datagrams.bind(0, this.host);
    await once(datagrams, 'listening');
    const server = createServer((socket) => this.#talk(socket));
    this.#server = server;
    server.listen(this.port, this.host);
    await once(server, 'listening');
  }

  #talk(socket: Socket): void {
    let held = Buffer.alloc(0);
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        const reply = this.#reply(held.subarray(2, end), 'tcp');
        held = held.subarray(end);
        if (reply === undefined) continue;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      }
    });
  }

  #reply(message: Buffer, by: 'udp' | 'tcp'): Buffer | undefined {
    const { name, type, end } = questionOf(message);
    const question = { name, type, by };
    this.asked.push(question);
    const reply = this.#answer(question);
    if (reply === 'silence') return undefined;
    if (Buffer.isBuffer(reply)) return Buffer.concat([message.subarray(0, 2), reply]);
    const { rcode = 0, truncated = false, records = [] } = reply;
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | rcode, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    return Buffer.concat([head, message.subarray(12, end), ...records.map(recordBytes)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    const closing = [this.#datagrams, this.#server].map(async (one) => {
      if (one === undefined) return;
      const closed = once(one, 'close');
      one.close();
      await closed;
    });
    await Promise.allSettled(closing);
  }
}
