import { isIP } from 'node:net';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { SecureContexts } from './secure-context.ts';

/** The protocol of XEP-0368 §3 for links, said where TLS begins before the stream. */
export const LINK_ALPN = 'xmpp-server';

/** What Node thinks of a certificate does not count: peer-chain.ts looks at it, for the domain that it is shown for. */
const JUDGED_ELSEWHERE = { requestCert: true, rejectUnauthorized: false } as const;

/**
 * Options for `new TLSSocket(socket, …)` for a server that came to us. `domain`: the one of ours that its stream was opened to;
 * undefined where TLS begins before the stream. The name in its hello goes before. Throws Error when nothing has been loaded.
 */
export function incomingTls(contexts: SecureContexts, domain: string | undefined): TLSSocketOptions {
  return {
    ...JUDGED_ELSEWHERE,
    isServer: true,
    secureContext: contexts.forLinks(domain === undefined ? undefined : domainToASCII(domain)),
    SNICallback: (name, answer) => {
      try {
        answer(null, contexts.forLinks(name));
      } catch (error) {
        answer(error as Error);
      }
    },
    ...(domain === undefined && { ALPNProtocols: [LINK_ALPN] }),
  };
}

/**
 * Options for `tls.connect({ socket, … })` to the server of `remote` on behalf of our `domain`, whose certificate is shown when
 * the other side asks for one. `direct`: TLS begins before the stream. SNI names the domain, not the host that the DNS named for
 * it (RFC 6120 §13.7.2, XEP-0368 §3). Throws Error when nothing has been loaded.
 */
export function outgoingTls(
  contexts: SecureContexts,
  domain: string,
  remote: string,
  direct: boolean,
): ConnectionOptions {
  const servername = domainToASCII(remote);
  return {
    ...JUDGED_ELSEWHERE,
    secureContext: contexts.forLinks(domainToASCII(domain)),
    // RFC 6066 §3: no addresses.
    ...(servername !== '' && isIP(servername) === 0 && { servername }),
    ...(direct && { ALPNProtocols: [LINK_ALPN] }),
  };
}
