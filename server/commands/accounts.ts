import type { Statement } from '../storage/database.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { noteHelped } from '../storage/stores/helped.ts';
import type { Stores } from '../storage/stores/index.ts';
import { leave, stay } from '../storage/stores/leaving.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, may, record } from './actor.ts';
import type { ChatAdmins } from './chat-admins.ts';
import { CommandError } from './command-error.ts';
import type { Deed, Detail } from './deeds.ts';
import type { House, HouseSession } from './house.ts';
import { makeAccount } from './make-account.ts';
import { checkDisplayName, checkLocal, checkReason } from './names.ts';
import { fulfil, type PasswordWish } from './passwords.ts';
import { type SessionView, viewSession } from './sessions.ts';

/** One person, as shown to administrators. Times are ms since 1970. */
export interface AccountView extends Omit<Account, 'id'> {
  readonly jid: string;
  /** Clients connected now. */
  readonly sessions: number;
  /** When the last client went away; null when none ever did, or while one is connected. */
  readonly lastActivity: number | null;
  /** Named among those who may administer from chat. */
  readonly chatAdmin: boolean;
  /** When it is deleted; null when it is not to be. */
  readonly removeAt: number | null;
}

/** What a person says of themselves to everybody; each is '' when they do not say. */
export interface ProfileView {
  readonly name: string;
  readonly nick: string;
  readonly email: string;
}

export interface AccountList {
  readonly accounts: AccountView[];
  readonly total: number;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

/** `after` and `before` are local parts. */
export interface AccountWish {
  readonly search?: string;
  readonly status?: 'active' | 'disabled' | 'online';
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
}

const PAGE = 50;

/** What administrators do with the people of the house. Every change is in the audit log before it is answered. */
export class AccountCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #iterations: number;
  readonly #chatAdmins: ChatAdmins;
  /** Each change costs as much as a login and writes to the disk. */
  readonly #ownChanges = new TokenBuckets({ capacity: 10, perSecond: 1 / 60, keys: 10_000 });

  readonly #leaves: (bare: string) => Promise<void>;

  /**
   * `iterations`: rounds of PBKDF2 for passwords that are set here. `leaves` is told of whoever is being removed before the
   * address can be another's.
   */
  constructor(
    stores: Stores,
    house: House,
    chatAdmins: ChatAdmins,
    iterations: number,
    leaves: (bare: string) => Promise<void> = async () => {},
  ) {
    this.#leaves = leaves;
    this.#stores = stores;
    this.#house = house;
    this.#chatAdmins = chatAdmins;
    this.#iterations = iterations;
  }

  /** One page of a domain's people, by local part. */
  async list(input: string, wish: AccountWish): Promise<AccountList> {
    const domain = this.#served(input);
    const { search, status, after, before, limit = PAGE } = wish;
    if (status === 'online') return this.#listOnline(domain, wish);
    const page = await this.#stores.accounts.page({
      domain,
      limit,
      ...(search !== undefined && { search }),
      ...(status !== undefined && { status }),
      ...(after !== undefined && { after: `${after}@${domain}` }),
      ...(before !== undefined && { before: `${before}@${domain}` }),
    });
    const accounts = await Promise.all(page.accounts.map((account) => this.#view(account)));
    return { accounts, total: page.total, hasBefore: page.hasBefore, hasAfter: page.hasAfter };
  }

  /** One person, with sessions and what is kept for them. */
  async get(
    domain: string,
    local: string,
  ): Promise<{
    account: AccountView;
    sessions: SessionView[];
    counts: { contacts: number; offline: number; messages: number | null; files: number; fileBytes: number };
    profile: ProfileView;
  }> {
    const account = await this.#find(domain, local);
    const [view, roster, offline, messages = null, names, use] = await Promise.all([
      this.#view(account),
      this.#stores.rosters.all(account.id),
      this.#stores.offline.count(account.id),
      this.#stores.archives.count(account.id),
      this.#stores.profiles.names(account.id),
      this.#stores.uploads.use(account.id),
    ]);
    let contacts = 0;
    for (const item of roster.items.values()) if (item.listed) contacts += 1;
    const { given = '', family = '', nick = '', email = '' } = names ?? {};
    const profile = { name: `${given} ${family}`.trim(), nick, email };
    return {
      account: view,
      sessions: this.#sessionsOf(view.jid).map(viewSession),
      counts: { contacts, offline, messages, files: use.files, fileBytes: use.bytes },
      profile,
    };
  }

  /** The addresses in somebody's list of contacts, at most 500, by address. */
  async contacts(domain: string, local: string): Promise<{ contacts: string[]; total: number }> {
    const account = await this.#find(domain, local);
    const { items } = await this.#stores.rosters.all(account.id);
    const listed = [...items.values()].filter((item) => item.listed).map(({ jid }) => jid);
    return { contacts: listed.sort().slice(0, 500), total: listed.length };
  }

  /** Makes an account; the password is in the answer only when it was made here. */
  async create(
    by: Actor,
    input: string,
    wish: PasswordWish & { readonly local: string; readonly name?: string },
  ): Promise<{ account: AccountView; password?: string }> {
    const domain = this.#served(input);
    const { account, ...made } = await makeAccount(this.#stores, this.#iterations, { ...wish, domain });
    await record(this.#stores.audit, by, 'account.create', `${account.local}@${domain}`, {
      generated: wish.generate === true,
    });
    return { account: await this.#view(account), ...made };
  }

  /** Sets a new password and ends the person's sessions. */
  async setPassword(
    by: Actor,
    domain: string,
    local: string,
    wish: PasswordWish,
  ): Promise<{ account: AccountView; password?: string }> {
    const account = await this.#find(domain, local);
    const note = noteHelped(account.id, !may(by, 'admin'));
    const made = await this.helping(by, account, () => this.#change(account, wish, { note }));
    await this.#record(by, 'account.password', account, { generated: wish.generate === true });
    return { account: await this.#view(account), ...made };
  }

  /**
   * Whoever may only help must not get at what they may not do by way of somebody who administers from chat: those are helped by
   * administrators. Throws CommandError `not-allowed`.
   */
  async mayHelp(by: Actor, account: Account): Promise<void> {
    if (may(by, 'admin') || !(await this.#chatAdmins.named(account))) return;
    const jid = `${account.local}@${account.domain}`;
    throw new CommandError('not-allowed', `${jid} is a chat administrator: only an administrator may do this.`);
  }

  /** Does what whoever may only help may do, while nobody is named one of those. Throws CommandError `not-allowed`. */
  async helping<T>(by: Actor, account: Account, task: () => Promise<T>): Promise<T> {
    if (may(by, 'admin')) return task();
    return this.#chatAdmins.unchanged(async () => {
      await this.mayHelp(by, account);
      return task();
    });
  }

  /** A new password for oneself, from a session that goes on while all others end. Throws CommandError. */
  async changeOwnPassword(own: HouseSession, password: string): Promise<void> {
    if (this.#ownChanges.take(own.jid.bare) > 0) {
      throw new CommandError('too-many', 'You changed your password too often. Try again later.');
    }
    const account = await this.#find(own.jid.domain, own.jid.local);
    // That the help desk knew the old one stays noted: it may be the help desk that is in by it.
    await this.#change(account, { password }, { spared: own });
    await this.#record({ name: own.jid.bare, door: 'chat' }, 'account.password', account, { own: true });
  }

  /**
   * The one place where a password is changed. Whatever let somebody in by the old one ends: links to reset it, push
   * notifications, and all sessions but `spared`.
   */
  async #change(
    account: Account,
    wish: PasswordWish,
    { spared, note }: { readonly spared?: HouseSession; readonly note?: Statement },
  ): Promise<{ password?: string }> {
    const { keys, made } = await fulfil(account, wish, this.#iterations);
    await this.#stores.credentials.replace(account.id, keys, note === undefined ? [] : [note]);
    // First, so that none of them asks to be woken after that was taken.
    this.#end(account, 'not-authorized', 'Your password was changed.', spared);
    await this.#stores.resetLinks.remove(account.id);
    const kept = spared && { resource: spared.jid.resource, since: spared.connectedAt };
    await this.#stores.push.clear(account.id, kept);
    return made;
  }

  /** Sets what the person is called. */
  async setName(by: Actor, domain: string, local: string, name: string): Promise<{ account: AccountView }> {
    const account = await this.#find(domain, local);
    const checked = checkDisplayName(name);
    await this.#stores.accounts.setName(account, checked);
    await this.#record(by, 'account.name', account, { from: account.name, to: checked });
    return { account: await this.#view({ ...account, name: checked }) };
  }

  /** Keeps the person out, with all that is theirs kept, and ends their sessions. */
  async disable(by: Actor, domain: string, local: string, reason = ''): Promise<{ account: AccountView }> {
    const account = await this.#find(domain, local);
    await this.mayHelp(by, account);
    await this.#mustStay(account);
    checkReason(reason);
    await this.#stores.accounts.setStatus(account, 'disabled', reason);
    this.#end(account, 'not-authorized', `Your account was disabled.${reason === '' ? '' : ` The reason: ${reason}`}`);
    this.#house.get(domain)?.events.emit('disabled', { account });
    await this.#record(by, 'account.disable', account, { reason });
    return { account: await this.#view({ ...account, status: 'disabled', reason }) };
  }

  async enable(by: Actor, domain: string, local: string): Promise<{ account: AccountView }> {
    const account = await this.#find(domain, local);
    await this.mayHelp(by, account);
    await this.#mustStay(account);
    await this.#stores.accounts.setStatus(account, 'active');
    await this.#record(by, 'account.enable', account);
    return { account: await this.#view({ ...account, status: 'active', reason: '' }) };
  }

  /** Lets a person use administrators' commands from a chat app (XEP-0133), or not any more. */
  async setChatAdmin(by: Actor, domain: string, local: string, admin: boolean): Promise<{ account: AccountView }> {
    const account = await this.#find(domain, local);
    await this.#chatAdmins.set(by, `${account.local}@${account.domain}`, admin);
    return { account: await this.#view(account) };
  }

  /**
   * Closes the account, and notes that it is to be deleted then (ms since 1970). Nobody comes in, whoever is in leaves, and all
   * that is theirs is kept; the name stays taken. `confirm` must be the bare address.
   */
  async close(by: Actor, domain: string, local: string, confirm: string, removeAt: number): Promise<void> {
    const account = await this.#confirmed(domain, local, confirm);
    if ((await this.#stores.leaving.of(account.id)) !== undefined) return;
    const note = leave(account, Date.now(), removeAt);
    await this.#stores.accounts.setStatus(account, 'disabled', 'This account is to be deleted.', [note]);
    this.#end(account, 'not-authorized', 'Your account was deleted.');
    await this.#stores.resetLinks.remove(account.id);
    this.#house.get(account.domain)?.events.emit('disabled', { account });
    await this.#record(by, 'account.close', account, { until: new Date(removeAt).toISOString() });
  }

  /** Takes that back: all is as it was before. Throws CommandError. */
  async restore(by: Actor, domain: string, local: string): Promise<{ account: AccountView }> {
    const account = await this.#find(domain, local);
    const leaver = await this.#stores.leaving.of(account.id);
    if (leaver === undefined) throw new CommandError('invalid', `${local}@${domain} is not to be deleted.`);
    const { status, reason } = leaver;
    await this.#stores.accounts.setStatus(account, status, reason, [stay(account.id)]);
    await this.#record(by, 'account.restore', account);
    return { account: await this.#view({ ...account, status, reason }) };
  }

  /** Removes the person and all that is theirs. `confirm` must be the bare address. */
  async remove(by: Actor, domain: string, local: string, confirm: string): Promise<void> {
    const account = await this.#confirmed(domain, local, confirm);
    const jid = `${account.local}@${account.domain}`;
    // First nobody comes in and whoever is in leaves, so that contacts see it while there is a roster to tell them by.
    await this.#stores.accounts.setStatus(account, 'disabled', 'The deletion of this account was not finished.');
    this.#end(account, 'not-authorized', 'Your account was deleted.');
    await this.#leaves(jid);
    const removal = this.#stores.accounts.remove(account);
    // The first write takes the account, its keys and its lists; a long archive follows in slices, for which nobody
    // waits. If that is cut short, `accounts.sweep()` finishes it after the next start.
    removal.catch(() => undefined);
    this.#stores.rosters.forget(account.id);
    this.#stores.offline.forget(account.id);
    this.#stores.blocking.forget(account.id);
    if ((await this.#stores.accounts.find(account.domain, account.local))?.id === account.id) await removal;
    this.#house.get(account.domain)?.events.emit('removed', { account });
    await this.#record(by, 'account.delete', account, { name: account.name });
  }

  async #listOnline(domain: string, wish: AccountWish): Promise<AccountList> {
    const { after, before, limit = PAGE } = wish;
    const search = (wish.search ?? '').normalize('NFKC').toLowerCase().trim();
    const locals = new Set<string>();
    for (const session of this.#house.get(domain)?.sessions.all() ?? []) locals.add(session.jid.local);
    const found: Account[] = [];
    for (const local of [...locals].sort()) {
      const account = await this.#stores.accounts.find(domain, local);
      if (account !== undefined && `${local} ${account.name}`.normalize('NFKC').toLowerCase().includes(search))
        found.push(account);
    }
    const start = after === undefined ? 0 : found.filter((one) => one.local <= after).length;
    const end = before === undefined ? found.length : found.filter((one) => one.local < before).length;
    const backwards = before !== undefined && after === undefined;
    const from = backwards ? Math.max(0, end - limit) : start;
    const shown = found.slice(from, backwards ? end : start + limit);
    return {
      accounts: await Promise.all(shown.map((account) => this.#view(account))),
      total: found.length,
      hasBefore: from > 0,
      hasAfter: from + shown.length < found.length,
    };
  }

  async #view(account: Account): Promise<AccountView> {
    const { id, ...rest } = account;
    const jid = `${account.local}@${account.domain}`;
    const sessions = this.#sessionsOf(jid).length;
    const last = sessions > 0 ? undefined : await this.#stores.lastActivity.get(id);
    const chatAdmin = await this.#chatAdmins.named(account);
    const leaver = account.status === 'disabled' ? await this.#stores.leaving.of(id) : undefined;
    const removeAt = leaver?.removeAt ?? null;
    return { ...rest, jid, sessions, lastActivity: last?.time ?? null, chatAdmin, removeAt };
  }

  async #confirmed(domain: string, local: string, confirm: string): Promise<Account> {
    const account = await this.#find(domain, local);
    const jid = `${account.local}@${account.domain}`;
    if (confirm.trim().toLowerCase() === jid.toLowerCase()) return account;
    throw new CommandError('not-confirmed', `To delete this person, type the address ${jid}.`, 'confirm');
  }

  /** Who is to be deleted is brought back first: being disabled or not is what they come back to. */
  async #mustStay(account: Account): Promise<void> {
    if ((await this.#stores.leaving.of(account.id)) === undefined) return;
    throw new CommandError(
      'account-leaving',
      `${account.local}@${account.domain} is to be deleted: bring them back first.`,
    );
  }

  /** The domain, prepared, when it is served here. */
  #served(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }

  #sessionsOf(jid: string): readonly HouseSession[] {
    return this.#house.get(jid.slice(jid.lastIndexOf('@') + 1))?.sessions.of(jid) ?? [];
  }

  async #find(input: string, name: string): Promise<Account> {
    const domain = this.#served(input);
    const local = checkLocal(name);
    const account = await this.#stores.accounts.find(domain, local);
    if (account === undefined)
      throw new CommandError('account-not-found', `There is nobody with the address ${local}@${domain}.`);
    return account;
  }

  /** What is stored forbids a new login by now, so whoever is ended here stays away. */
  #end(account: Account, condition: 'not-authorized', text: string, spared?: HouseSession): void {
    for (const session of [...this.#sessionsOf(`${account.local}@${account.domain}`)]) {
      if (session !== spared) session.end(condition, text);
    }
  }

  #record(by: Actor, action: Deed, account: Account, detail: Detail = {}): Promise<void> {
    return record(this.#stores.audit, by, action, `${account.local}@${account.domain}`, detail);
  }
}
