/** One `"address:port"` of the boot file. */
export interface Address {
  /** An IP address, without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** As written, to be shown to people. */
  readonly text: string;
}

/** Where we listen. An empty list turns a listener off. */
export interface Listen {
  /** Clients that begin in plain and turn to TLS (STARTTLS). */
  readonly c2s: readonly Address[];
  /** Clients by TLS from the first byte (XEP-0368). */
  readonly c2s_tls: readonly Address[];
  readonly s2s: readonly Address[];
  readonly s2s_tls: readonly Address[];
  /** Panel, API, upload, WebSocket, BOSH, well-known files. */
  readonly https: readonly Address[];
  /** Without TLS: the authority's certificate, challenges of ACME, and the way to the door above. Off unless it is set. */
  readonly http: readonly Address[];
  /** SOCKS5 file proxy (XEP-0065). */
  readonly proxy: readonly Address[];
  /** External components (XEP-0114). */
  readonly component: readonly Address[];
}

/**
 * What one stream, account or address may use. Those that end in `_before_login` hold until the client has shown who it
 * is; a stanza over one of the first ten ends its stream with `policy-violation`.
 */
export interface Limits {
  /** Bytes of one stanza on the wire (RFC 6120 §13.12 asks for 10,000 at least). */
  readonly stanza_bytes: number;
  readonly stanza_bytes_before_login: number;
  /** Levels of elements within each other in one stanza, the stanza itself counted. */
  readonly depth: number;
  readonly depth_before_login: number;
  /** Attributes of one element, namespace declarations counted. */
  readonly attributes: number;
  readonly attributes_before_login: number;
  /** Elements in one stanza, at all levels together. */
  readonly children: number;
  readonly children_before_login: number;
  /** Namespace declarations in one stanza. */
  readonly namespaces: number;
  readonly namespaces_before_login: number;
  /** Seconds from the connection to the end of the login. */
  readonly login_seconds: number;
  /** Seconds of silence after which a client is asked whether it still lives. */
  readonly idle_seconds: number;
  /** Seconds it then has for any sign of life. */
  readonly ping_seconds: number;
  readonly sessions_per_account: number;
  /** Connections open at once from one IP address. A whole office may stand behind one. */
  readonly connections_per_address: number;
  readonly offline_messages_per_account: number;
  readonly roster_items_per_account: number;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What is known before the store opens: the checked boot file, frozen. Names are those of the file. */
export interface Settings {
  /** The boot file, absolute; undefined when there is none. */
  readonly file: string | undefined;
  /** The data folder, absolute. */
  readonly data: string;
  /** The first domain to serve; of use at first start only. */
  readonly domain: string;
  /** This machine's own name. */
  readonly hostname: string;
  /** The boot file says it; else the system does, or whoever restored the house (`withChosenName`). */
  readonly nameGiven: boolean;
  /** The folder of scripts that the server may be told to run, absolute; it need not be there. */
  readonly hooks: string;
  /** A file by which the house is set up at its first start, absolute. */
  readonly provision?: string;
  readonly listen: Listen;
  readonly dns: {
    /** Resolvers; empty means the system's. */
    readonly servers: readonly Address[];
  };
  readonly log: { readonly level: LogLevel };
  readonly limits: Limits;
  readonly scram: {
    /** Rounds of PBKDF2 for passwords set from now on (RFC 5802 §5.1, RFC 7677 §4: 4,096 at least). */
    readonly iterations: number;
  };
}
