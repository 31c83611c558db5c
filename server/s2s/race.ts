import { isIPv6, type Socket } from 'node:net';

/** How one address came out, in ms since its attempt began. */
export type Outcome = (address: string, took: number, failed?: 'refused' | 'unreachable' | 'timeout') => void;

export interface RaceOptions {
  readonly dial: (address: string) => Socket;
  /** Ends the race: all that are on their way count as timed out. */
  readonly signal: AbortSignal;
  /** ms until the next address is begun beside those before it (RFC 8305 §5), and until one is given up. */
  readonly stagger: number;
  readonly patience: number;
  readonly outcome: Outcome;
}

/** RFC 8305 §4: one of each family in turn, IPv6 first. */
export function interleaved(addresses: readonly string[]): string[] {
  const six = addresses.filter((one) => isIPv6(one));
  const four = addresses.filter((one) => !isIPv6(one));
  const rounds = Array.from({ length: Math.max(six.length, four.length) }, (_, at) => [six[at], four[at]]);
  return rounds.flat().filter((one) => one !== undefined);
}

const REFUSED: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE']);

function reasonOf({ code }: NodeJS.ErrnoException): 'refused' | 'unreachable' | 'timeout' {
  if (REFUSED.has(code)) return 'refused';
  return code === 'ETIMEDOUT' ? 'timeout' : 'unreachable';
}

/**
 * RFC 8305 §5: tries the addresses in their order, each a little after the one before it or as soon as all before it have
 * failed. The first that is connected wins, the others are destroyed. Undefined when there is none.
 */
export function race(
  addresses: readonly string[],
  options: RaceOptions,
): Promise<{ readonly socket: Socket; readonly address: string } | undefined> {
  const { dial, signal, stagger, patience, outcome } = options;
  return new Promise((resolve) => {
    const running = new Map<
      Socket,
      { readonly address: string; readonly since: number; readonly over: NodeJS.Timeout }
    >();
    let next = 0;
    let later: NodeJS.Timeout | undefined;

    /** Takes one out of the race; undefined when it was out. */
    const out = (socket: Socket): { address: string; took: number } | undefined => {
      const one = running.get(socket);
      if (one === undefined) return undefined;
      running.delete(socket);
      clearTimeout(one.over);
      return { address: one.address, took: Math.round(performance.now() - one.since) };
    };
    const end = (won?: { socket: Socket; address: string }): void => {
      clearTimeout(later);
      signal.removeEventListener('abort', stopped);
      next = addresses.length;
      for (const socket of [...running.keys()]) {
        out(socket);
        socket.destroy();
      }
      resolve(won);
    };
    const failed = (socket: Socket, reason: 'refused' | 'unreachable' | 'timeout'): void => {
      const one = out(socket);
      socket.destroy();
      if (one === undefined) return;
      outcome(one.address, one.took, reason);
      if (next < addresses.length) begin();
      else if (running.size === 0) end();
    };
    const stopped = (): void => {
      next = addresses.length;
      for (const socket of [...running.keys()]) failed(socket, 'timeout');
    };
    const begin = (): void => {
      clearTimeout(later);
      const address = addresses[next++]!;
      const socket = dial(address);
      const over = setTimeout(() => failed(socket, 'timeout'), patience);
      running.set(socket, { address, since: performance.now(), over });
      // The listener stays: an error between here and who takes the socket over must not end the process.
      socket.on('error', (error) => failed(socket, reasonOf(error)));
      socket.once('connect', () => {
        const one = out(socket);
        if (one === undefined) return;
        outcome(one.address, one.took);
        end({ socket, address });
      });
      if (next < addresses.length) later = setTimeout(begin, stagger);
    };
    if (signal.aborted || addresses.length === 0) return resolve(undefined);
    signal.addEventListener('abort', stopped, { once: true });
    begin();
  });
}
