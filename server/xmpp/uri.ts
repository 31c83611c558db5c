type Pair = readonly [key: string, value: string];

/**
 * An XMPP URI (RFC 5122 §2, XEP-0147 §2): a bare address, an action and its pairs. What has a meaning of its own in a URI,
 * or is not ASCII, is percent-encoded.
 */
export function xmppUri(local: string, domain: string, [action, ...pairs]: readonly [string, ...Pair[]]): string {
  const authority = local === '' ? encode(domain) : `${encode(local)}@${encode(domain)}`;
  const query = pairs.map(([key, value]) => `;${key}=${encode(value)}`).join('');
  return `xmpp:${authority}?${action}${query}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
