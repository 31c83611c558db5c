/** Why no certificate came by ACME: a sentence for people. */
export class AcmeProblem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AcmeProblem';
  }
}

const LONGEST = 300;

/** What somebody else says, on one line and not too long. */
export function quoted(words: unknown): string {
  const text = typeof words === 'string' ? words : (JSON.stringify(words) ?? '');
  const plain = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}

const BY_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known to the DNS',
  EAI_AGAIN: 'the DNS does not answer',
  ECONNREFUSED: 'nobody answers at its address',
  ECONNRESET: 'it hung up',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it does not answer',
  ECONNABORTED: 'it does not answer',
  ERR_CANCELED: 'it took too long',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its own certificate is for another name',
  CERT_HAS_EXPIRED: 'its own certificate has ended: is the clock of this machine right?',
  CERT_NOT_YET_VALID: 'its own certificate does not hold yet: is the clock of this machine right?',
};
/** What is said to a port that speaks something else than TLS. */
const NO_TLS = /^(?:EPROTO$|ERR_SSL_)/;
const UNTRUSTED = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_SIGNATURE|CERT_UNTRUSTED|INVALID_CA|UNABLE_TO_VERIFY)/;

/** What went wrong while an authority was asked, for people. */
export function explain(error: unknown): AcmeProblem {
  if (error instanceof AcmeProblem) return error;
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const cause = { cause: error };
  if (UNTRUSTED.test(code)) {
    return new AcmeProblem(
      'The authority could not be asked: its own certificate is of somebody whom this machine does not know. Where it is an authority of your own, give its root certificate.',
      cause,
    );
  }
  if (NO_TLS.test(code)) {
    return new AcmeProblem(
      'The authority could not be asked: no encrypted connection to it comes about. Does its address lead to a port for https?',
      cause,
    );
  }
  const known = BY_CODE[code];
  if (known !== undefined) return new AcmeProblem(`The authority could not be asked: ${known}.`, cause);
  if (/maxContentLength|maxBodyLength/.test(message)) return nonsense(cause);
  // Errors of the language come of answers that have another shape than ACME's; the others have the authority's own words.
  if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) return nonsense(cause);
  if (/aborted|timed? ?out/i.test(message))
    return new AcmeProblem('The authority could not be asked: it took too long.', cause);
  return new AcmeProblem(`The authority says: “${quoted(message)}”`, cause);
}

/** Whoever answered does not speak ACME. */
export function nonsense(options?: ErrorOptions): AcmeProblem {
  return new AcmeProblem(
    'What answers at the address of the authority does not speak ACME (RFC 8555). Is the address the one of its directory?',
    options,
  );
}
