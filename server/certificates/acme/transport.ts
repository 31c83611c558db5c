import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { Client, ClientOptions } from 'acme-client';
import { AcmeProblem, explain, nonsense } from './problem.ts';

/** All that ACME says is small; the longest thing is a chain of certificates. */
const LARGEST = 128 * 1024;
const REQUEST_MS = 30_000;
/** For one certificate, with patience. */
const MOST_REQUESTS = 5_000;

export interface Where {
  /** The address of the directory: `https:`. */
  readonly directory: string;
  /** Whom alone to trust for it (PEM); '': those whom Node knows. */
  readonly authority: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** The library keeps one set of settings for all its clients, so that one of us asks at a time. */
let last: Promise<unknown> = Promise.resolve();

/** The origin that all addresses must have. Throws AcmeProblem for what is no address of a directory. */
export function directoryOrigin(directory: string): string {
  const url = URL.parse(directory);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new AcmeProblem('The address of the authority’s directory begins with https://.');
  }
  return url.origin;
}

/**
 * Asks an authority. Whatever it says, only its own host is asked (it must not be able to send us to others in our network), what it
 * answers is bounded in size and time, and redirects are not followed. Throws AcmeProblem.
 */
export function asking<T>(
  where: Where,
  ask: (make: (options: Omit<ClientOptions, 'directoryUrl'>) => Client) => Promise<T>,
): Promise<T> {
  const done = last.then(() => one(where, ask));
  last = done.catch(() => undefined);
  return done;
}

async function one<T>(
  { directory, authority, signal }: Where,
  ask: (make: (options: Omit<ClientOptions, 'directoryUrl'>) => Client) => Promise<T>,
): Promise<T> {
  const origin = directoryOrigin(directory);
  const { default: acme } = await import('acme-client');
  // Tries again by itself otherwise, after as long as the server says.
  Object.assign(acme.axios.defaults, { acmeSettings: { retryMaxAttempts: 0, retryDefaultDelay: 1 } });
  const agent = new Agent({ ...(authority !== '' && { ca: authority }), keepAlive: false });
  let requests = 0;
  let failure: Error | undefined;
  // The library forgets why a request got no answer, and fails with something else.
  const transport = {
    request: (options: RequestOptions, answered: (answer: IncomingMessage) => void): ClientRequest =>
      request(options, answered).once('error', (error) => {
        failure = error;
      }),
  };
  const interceptor = acme.axios.interceptors.request.use((config) => {
    const url = URL.parse(String(config.url));
    requests += 1;
    if (url === null || requests > MOST_REQUESTS) throw nonsense();
    if (url.origin !== origin) {
      throw new AcmeProblem(
        `The authority at ${new URL(origin).host} leads to another host, ${url.host}: that is not followed.`,
      );
    }
    return Object.assign(config, {
      httpsAgent: agent,
      transport,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: LARGEST,
      maxBodyLength: LARGEST,
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    });
  });
  try {
    signal.throwIfAborted();
    return await ask((options) => new acme.Client({ ...options, directoryUrl: directory }));
  } catch (error) {
    if (error instanceof AcmeProblem) throw error;
    // What an aborted request fails with differs with the moment.
    if (signal.aborted) throw new AcmeProblem('The authority could not be asked: it took too long.', { cause: error });
    throw explain(error instanceof TypeError ? (failure ?? error) : error);
  } finally {
    acme.axios.interceptors.request.eject(interceptor);
    agent.destroy();
  }
}

/** Where an authority's terms are, or undefined when it has none. Throws AcmeProblem. */
export async function termsOf(where: Where, accountKey: string): Promise<string | undefined> {
  return asking(where, async (make) => {
    const client = make({ accountKey });
    const found: unknown = await client.getTermsOfServiceUrl();
    // Any JSON would do for that; the types of the library keep this to themselves.
    await (client as unknown as { http: { getResourceUrl(name: string): Promise<string> } }).http.getResourceUrl(
      'newOrder',
    );
    if (found === null || found === undefined || found === '') return undefined;
    const url = URL.parse(String(found));
    if (url === null || !/^https?:$/.test(url.protocol) || url.href.length > 500) throw nonsense();
    return url.href;
  });
}
