import type { Stores } from '../storage/stores/index.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import type { AccountCommands } from './accounts.ts';
import type { Actor } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { DepartmentCommands } from './departments.ts';
import { importDepartments } from './import/house-departments.ts';
import type { LeavingCommands } from './leaving.ts';
import type { ResetLinkCommands } from './reset-links.ts';

/** What became of one of those that were chosen. */
export interface BulkResult {
  readonly jid: string;
  readonly done: boolean;
  /** Why it was not done, for people; '' when it was. */
  readonly message: string;
  /** The link that was made, where one was wished; '' otherwise. */
  readonly url: string;
}

/**
 * The same for many people. Each is done or refused by itself, and what was done of some stays done. Who must show who they are
 * is asked once for all that is left.
 */
export class BulkCommands {
  readonly #stores: Stores;
  readonly #departments: DepartmentCommands;
  readonly #accounts: AccountCommands;
  readonly #leaving: LeavingCommands;
  readonly #resetLinks: ResetLinkCommands;

  constructor(
    stores: Stores,
    departments: DepartmentCommands,
    accounts: AccountCommands,
    leaving: LeavingCommands,
    resetLinks: ResetLinkCommands,
  ) {
    this.#stores = stores;
    this.#departments = departments;
    this.#accounts = accounts;
    this.#leaving = leaving;
    this.#resetLinks = resetLinks;
  }

  disable(by: Actor, people: readonly string[], reason = ''): Promise<BulkResult[]> {
    return each(people, (domain, local) => this.#accounts.disable(by, domain, local, reason));
  }

  enable(by: Actor, people: readonly string[]): Promise<BulkResult[]> {
    return each(people, (domain, local) => this.#accounts.enable(by, domain, local));
  }

  remove(by: Actor, people: readonly string[]): Promise<BulkResult[]> {
    return each(people, (domain, local) => this.#leaving.remove(by, domain, local, `${local}@${domain}`));
  }

  restore(by: Actor, people: readonly string[]): Promise<BulkResult[]> {
    return each(people, (domain, local) => this.#accounts.restore(by, domain, local));
  }

  /** Into a department of their domain, or out of it. */
  department(by: Actor, people: readonly string[], id: number, member: boolean): Promise<BulkResult[]> {
    const departments = importDepartments(this.#departments);
    return each(people, async (domain, local) => {
      const found = this.#stores.departments.get(id);
      if (found === undefined) throw new CommandError('invalid', 'There is no such department any more.');
      const account = await this.#stores.accounts.find(domain, local);
      if (account === undefined) {
        throw new CommandError('account-not-found', `There is nobody with the address ${local}@${domain}.`);
      }
      if (found.domain !== domain) {
        throw new CommandError('invalid', `The department ${found.name} is one of ${found.domain}.`);
      }
      if (member) await departments.add(by, account, [found.name]);
      else await departments.leave(by, account, [found.name]);
    });
  }

  /** A link for each by which they choose a password. */
  resetLinks(by: Actor, people: readonly string[]): Promise<BulkResult[]> {
    return each(people, (domain, local) => this.#resetLinks.create(by, domain, local));
  }
}

async function each(
  people: readonly string[],
  act: (domain: string, local: string) => Promise<unknown>,
): Promise<BulkResult[]> {
  const results: BulkResult[] = [];
  for (const one of new Set(people)) {
    const jid = tryParseJid(one);
    try {
      if (jid === undefined || jid.local === '') throw new CommandError('invalid', 'This is not an address.');
      const made = await act(jid.domain, jid.local);
      const url = typeof made === 'object' && made !== null && 'url' in made ? String(made.url) : '';
      results.push({ jid: jid.bare, done: true, message: '', url });
    } catch (error) {
      if (!(error instanceof CommandError) || error.code === 'prove-yourself') throw error;
      results.push({ jid: one, done: false, message: error.message, url: '' });
    }
  }
  return results;
}
