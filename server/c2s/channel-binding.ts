import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ChannelBindings } from '../xmpp/scram.ts';

/**
 * What ties a login to this very TLS connection: tls-exporter (RFC 9266, on TLS 1.3, where it is sure to be unique),
 * tls-server-end-point (RFC 5929 §4, on both versions), and tls-unique (RFC 5929 §3) for clients that know no other.
 *
 * tls-unique is not defined for TLS 1.3, and is not named there to clients that read which bindings we have. But those built
 * on Python's ssl take it there too, and when it is refused they have no SCRAM left: without -PLUS they then say `y`, which
 * must fail as it looks like a downgrade (RFC 5802 §6). Taking what they send is the stricter of the ways out: it is checked,
 * and ties at least as well as on TLS 1.2, since the client's Finished is a MAC over the whole handshake, certificate included.
 */
export function channelBindings(socket: TLSSocket): ChannelBindings {
  const bindings = new Map<string, Uint8Array>();
  if (socket.getProtocol() === 'TLSv1.3') {
    bindings.set('tls-exporter', socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)));
  }
  // Not on a resumed session: there two connections could be made to have the same one (the triple handshake, RFC 7627 §1).
  const finished = socket.isSessionReused() ? undefined : socket.getPeerFinished();
  if (finished !== undefined && finished.length > 0) bindings.set('tls-unique', finished);
  const certificate = socket.getX509Certificate();
  if (certificate !== undefined) {
    // RFC 5929 §4.1: the hash of the certificate's own signature, but SHA-256 for MD5 and SHA-1.
    const bits = /sha-?(384|512)/i.exec(certificate.signatureAlgorithm ?? '')?.[1] ?? '256';
    bindings.set('tls-server-end-point', createHash(`sha${bits}`).update(certificate.raw).digest());
  }
  return bindings;
}

/** The types to name to a client before it logs in (XEP-0440), the best first. */
export function bindingTypes(socket: TLSSocket): readonly string[] {
  if (socket.getProtocol() === 'TLSv1.3') return ['tls-exporter', 'tls-server-end-point'];
  return socket.isSessionReused() ? ['tls-server-end-point'] : ['tls-unique', 'tls-server-end-point'];
}
