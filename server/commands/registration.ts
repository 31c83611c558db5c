import type { OptionValues } from '../host/option-values.ts';
import { StorageError } from '../storage/database.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Invitation } from '../storage/stores/invitations.ts';
import { useForAccount } from '../storage/stores/invitations.ts';
import { addressGroup } from '../util/address-group.ts';
import { linkHash } from '../util/link-token.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { record } from './actor.ts';
import { CommandError } from './command-error.ts';
import { type InvitationCommands, type InvitationLink, stateOf } from './invitations.ts';
import { makeAccount } from './make-account.ts';
import { checkLocal } from './names.ts';
import { mayRemoveOwn, type RegistrationRule, registrationRule } from './onboarding-options.ts';
import { checkOwnName } from './own-names.ts';

/** Makes two accounts each other's contacts; `name` is what the other is called by the first. */
export type Befriend = (one: Account, other: Account, name?: string) => Promise<void>;

/** An invitation that was found good for an account: whoever holds it may register, also when it expires meanwhile. */
export interface Ticket {
  readonly invitation: number;
  readonly domain: string;
  /** The one name that it is for, '' for whatever name. */
  readonly local: string;
  readonly name: string;
  readonly inviter: number | undefined;
  readonly byPerson: boolean;
}

export interface Newcomer {
  readonly domain: string;
  readonly local: string;
  readonly password: string;
  readonly name?: string;
  readonly ticket: Ticket | undefined;
  /** The IP address that they come from. */
  readonly address: string;
  readonly door: 'chat' | 'panel';
}

/** What whoever has an invitation may know of it. */
export interface InvitationFace extends InvitationLink {
  readonly domain: string;
  /** Whether it is good for an account of one's own. */
  readonly account: boolean;
  readonly local: string;
  readonly name: string;
  /** Who invites: a person, or nobody in particular. */
  readonly inviter: { readonly jid: string; readonly name: string } | null;
  readonly expiresAt: number;
  /** As many have come by it as may. Whoever comes back by it is looking for what an app asks for. */
  readonly used: boolean;
}

/** The accounts that people make themselves. Guesses and floods are slowed by address and for the whole house. */
export class Registration {
  readonly #stores: Stores;
  readonly #options: OptionValues;
  readonly #invitations: InvitationCommands;
  readonly #befriend: Befriend;
  readonly #iterations: number;
  readonly #now: () => number;
  /** Tries that failed: wrong links, names that are taken. */
  readonly #tries: TokenBuckets;
  /** Accounts made without an invitation. */
  readonly #strangers: TokenBuckets;
  readonly #flood: TokenBuckets;

  constructor(needs: {
    stores: Stores;
    options: OptionValues;
    invitations: InvitationCommands;
    befriend: Befriend;
    iterations: number;
    now?: () => number;
  }) {
    this.#stores = needs.stores;
    this.#options = needs.options;
    this.#invitations = needs.invitations;
    this.#befriend = needs.befriend;
    this.#iterations = needs.iterations;
    const now = needs.now ?? Date.now;
    this.#now = now;
    this.#tries = new TokenBuckets({ capacity: 20, perSecond: 1 / 10, keys: 10_000, now });
    this.#strangers = new TokenBuckets({ capacity: 10, perSecond: 1 / 120, keys: 10_000, now });
    this.#flood = new TokenBuckets({ capacity: 100, perSecond: 1 / 36, keys: 1, now });
  }

  rule(domain: string): RegistrationRule {
    return this.#options.get(registrationRule, domain);
  }

  /** Whether people of a domain may delete their own account. */
  mayRemoveOwn(domain: string): boolean {
    return this.#options.get(mayRemoveOwn, domain);
  }

  /** Makes two accounts each other's contacts. */
  befriend(one: Account, other: Account): Promise<void> {
    return this.#befriend(one, other);
  }

  /** What a link says to whoever holds it, also when it is used up. Throws CommandError: it is unknown, expired. */
  async face(token: string, address: string): Promise<InvitationFace> {
    return this.#found(address, async () => {
      const { one, inviter } = await this.#good(token, true);
      const used = stateOf(one, this.#now()) === 'used';
      const account = one.purpose !== 'contact' && this.rule(one.domain) !== 'closed';
      if (!account && !used && one.purpose === 'account') throw closed();
      return {
        domain: one.domain,
        account,
        local: one.local,
        name: one.name,
        inviter: inviter === undefined ? null : { jid: `${inviter.local}@${inviter.domain}`, name: inviter.name },
        expiresAt: one.expiresAt,
        used,
        ...this.#invitations.linkOf(one, inviter, token),
      };
    });
  }

  /** Looks whether a link is good for an account on this domain; nothing is used up. Throws CommandError. */
  async ticket(domain: string, token: string, address: string): Promise<Ticket> {
    return this.#found(address, async () => {
      const { one, inviter } = await this.#good(token);
      if (one.domain !== domain || one.purpose === 'contact') throw unknown();
      if (this.rule(domain) === 'closed') throw closed();
      const { local, name, byPerson } = one;
      return { invitation: one.id, domain, local, name, inviter: inviter?.id, byPerson };
    });
  }

  /** Makes an account for whoever asks, as the domain's rule allows. Throws CommandError. */
  async register(newcomer: Newcomer): Promise<Account> {
    const { domain, ticket, address } = newcomer;
    const rule = this.rule(domain);
    if (rule === 'closed') throw closed();
    if (ticket === undefined && rule !== 'open') {
      throw new CommandError(
        'not-allowed',
        'An account is made by invitation here: open the link that you were given.',
      );
    }
    if (ticket !== undefined && ticket.domain !== domain) throw unknown();
    const whose = ticket === undefined ? addressGroup(address) : `invitation ${ticket.invitation}`;
    return this.#attempt(whose, async () => {
      const local = checkLocal(newcomer.local);
      if (ticket !== undefined && ticket.local !== '') {
        if (local !== ticket.local) {
          throw new CommandError('invalid', `This invitation is for the name ${ticket.local}.`, 'local');
        }
      } else await this.#mustBeOwn(domain, local);
      if (ticket === undefined) this.#slow(address);
      return this.#make({ ...newcomer, local });
    });
  }

  async #make(newcomer: Newcomer): Promise<Account> {
    const { domain, local, password, ticket, address, door } = newcomer;
    const inviter = ticket?.inviter === undefined ? undefined : await this.#stores.accounts.byId(ticket.inviter);
    if (ticket?.byPerson === true && inviter?.status !== 'active') throw unknown();
    const name = ticket !== undefined && ticket.name !== '' ? ticket.name : (newcomer.name ?? '');
    let account: Account;
    try {
      const wish = { domain, local, password, name };
      const also = (made: string) =>
        ticket === undefined ? [] : useForAccount(ticket.invitation, domain, made, this.#now());
      const invitation = ticket === undefined ? {} : { invitation: ticket.invitation };
      ({ account } = await makeAccount(this.#stores, this.#iterations, { ...wish, ...invitation, also }));
    } catch (error) {
      // Somebody else was quicker with the same link, or it was taken back.
      if (error instanceof StorageError && error.code === 'constraint') throw used();
      throw error;
    }
    if (ticket !== undefined) {
      const departments = await this.#stores.invitations.departmentsOf(ticket.invitation);
      if (departments.length > 0) await this.#stores.departments.setFor(account, departments);
    }
    const jid = `${account.local}@${account.domain}`;
    if (inviter !== undefined) await this.#befriend(inviter, account);
    await record(this.#stores.audit, { name: jid, door }, 'account.register', jid, {
      address,
      ...(ticket !== undefined && { invitation: ticket.invitation }),
    });
    return account;
  }

  /**
   * Uses a link for the contact list of whose it is (XEP-0379 §3.5). False when it is no good for that: then the request
   * must be answered by hand (§4.1).
   */
  async welcome(token: string, owner: Account, contact: string, account: Account | undefined): Promise<boolean> {
    const one = await this.#stores.invitations.byHash(linkHash('invitation', token));
    if (one === undefined || one.purpose === 'account' || one.account !== owner.id) return false;
    if (stateOf(one, this.#now()) !== 'open') return false;
    try {
      await this.#stores.invitations.use(one.id, contact, account?.id ?? null, this.#now());
    } catch (error) {
      if (error instanceof StorageError && error.code === 'constraint') return false;
      throw error;
    }
    return true;
  }

  /** The invitation of a link and the person whom it is from, if it can be used (or was, when that will do). Throws CommandError. */
  async #good(token: string, orUsed = false): Promise<{ one: Invitation; inviter: Account | undefined }> {
    const one = await this.#stores.invitations.byHash(linkHash('invitation', token));
    const inviter = one?.account == null ? undefined : await this.#stores.accounts.byId(one.account);
    if (one === undefined || (one.byPerson && inviter?.status !== 'active')) throw unknown();
    const state = stateOf(one, this.#now());
    if (state === 'revoked') throw unknown();
    if (state === 'used' && (!orUsed || one.purpose === 'contact')) throw used();
    if (state === 'expired') throw new CommandError('link-expired', 'This invitation has expired. Ask for a new one.');
    return { one, inviter };
  }

  /** A name that somebody chose: free, not the office's own, and not like another's. */
  async #mustBeOwn(domain: string, local: string): Promise<void> {
    const alike = checkOwnName(local);
    if (alike !== undefined && (await this.#stores.accounts.find(domain, alike)) !== undefined) {
      throw new CommandError('account-exists', 'This name looks like somebody else’s. Please choose another.', 'local');
    }
  }

  /**
   * Who fails often is told to wait. Who has a good link need not, whatever others of the same address tried, which may be an
   * office or a proxy: nobody guesses one.
   */
  async #found<T>(address: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const wait = this.#tries.take(addressGroup(address));
      throw wait > 0 ? slower(wait) : error;
    }
  }

  /** Who fails often has to wait; who succeeds is not counted. */
  async #attempt<T>(whose: string, run: () => Promise<T>): Promise<T> {
    const wait = this.#tries.take(whose);
    if (wait > 0) throw slower(wait);
    const done = await run();
    this.#tries.give(whose);
    return done;
  }

  #slow(address: string): void {
    const wait = this.#strangers.take(addressGroup(address)) || this.#flood.take('');
    if (wait > 0) throw slower(wait);
  }
}

const unknown = () => new CommandError('link-unknown', 'There is no such invitation. Check that the link is complete.');
const used = () => new CommandError('link-used', 'This invitation was used already. Ask for a new one.');
const closed = () => new CommandError('not-allowed', 'Only administrators make accounts here. Please ask yours.');

function slower(waitMs: number): CommandError {
  const minutes = Math.ceil(waitMs / 60_000);
  const when = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return new CommandError('too-many', `Too many attempts from this network. Try again in ${when}.`);
}
