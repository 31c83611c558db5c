import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_PASTED = 32 * 1024;
const MAX_AUTHORITIES = 5;

/** The blocks of certificates in a text, whatever stands between them. */
export function pemBlocks(text: string): string[] {
  return text.match(BLOCK) ?? [];
}

export function pemOf(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN CERTIFICATE-----\n${(lines ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** The certificates that somebody pasted, as into a rule. Throws Error with a sentence for them. */
export function pastedCertificates(
  pem: string,
  { longest, most }: { readonly longest: number; readonly most: number } = {
    longest: MAX_PASTED,
    most: MAX_AUTHORITIES,
  },
): X509Certificate[] {
  if (pem.length > longest) throw new Error(`This is longer than ${Math.floor(longest / 1_000)} kB.`);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new Error(
      'There is a private key in this. Paste the certificate only, and take care of who has seen the key.',
    );
  }
  const blocks = pemBlocks(pem);
  if (blocks.length === 0) {
    throw new Error('There is no certificate in this. It begins with the line -----BEGIN CERTIFICATE-----.');
  }
  if (blocks.length > most) throw new Error(`These are more than ${most} certificates.`);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new Error(`Certificate ${index + 1} of ${blocks.length} is damaged.`);
    }
  });
}
