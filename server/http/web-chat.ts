import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from './panel.ts';

/**
 * What Converse.js needs more than the panel: styles that its components put on elements, and its cryptography in
 * WebAssembly (without either, a browser complains, and a test with it), pictures and recordings as data, and the WebSocket.
 * No inline script, no `eval`, nothing from elsewhere.
 */
function policy(host: string, files: string): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    // Pictures and films that people send are had by a name that may be another than the chat's.
    `img-src 'self' data: blob: ${files}`,
    `media-src 'self' blob: ${files}`,
    // 'self' does not take in wss: in every browser.
    `connect-src 'self' wss://${host} ${files}`,
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Files of the chat: each part of the path a plain name. */
const FILE = /^(?:[a-z0-9_-]+\/){0,3}[A-Za-z0-9_-]+(?:\.[a-z0-9]+){1,3}$/;
const LASTING = /\.(?:wasm|json|ttf|svg|png|mp3|ogg)$/;
const HOST = /^[\w.:[\]-]+$/;

/** For the people who were told of this address. */
function switchedOff(reply: FastifyReply): FastifyReply {
  const text = 'There is no chat in the browser here. Please use a chat app, or ask your administrator.';
  return reply.code(404).type('text/plain; charset=utf-8').send(text);
}

/**
 * The chat in the browser, at /chat/, from the folder of the built panel. `domains` gives those whose people may use it; when
 * there are none it is as if it was not there. `files` gives the origin of the links to files.
 */
export function webChat(folder: string, domains: () => readonly string[], files: () => string): FastifyPluginAsync {
  const there = () => domains().length > 0 && existsSync(join(folder, 'chat/converse.min.js'));
  const file = (request: FastifyRequest, reply: FastifyReply, name: string) => {
    const host = request.headers.host ?? '';
    if (!there() || !FILE.test(name) || !HOST.test(host)) return notFound(reply);
    // Else it would be a page of the panel, under a policy that is looser than the panel's.
    if (!existsSync(join(folder, 'chat', name))) return notFound(reply);
    reply.header('content-security-policy', policy(host, files()));
    // The browser asks for some of these a hundred times; those that change with us are small.
    reply.header('cache-control', LASTING.test(name) ? 'private, max-age=3600' : 'no-cache');
    return reply.sendFile(join('chat', name));
  };
  const config = { access: 'public' } as const;
  return async (app) => {
    app.get('/chat', { config }, (_request, reply) => (there() ? reply.redirect('/chat/') : switchedOff(reply)));
    app.get('/chat/', { config }, (request, reply) =>
      there() ? file(request, reply, 'index.html') : switchedOff(reply),
    );
    app.get('/chat/settings.json', { config }, (request, reply) => {
      if (!there()) return notFound(reply);
      const all = domains();
      const asked = request.headers.host?.replace(/:\d+$/, '').toLowerCase();
      const domain = all.find((one) => one === asked) ?? all[0];
      return reply.send({ domain, domains: all, files: new URL(files()).hostname });
    });
    app.get('/chat/*', { config }, (request, reply) => file(request, reply, (request.params as { '*': string })['*']));
  };
}
