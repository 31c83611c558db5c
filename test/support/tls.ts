import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { authorityFor, leafFor } from '../../server/certificates/authority.ts';

/** An authority and a certificate of its for some domains. */
export interface Identity {
  readonly ca: string;
  readonly cert: string;
  readonly context: SecureContext;
}

export async function identity(...domains: [string, ...string[]]): Promise<Identity> {
  const now = Date.now();
  const authority = await authorityFor(undefined, domains, now);
  const leaf = await leafFor(authority, { domain: domains[0], dns: domains, addresses: [] }, now);
  const context = createSecureContext({ cert: leaf.chainPem, key: leaf.keyPem, minVersion: 'TLSv1.2' });
  return { ca: authority.certificatePem, cert: leaf.chainPem, context };
}

/** A TCP connection to a port of this machine. */
export async function tcp(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  socket.on('error', () => undefined);
  return socket;
}

/** TLS over it, or from the first byte when it is a port. The certificate is verified. */
export async function tls(over: Socket | number, ca: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const where = typeof over === 'number' ? { port: over, host: '127.0.0.1' } : { socket: over };
  const socket = connect({ ...where, ca, servername: 'example.test', ...options });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject);
  });
  socket.on('error', () => undefined);
  return socket;
}
