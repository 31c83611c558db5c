import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../commands/actor.ts';
import type { Right } from '../commands/rights.ts';
import type { BodyOf, ParamsOf, QueryOf, ReplyOf, Route } from './contract/index.ts';

export type { Right };

/**
 * Who may use a route. `public`: anybody who reaches the door. A right: a signed-in administrator who has it, or whoever may open
 * the Unix socket. `self`: every signed-in administrator, for what is their own; the socket has no such route, as nobody is signed
 * in there. `local`: the socket alone; the panel's door has no such route. `web`: anybody, and pages of other sites as well: the
 * route must decide by itself which, and must not look at cookies.
 */
export type Access = 'public' | 'web' | 'local' | 'self' | Right;

/** What a route is given. */
export interface Call<R extends Route> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  /** Who asks; for a `public` route nobody in particular. */
  readonly by: Actor;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A route as data: returned by the files in routes/, registered by the door. */
export interface RouteEntry {
  readonly key: Route;
  readonly access: Access;
  readonly handle: (call: Call<Route>) => Promise<unknown>;
  /** False: the route is answered as if it were not there. Asked at registration and at every request. */
  readonly there?: () => boolean;
  /** It writes its own answer (not JSON). */
  readonly raw?: true;
  /** Who has not proved a short while ago who they are must do so first. */
  readonly dangerous?: true;
  /** The bytes that its body may have, where they are more than is usual. */
  readonly bytes?: number;
  /** It reads its body by itself, as it comes, and sees to how long that may take. */
  readonly streamed?: true;
}

/** One route that answers with JSON; throws CommandError or HttpError to refuse. */
export function route<R extends Route>(
  key: R,
  access: Access,
  handle: (call: Call<R>) => Promise<ReplyOf<R>>,
  there?: () => boolean,
): RouteEntry {
  return { key, access, handle: handle as RouteEntry['handle'], ...(there !== undefined && { there }) };
}

/** One route that writes its own answer. */
export function rawRoute<R extends Route>(
  key: R,
  access: Access,
  handle: (call: Call<R>) => Promise<unknown>,
): RouteEntry {
  return { key, access, handle: handle as RouteEntry['handle'], raw: true };
}

/** A route for what cannot be taken back, or opens the house: only for who has just proved who they are. */
export function dangerous(entry: RouteEntry): RouteEntry {
  return { ...entry, dangerous: true };
}

/** A route that a whole file is sent to. */
export function large(entry: RouteEntry, bytes: number): RouteEntry {
  return { ...entry, bytes };
}

/** A route that a file is sent to which may be larger than memory: it is in `request.raw`. */
export function streamed(entry: RouteEntry): RouteEntry {
  return { ...entry, streamed: true };
}

export const DONE = { done: true } as const;
