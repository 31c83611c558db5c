import { connect } from 'node:net';
import { ConfigError } from './config/config-error.ts';
import type { Address, Listen, Settings } from './config/settings.ts';

/** Where one listener listens now. */
export interface Listening {
  readonly name: string;
  readonly address: string;
}

/** Listens on every address of one kind. Throws ConfigError that names the address when it cannot. */
export async function listenAll(
  settings: Settings,
  name: keyof Listen,
  listening: Listening[],
  open: (address: Address) => Promise<number>,
): Promise<void> {
  for (const address of settings.listen[name]) {
    try {
      const port = await open(address);
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      listening.push({ name, address: `${host}:${port}` });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new ConfigError(`cannot listen on ${address.text}: ${REASONS[code ?? ''] ?? message}`, {
        file: settings.file,
        key: `[listen] ${name}`,
      });
    }
  }
}

/** ms that a connection from this machine to itself may take. */
const PATIENCE_MS = 2_000;

/** Whether all of them take connections at this moment: each is called, and hung up on before a word is said. */
export async function accepting(listening: readonly Listening[]): Promise<boolean> {
  return (await Promise.all(listening.map(({ address }) => answers(address)))).every(Boolean);
}

/** Whether one takes a connection. */
export function answers(address: string): Promise<boolean> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return new Promise((resolve) => {
    // Whoever listens on all addresses is called on that of the machine itself.
    const socket = connect({ host: LOOPBACK[host] ?? host, port: Number(port), timeout: PATIENCE_MS });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses this port already',
  EACCES: 'this user may not open this port',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** The address of the panel by one name of this machine. */
export function panelUrl(host: string, listening: readonly Listening[]): string {
  const port = listening.find(({ name }) => name === 'https')?.address.replace(/^.*:/, '') ?? '';
  return `https://${host}${port === '443' ? '' : `:${port}`}/`;
}

/** The port of the first listener of this name; undefined when there is none. */
export function portOf(listening: readonly Listening[], name: string): number | undefined {
  const address = listening.find((one) => one.name === name)?.address;
  return address === undefined ? undefined : Number(address.replace(/^.*:/, ''));
}
