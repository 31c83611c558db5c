import type { Soon } from '../../storage/cached.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import type { Connection } from '../connection.ts';

/** What a login can fail with (RFC 6120 §6.5). */
export type Condition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized'
  | 'temporary-auth-failure';

/** A login is refused. The message is for the log, not for the client. */
export class SaslError extends Error {
  readonly condition: Condition;
  /** Words of an administrator for the person who logs in, '' for none. */
  readonly told: string;

  constructor(condition: Condition, message: string, told = '') {
    super(message);
    this.condition = condition;
    this.told = told;
  }
}

/** Somebody has shown who they are. */
export interface Login {
  readonly account: Account;
  readonly mechanism: string;
  /** The key that a password was checked against. */
  readonly storedKey?: Uint8Array;
  /** A token was shown: whether it should be replaced by a newer one. */
  readonly token?: { readonly due: boolean };
  /** Whether what was shown would still do: it may have been changed or revoked since. At once if the store need not be asked. */
  holds(): Soon<boolean>;
}

/** Where an exchange stands after one message of the client's. Challenges and data are bytes as text. */
export type Step =
  | { readonly challenge: string; readonly next: (response: Buffer) => Promise<Step> }
  | { readonly challenge?: undefined; readonly login: Login; readonly data?: string | Uint8Array };

/** What a profile knows when an exchange begins. */
export interface Request {
  readonly connection: Connection;
  readonly initial: Buffer;
  /** What the client calls itself (XEP-0388 §2.4), '' when it did not say. */
  readonly agent: string;
  /** What it says of its token (XEP-0484 §3.4, §3.6). */
  readonly fast?: FastWish;
}

export interface FastWish {
  readonly count: number | undefined;
  readonly invalidate: boolean;
}

/** One SASL mechanism (RFC 4422), whichever profile carries it. All of these begin with the client. */
export interface Mechanism {
  readonly name: string;
  /** Throws SaslError or ScramError. */
  begin(request: Request): Promise<Step>;
}

/** A message that must be text. Throws SaslError. */
export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SaslError('malformed-request', 'not UTF-8');
  }
}
