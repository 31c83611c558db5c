import type { TestContext } from 'node:test';
import { createSecureContext } from 'node:tls';
import type { Attempt } from '../../server/s2s/attempt.ts';
import type { Context, Examined, LinkLimits, QueueRow, Trust } from '../../server/s2s/context.ts';
import { Federation } from '../../server/s2s/federation.ts';
import type { Names } from '../../server/s2s/names.ts';
import { FEDERATION_OPTIONS } from '../../server/s2s/options.ts';
import type { Judgement } from '../../server/s2s/policy.ts';
import { sql } from '../../server/storage/database.ts';
import { certificate, type TestCertificate } from './authority.ts';
import { openScene, type Scene, type SceneOptions } from './scene.ts';

const NARROW = { bytes: 10_000, depth: 8, attributes: 24, children: 64, namespaces: 24 };
const ROOMY = { bytes: 262_144, depth: 64, attributes: 64, children: 5_000, namespaces: 64 };

/** A house on a network: on loopback, with streams to others as over the wire. */
export interface Neighbour {
  readonly scene: Scene;
  readonly federation: Federation;
  readonly context: Context;
  readonly port: number;
  readonly tlsPort: number;
  readonly attempts: Attempt[];
  readonly rows: Map<number, QueueRow>;
}

export interface NeighbourOptions extends SceneOptions {
  readonly domain: string;
  readonly certificate: TestCertificate;
  /** Where others are: `host:port` by domain. */
  readonly book: Map<string, string>;
  readonly judge?: (domain: string) => Partial<Judgement>;
  readonly examined?: (domain: string, shown: boolean) => Examined['problem'];
  /** Instead of `examined`: the real thing. */
  readonly trust?: Trust;
  readonly names?: Names;
  readonly linkLimits?: Partial<LinkLimits>;
  /** Where it takes others; default: any port. */
  readonly port?: number;
}

export async function neighbour(t: TestContext, options: NeighbourOptions): Promise<Neighbour> {
  const scene = await openScene(t, { domains: [options.domain], ...options });
  const attempts: Attempt[] = [];
  const rows = new Map<number, QueueRow>();
  const tls = createSecureContext({ cert: options.certificate.chainPem, key: options.certificate.keyPem });
  const context: Context = {
    house: scene.house,
    log: scene.house.log,
    limits: {
      beforeLogin: NARROW,
      afterLogin: ROOMY,
      loginSeconds: 30,
      connectionsPerAddress: 100,
      ...options.linkLimits,
    },
    names: options.names ?? {
      srv: () => Promise.reject(new Error('no names here')),
      addresses: (host) => Promise.resolve([host]),
      published: () => Promise.reject(new Error('no names here')),
    },
    trust: options.trust ?? {
      chainOf: (socket) => {
        const shown = socket.getPeerX509Certificate();
        return shown === undefined ? [] : [shown.raw];
      },
      check: (chain, domain) =>
        Promise.resolve({
          summaries: [],
          problem:
            options.examined?.(domain, chain.length > 0) ??
            (chain.length === 0 ? { code: 'certificate-missing', facts: {} } : undefined),
        }),
    },
    own: {
      outgoing: (_domain, remote, direct) => ({
        secureContext: tls,
        servername: remote,
        rejectUnauthorized: false,
        ...(direct && { ALPNProtocols: ['xmpp-server'] }),
      }),
      incoming: () => ({ isServer: true, requestCert: true, rejectUnauthorized: false, secureContext: tls }),
      ofOwnAuthority: () => true,
    },
    queue: {
      appendStatement: (row) => {
        rows.set(row.id, row);
        return sql`SELECT 1`;
      },
      remove: (ids) => {
        for (const id of ids) rows.delete(id);
        return Promise.resolve();
      },
      all: () => Promise.resolve([...rows.values()]),
    },
    judge: (domain) => ({
      verdict: 'allow',
      rule: undefined,
      expired: undefined,
      leastTls: 'TLSv1.2',
      proof: 'certificate',
      authority: undefined,
      address: options.book.get(domain),
      privateAddresses: true,
      ...options.judge?.(domain),
    }),
    gate: { leaves: () => 'pass', enters: () => 'pass', refuses: () => {} },
    hold: () => Promise.resolve(),
    record: (attempt) => void attempts.push(attempt),
    secret: Buffer.from(`secret of ${options.domain}`),
  };
  const federation = new Federation(context);
  scene.house.router.fallback = federation.remotes;
  const port = await federation.door.listen('starttls', { host: '127.0.0.1', port: options.port ?? 0 });
  const tlsPort = await federation.door.listen('tls', { host: '127.0.0.1', port: 0 });
  for (const domain of [options.domain, ...scene.host(options.domain).components.keys()]) {
    options.book.set(domain, `127.0.0.1:${port}`);
  }
  t.after(() => federation.close());
  return { scene, federation, context, port, tlsPort, attempts, rows };
}

/** Two houses that know where the other one is. */
export async function twoHouses(
  t: TestContext,
  options: Partial<Pick<NeighbourOptions, 'judge' | 'examined'>> = {},
): Promise<{ verona: Neighbour; mantua: Neighbour; book: Map<string, string> }> {
  const book = new Map<string, string>();
  const one = certificate({ dns: ['verona.test'] });
  const other = certificate({ dns: ['mantua.test'] });
  const verona = await neighbour(t, { ...options, domain: 'verona.test', certificate: one, book });
  const mantua = await neighbour(t, { ...options, domain: 'mantua.test', certificate: other, book });
  return { verona, mantua, book };
}

export { FEDERATION_OPTIONS };
