import type { Attempt } from './attempt.ts';

export type Grade = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

/** One thing that a grade is made of. */
export interface GradePart {
  readonly text: string;
  /** Grades that it takes off. */
  readonly costs: number;
}

/**
 * How good a link is, at a glance. A is TLS 1.3 and both sides shown by certificates that are good; each of these takes one grade
 * off, down to E:
 *  - TLS 1.2; and a cipher by which who steals a key later can read what was recorded before
 *  - they showed who they are by dialback only: by the DNS, which others may tamper with
 *  - we did, as they do not take our certificate
 *  - their certificate is not good, so that TLS alone would not have kept out somebody in between; this one takes two
 * Going both ways (XEP-0288) and confirming what has arrived (XEP-0198) are told, and take nothing off. F is no link at all.
 */
export function grade(attempt: Attempt): { readonly grade: Grade; readonly parts: readonly GradePart[] } {
  if (attempt.outcome !== 'connected') return { grade: 'F', parts: [{ text: 'no link', costs: 5 }] };
  const parts: GradePart[] = [];
  const { tls, theirs, ours, certificate, bidi, managed } = attempt;
  if (tls === undefined) parts.push({ text: 'nothing is known of its encryption', costs: 2 });
  else {
    const isNew = tls.protocol === 'TLSv1.3';
    parts.push({ text: isNew ? 'TLS 1.3' : 'TLS 1.2, which is older', costs: isNew ? 0 : 1 });
    if (!/^(?:TLS_|ECDHE|DHE)/.test(tls.cipher)) parts.push({ text: 'a cipher without forward secrecy', costs: 1 });
  }
  if (certificate !== undefined) parts.push({ text: 'their certificate is not good', costs: 2 });
  if (theirs === 'certificate') parts.push({ text: 'they are shown by certificate', costs: 0 });
  else if (theirs === 'dialback') parts.push({ text: 'they are shown by dialback only', costs: 1 });
  if (ours === 'certificate') parts.push({ text: 'they take our certificate', costs: 0 });
  else if (ours === 'dialback') parts.push({ text: 'they know us by dialback only', costs: 1 });
  if (bidi === true) parts.push({ text: 'one connection goes both ways', costs: 0 });
  if (managed === true) parts.push({ text: 'both confirm what has arrived', costs: 0 });
  const costs = parts.reduce((sum, part) => sum + part.costs, 0);
  return { grade: (['A', 'B', 'C', 'D', 'E'] as const)[Math.min(costs, 4)]!, parts };
}
