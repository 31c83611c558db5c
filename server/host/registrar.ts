import type { Account } from '../storage/stores/accounts.ts';
import type { Session } from './session.ts';

/** An invitation that was found good for an account. Only who made it looks inside. */
export interface AccountTicket {
  readonly domain: string;
  /** The one name that it is for, '' for whatever name. */
  readonly local: string;
}

/** A link to hand on. */
export interface InvitationResult {
  readonly uri: string;
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Who makes, changes and ends accounts for clients that ask for it: what streams and modules need of the commands, which are
 * made after them. Every method that refuses throws a StanzaError with words for people.
 */
export interface Registrar {
  /** Who may make an account on a domain without an administrator. */
  rule(domain: string): 'closed' | 'invited' | 'open';
  /** Looks whether a token is good for an account on this domain; it is not used up by that (XEP-0445 §5). */
  ticket(domain: string, token: string, address: string): Promise<AccountTicket>;
  /** Makes an account; it is on disk when it resolves. */
  register(wish: {
    readonly domain: string;
    readonly local: string;
    readonly password: string;
    readonly ticket: AccountTicket | undefined;
    readonly address: string;
  }): Promise<void>;
  /** Sets the password of a session's account; all its other sessions end. */
  changePassword(session: Session, password: string): Promise<void>;
  /** Whether people of a domain may delete their own account. */
  mayRemoveOwn(domain: string): boolean;
  /** Deletes an account on its owner's wish. */
  removeOwn(account: Account): Promise<void>;
  /** What people may invite to, and whether this one may let others in. */
  mayInvite(account: Account): Promise<{ readonly toContacts: boolean; readonly toAccounts: boolean }>;
  /** An invitation to the contact list of a person (XEP-0401 §5.1). */
  invite(account: Account): Promise<InvitationResult>;
  /** An invitation to an account (XEP-0401 §5.4), by one of those who may administer. */
  inviteToAccount(account: Account, local: string, introduced: boolean): Promise<InvitationResult>;
  /** Whether a token lets this contact into an account's list unasked (XEP-0379 §3.5); it is used up by that. */
  welcome(token: string, account: Account, contact: string, local: Account | undefined): Promise<boolean>;
  /** Makes two accounts each other's contacts. */
  befriend(one: Account, other: Account): Promise<void>;
}
