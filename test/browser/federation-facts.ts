import type { CertificateSummary } from '../../server/certificates/peer-certificate.ts';
import type { Attempt } from '../../server/s2s/attempt.ts';
import type { AttemptRow } from '../../server/storage/stores/federation-attempts.ts';

/** What other servers may call themselves and say. */
export const NASTY = '<img src=x onerror="document.title=1">';
export const CAPULET = 'capulet.example';
export const MONTAGUE = 'montague.example';
const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

export function leaf(more: Partial<CertificateSummary> = {}): CertificateSummary {
  return {
    subject: `CN=${NASTY}`,
    issuer: 'CN=Verona Authority R3, O=Verona',
    serial: '4A17',
    dns: [MONTAGUE, `*.${MONTAGUE}`],
    srv: [`_xmpp-server.${MONTAGUE}`],
    xmpp: [MONTAGUE],
    notBefore: Date.now() - 60 * DAY,
    notAfter: Date.now() - 3 * DAY,
    usage: ['server', 'client'],
    key: 'EC prime256v1',
    fingerprint: Array.from({ length: 32 }, () => 'AB').join(':'),
    ...more,
  };
}

/** An attempt to reach the Montagues, whose certificate has expired. */
export function expired(more: Partial<Attempt> = {}): Attempt {
  const at = Date.now() - 2 * HOUR;
  return {
    domain: MONTAGUE,
    local: 'example.test',
    direction: 'out',
    at,
    took: 143.4,
    outcome: 'failed',
    problem: { code: 'certificate-expired', facts: { name: NASTY, at: Date.now() - 3 * DAY } },
    srv: [
      {
        name: `_xmpps-server._tcp.${MONTAGUE}`,
        records: [],
      },
      {
        name: `_xmpp-server._tcp.${MONTAGUE}`,
        records: [{ target: `chat.${MONTAGUE}`, port: 5269, priority: 0, weight: 5 }],
      },
    ],
    tries: [
      {
        host: `chat.${MONTAGUE}`,
        address: '2001:db8::7',
        port: 5269,
        transport: 'starttls',
        took: 12,
        failed: 'unreachable',
      },
      { host: `chat.${MONTAGUE}`, address: '192.0.2.7', port: 5269, transport: 'starttls', took: 21.7 },
    ],
    address: '192.0.2.7',
    port: 5269,
    transport: 'starttls',
    tls: { protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES256-GCM-SHA384' },
    chain: [leaf(), leaf({ subject: 'CN=Verona Authority R3', usage: [], dns: [], srv: [], xmpp: [] })],
    certificate: { code: 'certificate-expired', facts: { at: Date.now() - 3 * DAY } },
    ...more,
  };
}

/** The same server, when all was well. */
export function connected(more: Partial<Attempt> = {}): Attempt {
  const { problem: _, certificate: __, ...rest } = expired();
  return {
    ...rest,
    at: Date.now() - 5 * DAY,
    outcome: 'connected',
    tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    chain: [leaf({ notAfter: Date.now() + 30 * DAY })],
    theirs: 'certificate',
    ours: 'dialback',
    bidi: true,
    managed: true,
    ...more,
  };
}

/** As it is kept. */
export function kept(attempt: Attempt, more: Partial<AttemptRow> = {}): AttemptRow {
  const { domain, local, direction, at, outcome, problem } = attempt;
  const code = problem?.code ?? '';
  return { domain, local, direction, proven: true, at, lastAt: at, times: 1, outcome, code, attempt, ...more };
}
