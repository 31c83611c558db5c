import type { Account, Accounts } from '../storage/stores/accounts.ts';
import type { Audit } from '../storage/stores/audit.ts';
import { CHAT_ADMINS, chatAdmins } from '../storage/stores/chat-admins.ts';
import type { Helped } from '../storage/stores/helped.ts';
import type { Stores } from '../storage/stores/index.ts';
import { withoutResetLink } from '../storage/stores/reset-links.ts';
import type { Settings } from '../storage/stores/settings.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

const MOST = 100;

/** People who may use administrators' commands from their chat client (XEP-0133). Nobody may until somebody is named. */
export class ChatAdmins {
  readonly #settings: Settings;
  readonly #accounts: Accounts;
  readonly #audit: Audit;
  readonly #helped: Helped;
  /** The list is read, changed and written by one at a time. */
  readonly #changes = new KeyedMutex<string>();

  constructor({ settings, accounts, audit, helped }: Pick<Stores, 'settings' | 'accounts' | 'audit' | 'helped'>) {
    this.#helped = helped;
    this.#settings = settings;
    this.#accounts = accounts;
    this.#audit = audit;
  }

  /** Their bare addresses. */
  async list(): Promise<string[]> {
    return (await this.#accountsOf(await this.#ids())).map(({ local, domain }) => `${local}@${domain}`).sort();
  }

  /** Whether somebody may administer from chat now; the disabled may not. */
  async has(bare: string): Promise<boolean> {
    const account = await this.#accounts.at(bare);
    return account !== undefined && account.status === 'active' && (await this.named(account));
  }

  /** Whether somebody was made one of them, be they disabled or not. */
  async named(account: Account): Promise<boolean> {
    return (await this.#ids()).includes(account.id);
  }

  /** Does something while nobody becomes one of them. */
  unchanged<T>(task: () => Promise<T>): Promise<T> {
    return this.#changes.run(CHAT_ADMINS, task);
  }

  /** Makes somebody one of them, or not any more. Doing so twice changes nothing. Throws CommandError. */
  async set(by: Actor, address: string, admin: boolean): Promise<void> {
    const jid = tryParseJid(address);
    const account = jid === undefined ? undefined : await this.#accounts.find(jid.domain, jid.local);
    if (account === undefined) {
      throw new CommandError('account-not-found', `There is nobody with the address ${address}.`);
    }
    await this.#changes.run(CHAT_ADMINS, () => this.#set(by, account, admin));
  }

  async #set(by: Actor, account: Account, admin: boolean): Promise<void> {
    const ids = await this.#ids();
    if (ids.includes(account.id) === admin) return;
    // Whoever was deleted meanwhile leaves the list here.
    const others = (await this.#accountsOf(ids)).map(({ id }) => id).filter((id) => id !== account.id);
    if (admin && others.length >= MOST) throw new CommandError('invalid', `There are ${MOST} of them already.`);
    if (admin && (await this.#helped.has(account.id))) throw knownToHelpDesk(account);
    // A link that the help desk made while it still might would let its holder in as a chat administrator.
    if (admin) await this.#settings.set(CHAT_ADMINS, [...others, account.id], [withoutResetLink(account.id)]);
    else await this.#settings.set(CHAT_ADMINS, others);
    const action = admin ? 'account.chat-admin' : 'account.no-chat-admin';
    await record(this.#audit, by, action, `${account.local}@${account.domain}`);
  }

  async #accountsOf(ids: readonly number[]): Promise<Account[]> {
    const accounts = await Promise.all(ids.map((id) => this.#accounts.byId(id)));
    return accounts.filter((account) => account !== undefined);
  }

  #ids(): Promise<number[]> {
    return chatAdmins(this.#settings);
  }
}

/** Nor would a password that the person changed since do: by the old one the help desk may have been who changed it. */
function knownToHelpDesk({ local, domain }: Account): CommandError {
  const jid = `${local}@${domain}`;
  return new CommandError(
    'not-allowed',
    `The password of ${jid} came by the help desk, which may know it. Make a link to choose a new one, and name them once it has been used.`,
  );
}
