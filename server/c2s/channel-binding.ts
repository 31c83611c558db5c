import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ChannelBindings } from '../xmpp/scram.ts';

/**
 * What ties a login to this very TLS connection: tls-exporter (RFC 9266, on TLS 1.3, where it is sure to be unique) and
 * tls-server-end-point (RFC 5929 §4, on both versions).
 */
export function channelBindings(socket: TLSSocket): ChannelBindings {
  const bindings = new Map<string, Uint8Array>();
  if (socket.getProtocol() === 'TLSv1.3') {
    bindings.set('tls-exporter', socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)));
  }
  const certificate = socket.getX509Certificate();
  if (certificate !== undefined) {
    // RFC 5929 §4.1: the hash of the certificate's own signature, but SHA-256 for MD5 and SHA-1.
    const bits = /sha-?(384|512)/i.exec(certificate.signatureAlgorithm ?? '')?.[1] ?? '256';
    bindings.set('tls-server-end-point', createHash(`sha${bits}`).update(certificate.raw).digest());
  }
  return bindings;
}
