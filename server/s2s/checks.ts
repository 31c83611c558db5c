import type { Judgement } from './policy.ts';
import { LinkProblem } from './problem.ts';

/** Throws LinkProblem when the policy has something against a domain. */
export function checkPolicy({ verdict, rule, expired }: Judgement, domain: string): void {
  if (verdict !== 'deny') return;
  if (rule !== undefined)
    throw new LinkProblem('policy-denied', { domain, pattern: rule.pattern, reason: rule.reason });
  if (expired !== undefined) throw new LinkProblem('policy-expired', { domain, at: expired.until ?? 0 });
  throw new LinkProblem('policy-closed', { domain });
}

/** Throws LinkProblem when the policy wants a newer TLS. */
export function checkTls({ leastTls }: Judgement, protocol: string): void {
  if (leastTls === 'TLSv1.3' && protocol !== 'TLSv1.3') {
    throw new LinkProblem('tls-too-old', { text: protocol, least: leastTls });
  }
}
