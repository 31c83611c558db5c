import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { ClientDoor } from './door.ts';
import { mayUse, type OriginRules } from './origins.ts';
import { WebSocketStream } from './websocket-stream.ts';

/** Where clients ask for a WebSocket. */
export const WEBSOCKET_PATH = '/xmpp-websocket';

/** Fragments of one message, and pieces of the wire kept for it. */
const MOST_FRAGMENTS = 1_024;
const MOST_PIECES = 8_192;

/** Takes a connection over from the HTTPS server, once a client has asked for it. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * XMPP over WebSocket (RFC 7395). The handshake is over with the request, so what is slow about it is the HTTPS server's to
 * end; there is no compression (SECURITY 10), and no message larger than a stanza may be.
 */
export function webSocketUpgrade(door: ClientDoor, rules: OriginRules): Upgrade {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: door.limits.afterLogin.bytes,
    maxFragments: MOST_FRAGMENTS,
    maxBufferedChunks: MOST_PIECES,
    autoPong: false,
    handleProtocols: () => 'xmpp',
  };
  const server = new WebSocketServer(options);
  return (request, socket, head) => {
    const tls = socket as TLSSocket;
    const address = tls.remoteAddress ?? '';
    if (!mayUse(request.headers, rules)) return refuse(socket, '403 Forbidden');
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((one) => one.trim());
    if (!offered?.includes('xmpp')) return refuse(socket, '400 Bad Request'); // RFC 7395 §3.1
    if (!door.hasRoom(address)) return refuse(socket, '503 Service Unavailable');
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = new WebSocketStream(webSocket, socket, door.limits.beforeLogin);
      const https = { protocol: tls.getProtocol() ?? '', cipher: tls.getCipher().name };
      door.take({ stream, transport: 'websocket', address, ours: tls.localAddress ?? '', https });
    });
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.once('finish', () => socket.destroy());
}
