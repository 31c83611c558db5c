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
