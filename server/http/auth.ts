import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Actor, mustMay, mustProve } from '../commands/actor.ts';
import type { Commands } from '../commands/index.ts';
import { tokenOf } from './cookie.ts';
import { HttpError } from './errors.ts';
import { checkHost, checkOrigin } from './origin.ts';
import type { Access } from './route.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Only for who has shown a short while ago who they are. */
    dangerous?: boolean;
    /** Its body may take as long as it needs: the route sees to that by itself. */
    patient?: boolean;
  }
  interface FastifyRequest {
    actor: Actor | undefined;
  }
}

/** Which door a request came through. */
export type Side = 'panel' | 'socket';

const NOBODY: Actor = { name: '', door: 'panel', rights: [] };
/** Who called `hallwayctl`, as it says itself: whoever may open the socket may do anything, so this is for the audit log. */
export const CALLER_HEADER = 'hallway-caller';

function caller(request: FastifyRequest): Actor {
  const said = request.headers[CALLER_HEADER];
  return { name: typeof said === 'string' && /^[\w.-]{1,64}$/.test(said) ? said : 'hallwayctl', door: 'cli' };
}

/** Who asks, for a route that has let them in. */
export function actorOf(request: FastifyRequest): Actor {
  return request.actor ?? NOBODY;
}

/**
 * Nobody gets in who is not let in: a route without a declared access cannot be registered, and every request is checked
 * against its route's before anything else is looked at.
 */
export function guard(app: FastifyInstance, side: Side, commands: Commands): void {
  app.decorateRequest('actor', undefined);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(`the route ${String(route.method)} ${route.url} does not say who may use it`);
    }
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config?.access;
    if (side === 'socket') {
      request.actor = caller(request);
      return;
    }
    if (access === 'web') return;
    if (request.routeOptions.url?.startsWith('/api/') === true) checkHost(request, commands);
    const token = tokenOf(request);
    if (request.headers.origin !== undefined) checkOrigin(request, true);
    if (request.is404 || access === 'public') {
      checkOrigin(request, token !== undefined);
      return;
    }
    const open = access !== 'local' && token !== undefined ? await commands.admins.session(token) : undefined;
    if (access === undefined || access === 'local' || open === undefined) {
      throw new HttpError(401, 'not-signed-in', 'Sign in first.');
    }
    const { admin, proven } = open;
    checkOrigin(request, true);
    const actor: Actor = { name: admin.name, door: 'panel', rights: admin.rights, proven };
    if (access !== 'self') mustMay(actor, access);
    if (request.routeOptions.config?.dangerous === true) mustProve(actor);
    request.actor = actor;
  });
}
