import type { Names } from './names.ts';

/** A key of ours and what asks an authority to sign it (RFC 2986). PEM texts; the key is secret. */
export interface MadeRequest {
  readonly keyPem: string;
  readonly requestPem: string;
}

export type RequestKey = 'ec' | 'rsa';
const RSA_BITS = 3_072;

/** Makes a new key and a request for these DNS names (ASCII), the first one being the common name where it is short enough. */
export async function makeRequest(dns: Names['dns'], kind: RequestKey): Promise<MadeRequest> {
  // What makes it is large, and most houses never need it.
  const { crypto } = (await import('acme-client')).default;
  const key = kind === 'ec' ? await crypto.createPrivateEcdsaKey('P-256') : await crypto.createPrivateRsaKey(RSA_BITS);
  const [first = ''] = dns;
  const subject = first.length <= 64 ? { commonName: first } : {};
  const [, request] = await crypto.createCsr({ ...subject, altNames: [...dns] }, key);
  return { keyPem: key.toString(), requestPem: request.toString() };
}
