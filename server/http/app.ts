import cookie from '@fastify/cookie';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
  type RawServerDefault,
} from 'fastify';
import type { Commands } from '../commands/index.ts';
import { hangUp, PACE } from '../util/pace.ts';
import { actorOf, guard, type Side } from './auth.ts';
import type { ParamsOf, Route } from './contract/index.ts';
import { handleError } from './errors.ts';
import { EventStreams } from './events.ts';
import { setHeaders } from './headers.ts';
import { AttemptLimits } from './limits.ts';
import { checkOneHost } from './origin.ts';
import { notFound, servePanel } from './panel.ts';
import type { Call, RouteEntry } from './route.ts';
import { ownAccountRoutes } from './routes/account.ts';
import { accountRoutes } from './routes/accounts.ts';
import { administratorRoutes } from './routes/administrators.ts';
import { announcementRoutes } from './routes/announcements.ts';
import { archiveRoutes } from './routes/archive.ts';
import { auditRoutes } from './routes/audit.ts';
import { backupRoutes } from './routes/backups.ts';
import { certificateRoutes } from './routes/certificates.ts';
import { componentRoutes } from './routes/components.ts';
import { departmentRoutes } from './routes/departments.ts';
import { deviceRoutes } from './routes/devices.ts';
import { dnsRoutes } from './routes/dns.ts';
import { doctorRoutes } from './routes/doctor.ts';
import { domainRoutes } from './routes/domains.ts';
import { federationRoutes } from './routes/federation.ts';
import { figureRoutes } from './routes/figures.ts';
import { fileRoutes } from './routes/files.ts';
import { localRoutes } from './routes/local.ts';
import { logRoutes } from './routes/log.ts';
import { moveRoutes } from './routes/moves.ts';
import { onboardingRoutes } from './routes/onboarding.ts';
import { outageRoutes } from './routes/outage.ts';
import { overviewRoutes } from './routes/overview.ts';
import { peopleRoutes } from './routes/people.ts';
import { peopleImportRoutes } from './routes/people-imports.ts';
import { provisionRoutes } from './routes/provision.ts';
import { reportRoutes } from './routes/reports.ts';
import { restoreRoutes } from './routes/restore.ts';
import { roomRoutes } from './routes/rooms.ts';
import { sessionRoutes } from './routes/session.ts';
import { settingRoutes } from './routes/settings.ts';
import { setupRoutes } from './routes/setup.ts';
import { contractChecker } from './validate.ts';

export interface AppOptions {
  readonly commands: Commands;
  readonly side: Side;
  readonly log: FastifyBaseLogger;
  /** The folder of the built panel; none at the socket. */
  readonly panel?: string;
  /** Features with an HTTP side of their own; each of their routes says in its config who may use it. */
  readonly mounts?: readonly FastifyPluginAsync[];
}

export interface App {
  readonly app: FastifyInstance;
  readonly streams: EventStreams;
}

const BODY_BYTES = 64 * 1024;
/** ms that a body of that size may take. */
const BODY_MS = 30_000;

/** The routes are checked against the contract, so Fastify's own schema compilers are never needed, nor loaded. */
function noCompiler(): never {
  throw new Error('schemas belong in the contract, not in the route options');
}

/** Every route of one side, in the order of the contract. */
function entries({ commands, side }: AppOptions, streams: EventStreams): RouteEntry[] {
  const limits = new AttemptLimits();
  const all = [
    ...sessionRoutes(commands, limits),
    ...ownAccountRoutes(commands, limits),
    ...administratorRoutes(commands),
    ...overviewRoutes(commands, streams),
    ...figureRoutes(commands),
    ...domainRoutes(commands),
    ...dnsRoutes(commands),
    ...certificateRoutes(commands),
    ...componentRoutes(commands),
    ...federationRoutes(commands),
    ...deviceRoutes(commands),
    ...setupRoutes(commands),
    ...settingRoutes(commands),
    ...accountRoutes(commands),
    ...peopleRoutes(commands),
    ...peopleImportRoutes(commands),
    ...moveRoutes(commands),
    ...announcementRoutes(commands),
    ...archiveRoutes(commands),
    ...outageRoutes(commands),
    ...onboardingRoutes(commands),
    ...auditRoutes(commands),
    ...departmentRoutes(commands),
    ...provisionRoutes(commands),
    ...logRoutes(commands, streams),
    ...reportRoutes(commands),
    ...backupRoutes(commands),
    ...restoreRoutes(commands, limits),
    ...doctorRoutes(commands),
    ...roomRoutes(commands),
    ...fileRoutes(commands),
    ...localRoutes(commands),
  ];
  const other = side === 'socket' ? 'self' : 'local';
  return all.filter(({ access, there }) => access !== other && (there?.() ?? true));
}

function register(app: FastifyInstance, entry: RouteEntry): void {
  const { key, access, dangerous, handle, there, raw, bytes, streamed } = entry;
  const [method, url] = key.split(' ') as [string, string];
  app.route({
    method,
    url,
    config: { access, ...(dangerous && { dangerous }), ...(streamed && { patient: true }) },
    ...(bytes !== undefined && { bodyLimit: bytes }),
    handler: async (request, reply) => {
      // Checked before the input is: a route that is gone says nothing about what it would have taken.
      if (there?.() === false) return notFound(reply);
      const checker = await contractChecker();
      const { params, query, body } = request;
      const input = checker.check(key, { params, query, body });
      const call = { ...input, params: input.params as ParamsOf<Route>, by: actorOf(request), request, reply };
      const answer = await handle(call as Call<Route>);
      return raw ? reply : checker.clean(key, answer);
    },
  });
}

/** A part of the application whose routes read bodies by themselves. */
function unread(entry: RouteEntry): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _body, done) => done(null));
    register(app, entry);
  };
}

/** Whether no body comes. */
function isEmpty({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

/**
 * Hangs up on who sends a body too slowly, while nothing is answered; a patient route sees to that by itself. What comes of a body
 * after its answer is seen to by `hangUp`, for all routes alike: the two cannot be one, as an answer that is sent while its body still
 * comes ends the first time and begins the other, and the one of a patient route is measured in bytes, not in ms.
 */
function hurry(request: FastifyRequest): void {
  const { raw, routeOptions } = request;
  if (isEmpty(request) || routeOptions.config?.patient === true) return;
  const timer = setTimeout(() => raw.destroy(), BODY_MS);
  raw.once('end', () => clearTimeout(timer));
  raw.once('close', () => clearTimeout(timer));
}

/** The application behind one door, without the door. Throws when a route does not say who may use it. */
export async function createApp(options: AppOptions): Promise<App> {
  const { commands, side, log, panel, mounts = [] } = options;
  const settings: FastifyServerOptions<RawServerDefault, FastifyBaseLogger> = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: false,
    bodyLimit: BODY_BYTES,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    exposeHeadRoutes: false,
    return503OnClosing: true,
    routerOptions: {
      maxParamLength: 3_100, // a local part or resource of 1,023 bytes, percent-encoded
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      caseSensitive: true,
    },
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    frameworkErrors: (error, request, reply: FastifyReply) => {
      setHeaders(reply);
      void handleError(error, request, reply).then((body) => reply.send(body));
    },
  };
  const app: FastifyInstance = Fastify(settings);
  const streams = new EventStreams(commands);
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (_request, reply) => setHeaders(reply));
  app.addHook('onRequest', async (request) => checkOneHost(request.raw));
  app.addHook('onRequest', async (request) => hurry(request));
  // Who is refused before all has come may have much to send, and nobody reads it.
  app.addHook('onSend', async (request, reply) => {
    if (!isEmpty(request)) hangUp(request.raw, reply.raw, PACE);
  });
  await app.register(cookie);
  guard(app, side, commands);
  app.setErrorHandler(handleError);
  for (const entry of entries(options, streams)) {
    if (entry.streamed) await app.register(unread(entry));
    else register(app, entry);
  }
  if (panel === undefined) app.setNotFoundHandler((_request, reply) => notFound(reply));
  else await servePanel(app, panel);
  for (const mount of mounts) await app.register(mount);
  await app.ready();
  return { app, streams };
}
