import type { Account } from '../../storage/stores/accounts.ts';
import type { Actor } from '../actor.ts';
import type { Detail } from '../deeds.ts';

/** What an import needs of departments. Names are compared without case; `also` goes into the audit log. */
export interface ImportDepartments {
  /** The names of a domain's departments. */
  names(domain: string): Promise<readonly string[]>;
  /** Throws CommandError for who must show again who they are before they put people into these; those that there are not do not count. */
  mustProve(by: Actor, domain: string, names: readonly string[]): Promise<void>;
  /** Gives its number. */
  make(by: Actor, domain: string, name: string): Promise<number>;
  /** Takes one away that is as it was made. False when somebody is in it, or it was changed. */
  unmake(by: Actor, id: number, name: string): Promise<boolean>;
  /** The names of those that somebody is in. */
  of(account: Account): Promise<readonly string[]>;
  add(by: Actor, account: Account, names: readonly string[], also?: Detail): Promise<void>;
  leave(by: Actor, account: Account, names: readonly string[], also?: Detail): Promise<void>;
}
