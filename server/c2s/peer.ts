import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ElementStream } from '../stream/element-stream.ts';
import type { StanzaLimits } from '../stream/limits.ts';
import { XmlStream } from '../stream/stream.ts';
import { NS } from '../xmpp/ns.ts';

/** By which way a client comes. */
export type Transport = 'starttls' | 'tls' | 'websocket' | 'bosh';

/** The client at the other end of a stream, whatever carries it. */
export interface Peer {
  readonly stream: ElementStream;
  readonly transport: Transport;
  /** Its IP address. */
  readonly address: string;
  /** Our own, by which it has come. */
  readonly ours: string;
  /** The TLS that the stream itself is inside of: a login can be bound to it. */
  readonly tls?: TLSSocket;
  /** How a stream within HTTPS is encrypted: another matter than `tls`, as that TLS may end at a proxy before us. */
  readonly https?: { readonly protocol: string; readonly cipher: string };
  /** Puts TLS around the stream (RFC 6120 §5.4.3.3). */
  secure?(domain: string): TLSSocket;
}

/** A client on a socket of its own. `secure` puts TLS around the socket. */
export function socketPeer(
  socket: Socket,
  transport: 'starttls' | 'tls',
  limits: StanzaLimits,
  secure: (socket: Socket, domain: string) => TLSSocket,
): Peer {
  const stream = new XmlStream(socket, NS.client, limits);
  return {
    stream,
    transport,
    address: socket.remoteAddress ?? '',
    ours: socket.localAddress ?? '',
    ...(socket instanceof TLSSocket && { tls: socket }),
    secure: (domain) => stream.replaceDuplex((duplex) => secure(duplex as Socket, domain)) as TLSSocket,
  };
}
