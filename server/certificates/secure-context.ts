import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { Certificates, StoredCertificate } from '../storage/stores/certificates.ts';
import type { Logger } from '../util/log.ts';

/** Forward secrecy and authenticated encryption only; AES-128 first, as it costs least. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const SECURITY = {
  minVersion: 'TLSv1.2',
  ciphers: CIPHERS,
  honorCipherOrder: true,
  ecdhCurve: 'X25519:prime256v1:secp384r1',
  // A client could make us do handshakes without end; Node's own bound still lets some through.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;

function contextOf({ chainPem, keyPem }: StoredCertificate): SecureContext {
  return createSecureContext({ ...SECURITY, cert: chainPem, key: keyPem });
}

/**
 * For links with other servers, in both directions. No tickets: on a session that was resumed not all certificates are to be
 * seen, and OpenSSL ends the handshake of who tries where certificates are asked for.
 */
function linkContextOf({ chainPem, keyPem }: StoredCertificate): SecureContext {
  const secureOptions = SECURITY.secureOptions | constants.SSL_OP_NO_TICKET;
  return createSecureContext({ ...SECURITY, secureOptions, cert: chainPem, key: keyPem });
}

/** The house calls its domains by their own letters; SNI has them as the DNS does (RFC 6066 §3). */
function asciiOf(name: string): string {
  return /[^\x20-\x7e]/.test(name) ? domainToASCII(name) : name;
}

interface Held {
  readonly context: SecureContext;
  readonly certificate: StoredCertificate;
}

/** What is held already, if it is that certificate. */
function sameAs(held: Held | undefined, { chainPem, keyPem }: StoredCertificate): Held | undefined {
  return held?.certificate.chainPem === chainPem && held.certificate.keyPem === keyPem ? held : undefined;
}

export interface SecureContextsOptions {
  readonly store: Certificates;
  /** The domains served, the first one being the default. */
  readonly domains: () => Promise<readonly string[]>;
  /** What is shown in the place of a domain's certificate that is of no use any more. */
  readonly standIn?: (domain: string) => StoredCertificate | undefined;
  readonly log: Logger;
}

/**
 * What TLS shows for which name. `reload` changes it under running listeners: connections from then on get the new.
 *
 * SNI changes the certificate of a connection and nothing else: protocol versions and ciphers are those of the context it
 * began with. So a TLSSocket must be made with `secureContext: forName(undefined)` beside `SNICallback: sni`, and a server
 * of Node's with `serverOptions()`.
 */
export class SecureContexts {
  readonly #options: SecureContextsOptions;
  /** By ASCII name; the default is the first. */
  #held: ReadonlyMap<string, Held> = new Map();
  readonly #followers = new Set<Server>();
  /** Made when a link first needs one; they go with the certificates they are of. */
  readonly #links = new WeakMap<StoredCertificate, SecureContext>();

  constructor(options: SecureContextsOptions) {
    this.#options = options;
  }

  /** Reads the certificates from the store. One that cannot be used is logged, and the one before it stays. */
  async reload(): Promise<void> {
    const { store, domains, log } = this.#options;
    const held = new Map<string, Held>();
    const served = await domains();
    const certificates = await store.all();
    // Those not served (yet) come last: a domain gets its certificate before it is added.
    const rank = ({ domain }: StoredCertificate) => (served.includes(domain) ? served.indexOf(domain) : served.length);
    for (const stored of certificates.sort((a, b) => rank(a) - rank(b))) {
      const certificate = this.#options.standIn?.(stored.domain) ?? stored;
      const name = domainToASCII(certificate.domain);
      const before = this.#held.get(name);
      try {
        held.set(name, sameAs(before, certificate) ?? { context: contextOf(certificate), certificate });
      } catch (err) {
        log.error({ err, domain: certificate.domain }, 'the certificate cannot be used');
        if (before !== undefined) held.set(name, before);
      }
    }
    this.#held = held;
    for (const server of this.#followers) server.setSecureContext(this.serverOptions());
  }

  /** Options for a TLS or HTTPS server of Node's. Throws Error when nothing has been loaded. */
  serverOptions(): TlsOptions {
    const { chainPem, keyPem } = this.#find(undefined).certificate;
    return { ...SECURITY, cert: chainPem, key: keyPem, SNICallback: this.sni };
  }

  /** Keeps a server's own context, which clients without SNI see, up to date until the server closes. */
  follow(server: Server): void {
    this.#followers.add(server);
    server.once('close', () => this.#followers.delete(server));
  }

  /**
   * The context for a name of SNI (RFC 6066 §3): its own domain's, or the nearest one above it, as services live below
   * their domains; else the first domain's, so that a client that does not say a name still sees a certificate. Throws
   * Error when nothing has been loaded.
   */
  forName(servername: string | undefined): SecureContext {
    return this.#find(servername).context;
  }

  /** The same for a link with another server (link-tls.ts). Throws Error when nothing has been loaded. */
  forLinks(servername: string | undefined): SecureContext {
    const { certificate } = this.#find(servername);
    const context = this.#links.get(certificate) ?? linkContextOf(certificate);
    this.#links.set(certificate, context);
    return context;
  }

  /** The certificate that is shown for a name, with its chain (PEM). Throws Error when nothing has been loaded. */
  certificateFor(servername: string | undefined): string {
    return this.#find(servername).certificate.chainPem;
  }

  /** Whether that certificate is of the house's own authority. Throws Error when nothing has been loaded. */
  ofOwnAuthority(servername: string | undefined): boolean {
    return this.#find(servername).certificate.source === 'internal';
  }

  /** For `SNICallback` of a server or a TLSSocket. */
  readonly sni = (servername: string, answer: (error: Error | null, context?: SecureContext) => void): void => {
    let context: SecureContext;
    try {
      context = this.forName(servername);
    } catch (error) {
      answer(error as Error);
      return;
    }
    answer(null, context);
  };

  #find(servername: string | undefined): Held {
    let name = asciiOf((servername ?? '').slice(0, 255).toLowerCase().replace(/\.$/, ''));
    while (name !== '') {
      const found = this.#held.get(name);
      if (found !== undefined) return found;
      const dot = name.indexOf('.');
      name = dot < 0 ? '' : name.slice(dot + 1);
    }
    for (const first of this.#held.values()) return first;
    throw new Error('no certificate has been loaded');
  }
}
