import type { OptionValues } from '../host/option-values.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { ListenerView } from './overview.ts';

/** What somebody must type into a chat app that does not find the server by itself. */
export interface ConnectionFacts {
  readonly server: string;
  /** With STARTTLS, and with TLS from the first byte; null where nothing listens. */
  readonly port: number | null;
  readonly tlsPort: number | null;
  /** The certificate is of the house's own authority, which a device must be told to trust. */
  readonly ownAuthority: boolean;
  /** There is a chat in the browser at /chat. */
  readonly webChat: boolean;
}

/** How a domain is reached. `hostname` is this machine's name. */
export async function connectionOf(
  stores: Stores,
  domain: string,
  hostname: string,
  listeners: readonly ListenerView[],
  options: OptionValues,
): Promise<ConnectionFacts> {
  const port = (name: string): number | null => {
    const found = listeners.find((one) => one.name === name)?.address.match(/:(\d+)$/)?.[1];
    return found === undefined ? null : Number(found);
  };
  const terms = await stores.certificates.terms();
  const source = terms.find((one) => one.domain === domain)?.source;
  // By its name, as it is declared by the room that serves the chat.
  const chat = options.find('web.chat');
  return {
    server: hostname,
    port: port('c2s'),
    tlsPort: port('c2s_tls'),
    ownAuthority: source === 'internal',
    webChat: chat !== undefined && options.get(chat, domain) === true,
  };
}
