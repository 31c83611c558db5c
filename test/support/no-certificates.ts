import type { CertificateNeeds } from '../../server/commands/certificates.ts';

/** A house that shows no certificates: those of a domain have its name and nothing else, and nothing is got or kept. */
export const NO_CERTIFICATES: CertificateNeeds = {
  renewal: {
    names: async (domain) => ({ domain, dns: [domain], addresses: [] }),
    put: async () => true,
    drop: async () => undefined,
    issue: async () => undefined,
  },
  acme: { run: async () => '', running: () => false },
  hooks: '/etc/hallway/hooks',
  shown: () => undefined,
};
