import type { Element } from '../xmpp/element.ts';
import type { ScramError } from '../xmpp/scram.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Connection } from './connection.ts';
import { SaslError } from './mechanisms/mechanism.ts';

/** Failures on one stream before it is ended (RFC 6120 §6.4.5). */
const TRIES = 5;

/** What is remembered of the logins tried on one connection, by whichever profile. */
export class Attempts {
  #failures = 0;
  /** The profile whose exchange is under way. */
  #profile = '';
  /** What takes the client's next element of it. */
  next: ((element: Element) => Promise<void>) | undefined;

  /** A profile takes its turn. Throws StreamError while the exchange of another is under way. */
  enter(profile: string): void {
    if (this.next !== undefined && this.#profile !== profile) {
      throw new StreamError('policy-violation', 'Another login is under way.');
    }
    this.#profile = profile;
  }

  /** A try failed. Throws StreamError when it was one too many; to be called when the client has been told. */
  failed(): void {
    this.next = undefined;
    if (++this.#failures >= TRIES) throw new StreamError('policy-violation', 'Too many failed logins.');
  }
}

/** Notes that a login was refused. Gives what the person at the client may know: more would help who guesses. */
export function refuse(connection: Connection, error: SaslError | ScramError): string {
  connection.host!.house.counters.loginFailures++;
  const { address } = connection;
  const { condition } = error;
  connection.door.log.info({ address, condition, reason: error.message }, 'login refused');
  if (condition === 'not-authorized') return 'The name or the password is wrong.';
  if (condition === 'account-disabled') {
    // Only who has shown the password comes here, so whoever reads the reason is the one it was written for.
    const reason = error instanceof SaslError && error.told !== '' ? ` The reason: ${error.told}` : '';
    return `This account is disabled.${reason} Please ask your administrator.`;
  }
  if (condition === 'temporary-auth-failure') return 'The server cannot let you in now. Please try again.';
  if (condition === 'invalid-mechanism') return 'This way to log in is not offered.';
  if (condition === 'credentials-expired') return 'Please log in with your password again.';
  return 'The login was not understood.';
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Strict base 64 (RFC 6120 §6.4, RFC 4648 §4). Throws SaslError. */
export function fromBase64(text: string): Buffer {
  if (!BASE64.test(text)) throw new SaslError('incorrect-encoding', 'not base 64');
  return Buffer.from(text, 'base64');
}
