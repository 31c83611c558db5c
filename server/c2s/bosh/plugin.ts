import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { ClientDoor } from '../door.ts';
import { mayUse, type OriginRules } from '../origins.ts';
import { type BoshRequest, readBody, terminalBody } from './body.ts';
import { collect } from './collect.ts';
import type { Reply } from './requests.ts';
import { BoshSession } from './session.ts';

/** Where clients send their requests. */
export const BOSH_PATH = '/http-bind';
/** Seconds for which a browser may remember whom we let in. */
const REMEMBER = 3_600;
/** Bytes of a request beside the largest stanza. */
const WRAPPER = 16 * 1024;

/**
 * XMPP over BOSH (XEP-0124, XEP-0206): a route for the HTTPS door. A session counts as a connection of the address that asked
 * for it; whatever a client says about another address is not looked at (SECURITY 70).
 */
export function boshPlugin(door: ClientDoor, rules: OriginRules): FastifyPluginAsync {
  const sessions = new Map<string, BoshSession>();
  const { beforeLogin } = door.limits;

  function answer(request: FastifyRequest, reply: Reply, closed: (gone: () => void) => void): void {
    let said: BoshRequest;
    try {
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      said = readBody(bytes, (sid) => sessions.get(sid)?.limits ?? beforeLogin);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      reply.answer(terminalBody(error.condition === 'policy-violation' ? 'policy-violation' : 'bad-request'));
      return;
    }
    const session = said.sid === '' ? begin(request, said) : sessions.get(said.sid);
    if (session === undefined) reply.answer(terminalBody(said.sid === '' ? 'policy-violation' : 'item-not-found'));
    else {
      session.take(said, reply);
      closed(() => session.flush());
    }
  }

  /** SECURITY 3: how much a client may send is known only once it is known who it is. */
  const roomOf = (sid: string): number => (sessions.get(sid)?.limits.bytes ?? 0) + WRAPPER;

  function begin(request: FastifyRequest, said: BoshRequest): BoshSession | undefined {
    const { remoteAddress: address = '', localAddress: ours = '' } = request.raw.socket;
    if (!door.hasRoom(address)) return undefined;
    const stream = new BoshSession(said, beforeLogin, () => sessions.delete(stream.sid));
    sessions.set(stream.sid, stream);
    const tls = request.raw.socket as Partial<TLSSocket>;
    const https = { protocol: tls.getProtocol?.() ?? '', cipher: tls.getCipher?.()?.name ?? '' };
    door.take({ stream, transport: 'bosh', address, ours, https });
    return stream;
  }

  return async (app) => {
    app.removeAllContentTypeParsers(); // XEP-0124 §4: what a client says its body is does not matter
    app.addContentTypeParser('*', (_request: FastifyRequest, body: Readable) =>
      collect(body, beforeLogin.bytes + WRAPPER, roomOf),
    );
    app.addHook('onRequest', async (request, reply) => {
      if (!mayUse(request.headers, rules)) return reply.code(403).type('text/plain').send('Not from that site.\n');
      allow(request, reply);
    });
    app.options(BOSH_PATH, { config: { access: 'web' } }, async (_request, reply) => {
      reply.code(204);
      reply.header('access-control-allow-methods', 'POST');
      reply.header('access-control-allow-headers', 'content-type');
      reply.header('access-control-max-age', String(REMEMBER));
    });
    app.post(BOSH_PATH, { config: { access: 'web' } }, async (request, reply) => {
      reply.type('text/xml; charset=utf-8');
      return new Promise<string>((resolve) => {
        const waiting: Reply = {
          answer: resolve,
          get gone() {
            return reply.raw.destroyed;
          },
        };
        answer(request, waiting, (gone) => void reply.raw.once('close', gone));
      });
    });
  };
}

/** A page of another site that may use this may read the answers, too. Cookies play no part. */
function allow(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('vary', 'origin');
  const { origin } = request.headers;
  if (origin !== undefined) reply.header('access-control-allow-origin', origin);
}
