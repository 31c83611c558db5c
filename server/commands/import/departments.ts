import type { Account } from '../../storage/stores/accounts.ts';
import type { Actor } from '../actor.ts';

/** What an import needs of departments. Names are compared without case. */
export interface ImportDepartments {
  /** The names of a domain's departments. */
  names(domain: string): Promise<readonly string[]>;
  make(by: Actor, domain: string, name: string): Promise<void>;
  /** Takes away one that nobody is in. False when somebody is. */
  removeEmpty(by: Actor, domain: string, name: string): Promise<boolean>;
  /** The names of those that somebody is in. */
  of(account: Account): Promise<readonly string[]>;
  add(by: Actor, account: Account, names: readonly string[]): Promise<void>;
  leave(by: Actor, account: Account, names: readonly string[]): Promise<void>;
}
