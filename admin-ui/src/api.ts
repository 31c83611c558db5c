import type { BodyOf, Contract, ParamsOf, QueryOf, ReplyOf, Route } from '../../server/http/contract/index.ts';
import { retell, t } from './language.ts';

/** The routes that answer with JSON; the event stream and the certificate are fetched by the browser itself. */
export type Endpoint = { [R in Route]: Contract[R] extends { reply: unknown } ? R : never }[Route];

type Given<Name extends string, Value> = Value extends undefined
  ? unknown
  : Record<never, never> extends Value
    ? { [K in Name]?: Value }
    : { [K in Name]: Value };
type Input<Key extends Endpoint> = Given<'params', ParamsOf<Key>> &
  Given<'query', QueryOf<Key>> &
  Given<'body', BodyOf<Key>>;
type Rest<Key extends Endpoint> = Record<never, never> extends Input<Key> ? [input?: Input<Key>] : [input: Input<Key>];

/** A refusal of the server (or none at all: status 0, code `unreachable`), with words fit for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

let lost: () => void = () => {};

/** Names what happens when the server no longer knows who we are. */
export function whenSignedOut(action: () => void): void {
  lost = action;
}

let prove: () => Promise<boolean> = async () => false;

/** Names what asks whoever is signed in to show again who they are; true when they did. What was refused is then asked once more. */
export function whenToProve(action: () => Promise<boolean>): void {
  prove = action;
}

/** Any failure in words for people. */
export function plainWords(reason: unknown): string {
  return reason instanceof ApiError
    ? retell(reason.message)
    : t('Something went wrong in this page. Load it again and try once more.');
}

function fill(path: string, params: Record<string, string | number> = {}): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')));
}

function search(query: Record<string, unknown> = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return pairs.length ? `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}` : '';
}

/** Characters that turn the order of others round (UAX #9 §2): by them a name can look like another one. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

const SIGN = '\ufffd';

/** Reads what the server sends. Names, statuses and titles are other people's: what would turn letters round is shown as a sign. */
export function readJson<Sent>(text: string): Sent {
  return JSON.parse(text.replace(TURNING, SIGN)) as Sent;
}

/** What was shown and then changed by hand, to be sent back: the signs in it were nobody's words. */
export function withoutSigns(text: string): string {
  return text.replaceAll(SIGN, '');
}

async function refusal(response: Response): Promise<ApiError> {
  const fallback = t('The server answered with an error ({status}). Try again in a moment.', {
    status: response.status,
  });
  try {
    const { error } = readJson<{ error?: { code?: string; message?: string; field?: string } }>(await response.text());
    return new ApiError(response.status, error?.code ?? 'unknown', error?.message || fallback, error?.field);
  } catch {
    return new ApiError(response.status, 'unknown', fallback);
  }
}

/**
 * Asks the server. The key is the contract's own, so one search finds both ends:
 * `api('GET /api/domains/:domain/accounts', { params, query })`. Throws ApiError.
 */
export async function api<Key extends Endpoint>(key: Key, ...rest: Rest<Key>): Promise<ReplyOf<Key>> {
  const [method = 'GET', path = ''] = key.split(' ');
  const { params, query, body } = (rest[0] ?? {}) as {
    params?: Record<string, string | number>;
    query?: Record<string, unknown>;
    body?: unknown;
  };
  const init: RequestInit = { method, headers: { accept: 'application/json' }, credentials: 'same-origin' };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  let response: Response;
  try {
    response = await fetch(fill(path, params) + search(query), init);
  } catch {
    throw new ApiError(0, 'unreachable', t('The server cannot be reached. Check the network and try again.'));
  }
  if (!response.ok) {
    const error = await refusal(response);
    if (error.status === 401) lost();
    if (error.code === 'prove-yourself' && (await prove())) return api(key, ...rest);
    throw error;
  }
  const text = response.status === 204 ? '' : await response.text();
  return (text ? readJson(text) : undefined) as ReplyOf<Key>;
}
