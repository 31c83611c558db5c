import { connect as open, type Socket } from 'node:net';
import type { Try } from './attempt.ts';
import { NameError, type Names } from './names.ts';
import { type Facts, LinkProblem, type ProblemCode } from './problem.ts';
import { interleaved, race } from './race.ts';
import type { Target } from './target.ts';

export interface ConnectTimes {
  /** ms: between two addresses of a host, for one address, and for all together. */
  readonly stagger: number;
  readonly address: number;
  readonly total: number;
}

export const TIMES: ConnectTimes = { stagger: 250, address: 10_000, total: 20_000 };

/** However many hosts there are behind the one that does not answer, each gets this at least, in ms. */
const LEAST_MS = 3_000;
const MAX_ADDRESSES = 8;
const MAX_TRIES = 32;
const KEEP_ALIVE_MS = 60_000;

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Whether an address may be connected to. It is asked of the very address that then is. */
  readonly mayUse: (address: string) => boolean;
  /** Grows by what was tried, also where this throws. */
  readonly tried: Try[];
  /** Whose server it is, for the sentences. */
  readonly domain?: string;
  readonly times?: Partial<ConnectTimes>;
  readonly dial?: (address: string, port: number) => Socket;
}

export interface Connected {
  /** It has a listener for errors that does nothing. Nothing was read from it. */
  readonly socket: Socket;
  readonly target: Target;
  readonly address: string;
  /** The targets behind it, should this one turn out to be none of the kind. */
  readonly rest: readonly Target[];
}

interface Failure {
  readonly code: ProblemCode;
  readonly facts: Facts;
}

/** The most telling first: what answered, what may answer yet, what somebody has to change. */
const TELLING: readonly ProblemCode[] = [
  'refused',
  'connect-timeout',
  'unreachable',
  'dns-timeout',
  'dns-failed',
  'private-address',
  'no-address',
];

const CODES = { refused: 'refused', unreachable: 'unreachable', timeout: 'connect-timeout' } as const;

function dialed(address: string, port: number): Socket {
  return open({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
}

/**
 * Connects to the first of the targets that can be reached, in their order, by the addresses of each (RFC 8305). Throws
 * LinkProblem with the most telling of what went wrong, or the reason of the signal.
 */
export async function connect(names: Names, targets: readonly Target[], options: ConnectOptions): Promise<Connected> {
  const { signal, tried, dial = dialed } = options;
  const times = { ...TIMES, ...options.times };
  signal.throwIfAborted();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new NameError('timeout', '')), times.total);
  const aborted = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  const failures: Failure[] = [];
  const end = performance.now() + times.total;
  const most = tried.length + MAX_TRIES;
  try {
    for (const [at, target] of targets.entries()) {
      const addresses = await usable(names, target, stop.signal, options, failures);
      const share = (end - performance.now()) / (targets.length - at);
      const won = await race(
        interleaved(addresses).slice(0, Math.max(0, Math.min(MAX_ADDRESSES, most - tried.length))),
        {
          dial: (address) => dial(address, target.port),
          signal: stop.signal,
          stagger: times.stagger,
          patience: Math.min(times.address, Math.max(LEAST_MS, share)),
          outcome: (address, took, failed) => {
            tried.push({ ...target, address, took, ...(failed && { failed }) });
            if (failed) failures.push({ code: CODES[failed], facts: facts(options, target, address) });
          },
        },
      );
      if (won !== undefined) {
        if (!signal.aborted) return { ...won, target, rest: targets.slice(at + 1) };
        won.socket.destroy();
      }
      signal.throwIfAborted();
      if (stop.signal.aborted || tried.length >= most) break;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
  }
  const [worst] = failures.toSorted((a, b) => TELLING.indexOf(a.code) - TELLING.indexOf(b.code));
  throw new LinkProblem(worst?.code ?? 'no-address', worst?.facts ?? domainOf(options));
}

const domainOf = ({ domain }: ConnectOptions): Facts => (domain === undefined ? {} : { domain });

function facts(options: ConnectOptions, { host, port }: Target, address: string): Facts {
  return { ...domainOf(options), host, port, address };
}

/** The addresses of a target that may be connected to; what is wrong with the others is noted. */
async function usable(
  names: Names,
  target: Target,
  signal: AbortSignal,
  options: ConnectOptions,
  failures: Failure[],
): Promise<string[]> {
  const { tried, mayUse } = options;
  const since = performance.now();
  try {
    const all = await names.addresses(target.host, signal);
    const refused = all.filter((address) => !mayUse(address)).slice(0, MAX_ADDRESSES);
    for (const address of refused) {
      tried.push({ ...target, address, took: 0, failed: 'private' });
      failures.push({ code: 'private-address', facts: facts(options, target, address) });
    }
    return all.filter((address) => mayUse(address));
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    const code = error.failure.startsWith('no-')
      ? 'no-address'
      : (`dns-${error.failure}` as 'dns-timeout' | 'dns-failed');
    tried.push({ ...target, address: '', took: Math.round(performance.now() - since), failed: code });
    failures.push({ code, facts: { ...domainOf(options), host: target.host, name: target.host } });
    return [];
  }
}
