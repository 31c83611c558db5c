import type { CertificateSummary } from '../certificates/peer-certificate.ts';
import type { Attempt } from '../s2s/attempt.ts';
import type { LinkView } from '../s2s/federation.ts';
import { grade } from '../s2s/grade.ts';
import { explain, srvWords } from '../s2s/reasons.ts';
import type { StoredAttempt } from '../storage/stores/federation-attempts.ts';
import type { WaitingView } from './federation-needs.ts';

/** One attempt, with its causes in words. What was not got so far is null. */
export interface AttemptView extends ReturnType<typeof viewAttempt> {}

/** A link that there is now. */
export function viewLink({ theirs, ours, ...link }: LinkView) {
  return { ...link, theirs: theirs ?? null, ours: ours ?? null };
}

export function viewQueue({ local, waiting, oldest }: WaitingView) {
  return { local, waiting, oldest: oldest ?? null };
}

/** `row.attempt` is what was written down; what it holds of words and names is the other side's. */
export function viewAttempt(row: StoredAttempt) {
  const attempt = row.attempt as Attempt;
  const { problem, certificate, tls, tries = [], srv = [], chain = [] } = attempt;
  const why = problem === undefined ? undefined : explain(problem, attempt);
  const graded = grade(attempt);
  return {
    id: row.id,
    local: row.local,
    direction: row.direction,
    /** Whoever it was has shown to be of that domain. */
    proven: row.proven,
    /** The first and the last time, where it happened several times alike. */
    at: row.at,
    lastAt: row.lastAt,
    times: row.times,
    took: attempt.took,
    outcome: row.outcome,
    code: row.code,
    sentence: why?.sentence ?? '',
    remedy: why?.remedy ?? '',
    whose: why?.whose ?? 'nobody',
    grade: graded.grade,
    parts: graded.parts.map(({ text, costs }) => ({ text, costs })),
    srv: srvWords(srv),
    tries: tries.map(({ host, address, port, transport, took, failed = null }) => ({
      host,
      address,
      port,
      transport,
      took,
      failed,
    })),
    address: attempt.address ?? null,
    port: attempt.port ?? null,
    transport: attempt.transport ?? null,
    protocol: tls?.protocol ?? null,
    cipher: tls?.cipher ?? null,
    theirs: attempt.theirs ?? null,
    ours: attempt.ours ?? null,
    bidi: attempt.bidi ?? false,
    managed: attempt.managed ?? false,
    /** What is wrong with their certificate, though dialback may have made up for it. */
    certificate: certificate === undefined ? null : explain(certificate, attempt).sentence,
    /** Why they did not take ours, in their words. */
    refused: attempt.refused ?? null,
    chain: chain.map(viewCertificate),
  };
}

function viewCertificate(one: CertificateSummary) {
  const { subject, issuer, serial, dns, srv, xmpp, notBefore, notAfter, usage, key, fingerprint } = one;
  return {
    subject,
    issuer,
    serial,
    dns: [...dns],
    srv: [...srv],
    xmpp: [...xmpp],
    notBefore,
    notAfter,
    usage: [...usage],
    key,
    fingerprint,
  };
}
