import { X509Certificate } from 'node:crypto';
import { type CertificateSummary, summaryOf } from '../certificates/peer-certificate.ts';
import { namesOf } from '../certificates/peer-names.ts';
import { PolicyError, splitCertificates } from '../s2s/policy-check.ts';
import { CommandError } from './command-error.ts';

/** What certificates (PEM) of an authority say, for whoever is about to trust them. Throws CommandError. */
export function authorityFacts(pem: string): CertificateSummary[] {
  try {
    return splitCertificates(pem, 'authority').map((block) => {
      const certificate = new X509Certificate(block);
      return summaryOf(certificate, namesIn(certificate));
    });
  } catch (error) {
    if (error instanceof PolicyError) throw new CommandError('invalid', error.message, error.field);
    throw error;
  }
}

/** Names count for servers only: an authority whose names cannot be read may be one all the same. */
function namesIn(certificate: X509Certificate) {
  try {
    return namesOf(certificate.raw);
  } catch {
    return undefined;
  }
}
