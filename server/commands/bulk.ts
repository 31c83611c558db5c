import { tryParseJid } from '../xmpp/jid.ts';
import type { AccountCommands } from './accounts.ts';
import type { Actor } from './actor.ts';
import { CommandError } from './command-error.ts';
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

/** The same for many people. Each is done or refused by itself, and what was done of some stays done. */
export class BulkCommands {
  readonly #accounts: AccountCommands;
  readonly #leaving: LeavingCommands;
  readonly #resetLinks: ResetLinkCommands;

  constructor(accounts: AccountCommands, leaving: LeavingCommands, resetLinks: ResetLinkCommands) {
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
      if (!(error instanceof CommandError)) throw error;
      results.push({ jid: one, done: false, message: error.message, url: '' });
    }
  }
  return results;
}
