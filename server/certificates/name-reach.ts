/** The object identifier 2.5.29.30 as it stands in a certificate. */
const NAME_CONSTRAINTS = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x1e);

/**
 * Whether an authority may speak for some names only (RFC 5280 §4.2.1.10).
 *
 * Its constraints name kinds of names, and say nothing of other kinds: who may sign for `office.test` in the DNS alone could
 * sign an XmppAddr or an SRV-ID of any domain in the world, and OpenSSL finds that in order. So below such an authority only
 * DNS names count. To look for bytes may find too many authorities, never too few.
 */
export function hasConstraints(der: Uint8Array): boolean {
  return Buffer.from(der.buffer, der.byteOffset, der.byteLength).includes(NAME_CONSTRAINTS);
}
