import type { Accounts } from '../storage/stores/accounts.ts';
import type { Audit } from '../storage/stores/audit.ts';
import type { Settings } from '../storage/stores/settings.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

const SETTING = 'chat-admins';
const MOST = 100;

/** People who may use administrators' commands from their chat client (XEP-0133). Nobody may until somebody is named. */
export class ChatAdmins {
  readonly #settings: Settings;
  readonly #accounts: Accounts;
  readonly #audit: Audit;

  constructor(settings: Settings, accounts: Accounts, audit: Audit) {
    this.#settings = settings;
    this.#accounts = accounts;
    this.#audit = audit;
  }

  /** Their bare addresses. */
  async list(): Promise<string[]> {
    const accounts = await Promise.all((await this.#ids()).map((id) => this.#accounts.byId(id)));
    return accounts.flatMap((account) => (account === undefined ? [] : [`${account.local}@${account.domain}`])).sort();
  }

  async has(bare: string): Promise<boolean> {
    const account = await this.#accounts.at(bare);
    return account !== undefined && account.status === 'active' && (await this.#ids()).includes(account.id);
  }

  /** Makes somebody one of them, or not any more. Throws CommandError. */
  async set(by: Actor, address: string, admin: boolean): Promise<void> {
    const jid = tryParseJid(address);
    const account = jid === undefined ? undefined : await this.#accounts.find(jid.domain, jid.local);
    if (account === undefined) {
      throw new CommandError('account-not-found', `There is nobody with the address ${address}.`);
    }
    const others = (await this.#ids()).filter((id) => id !== account.id);
    if (admin && others.length >= MOST) throw new CommandError('invalid', `There are ${MOST} of them already.`);
    await this.#settings.set(SETTING, admin ? [...others, account.id] : others);
    await record(
      this.#audit,
      by,
      admin ? 'account.chat-admin' : 'account.no-chat-admin',
      `${account.local}@${account.domain}`,
    );
  }

  /** Numbers, not names: whoever gets the name of somebody deleted must not get the power with it. */
  async #ids(): Promise<number[]> {
    const value = await this.#settings.get(SETTING);
    return Array.isArray(value) ? value.filter((one): one is number => typeof one === 'number') : [];
  }
}
