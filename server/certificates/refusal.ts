/** Which of the things that were given is at fault. */
export type GivenPart = 'chain' | 'key' | 'passphrase' | 'pkcs12';

/** A certificate that was given to us and cannot be used, with a sentence for whoever gave it. */
export class CertificateRefusal extends Error {
  readonly field: GivenPart;

  constructor(field: GivenPart, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CertificateRefusal';
    this.field = field;
  }
}
