import type { Account } from '../storage/stores/accounts.ts';
import type { Stores } from '../storage/stores/index.ts';
import { addressGroup } from '../util/address-group.ts';
import { linkHash, makeLinkToken } from '../util/link-token.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import type { AccountCommands } from './accounts.ts';
import { type Actor, may, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import { checkPassword } from './passwords.ts';

const LIFETIME_MS = 24 * 60 * 60 * 1_000;
const REMEMBERED_MS = 7 * LIFETIME_MS;

/** Links by which people who forgot their password choose a new one. */
export class ResetLinkCommands {
  readonly #stores: Stores;
  readonly #accounts: AccountCommands;
  readonly #url: () => string;
  readonly #now: () => number;
  readonly #tries: TokenBuckets;

  constructor(stores: Stores, accounts: AccountCommands, url: () => string, now: () => number = Date.now) {
    this.#stores = stores;
    this.#accounts = accounts;
    this.#url = url;
    this.#now = now;
    this.#tries = new TokenBuckets({ capacity: 10, perSecond: 1 / 10, keys: 10_000, now });
  }

  /** Makes a link for one person, good for a day and for one use; the one before it stops working. Throws CommandError. */
  async create(by: Actor, domain: string, local: string): Promise<{ url: string; expiresAt: number; jid: string }> {
    const { account } = await this.#accounts.get(domain, local);
    const found = await this.#stores.accounts.find(account.domain, account.local);
    if (found === undefined)
      throw new CommandError('account-not-found', `There is nobody with the address ${account.jid}.`);
    const token = makeLinkToken();
    const createdAt = this.#now();
    const expiresAt = createdAt + LIFETIME_MS;
    const link = { account: found.id, helped: !may(by, 'admin'), createdAt, expiresAt };
    await this.#accounts.helping(by, found, () => this.#stores.resetLinks.put(linkHash('reset', token), link));
    await record(this.#stores.audit, by, 'account.reset-link', account.jid);
    return { url: new URL(`/reset/${token}`, this.#url()).href, expiresAt, jid: account.jid };
  }

  /** Whose password a link sets. Throws CommandError. */
  async face(token: string, address: string): Promise<{ jid: string; expiresAt: number }> {
    return this.#found(address, async () => {
      const { account, expiresAt } = await this.#good(token);
      return { jid: `${account.local}@${account.domain}`, expiresAt };
    });
  }

  /** Sets the password by a link, which is used up by it, and ends the person's sessions. Throws CommandError. */
  async use(token: string, password: string, address: string): Promise<{ jid: string }> {
    return this.#found(address, async () => {
      const { account, helped } = await this.#good(token);
      // All that can be wrong is looked at first: a slip must not use the link up.
      checkPassword(password, account);
      if (!(await this.#stores.resetLinks.take(linkHash('reset', token), this.#now()))) throw unknown();
      const jid = `${account.local}@${account.domain}`;
      const by: Actor = { name: jid, door: 'panel', ...(helped && { rights: ['help'] }) };
      await this.#accounts.setPassword(by, account.domain, account.local, { password });
      return { jid };
    });
  }

  /** Forgets what expired a while ago. To be called now and then. */
  async expire(): Promise<void> {
    await this.#stores.resetLinks.expire(this.#now() - REMEMBERED_MS);
  }

  async #good(token: string): Promise<{ account: Account; helped: boolean; expiresAt: number }> {
    const link = await this.#stores.resetLinks.find(linkHash('reset', token));
    const account = link === undefined ? undefined : await this.#stores.accounts.byId(link.account);
    if (link === undefined || account === undefined) throw unknown();
    if (link.expiresAt <= this.#now()) {
      throw new CommandError('link-expired', 'This link has expired. Ask your administrator for a new one.');
    }
    return { account, helped: link.helped, expiresAt: link.expiresAt };
  }

  /**
   * Who fails often is told to wait. Who has a good link need not, whatever others of the same address tried, which may be an
   * office or a proxy: nobody guesses one.
   */
  async #found<T>(address: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (this.#tries.take(addressGroup(address)) === 0) throw error;
      throw new CommandError('too-many', 'Too many attempts from this network. Try again in a minute.');
    }
  }
}

const unknown = () =>
  new CommandError(
    'link-unknown',
    'This link is not known, or was used already. Ask your administrator for a new one.',
  );
