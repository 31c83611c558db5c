import type { OptionValues } from '../host/option-values.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Department } from '../storage/stores/department-map.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Invitation, InvitationPurpose, NewInvitation } from '../storage/stores/invitations.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import { linkHash, makeLinkToken } from '../util/link-token.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { xmppUri } from '../xmpp/uri.ts';
import { type Actor, record } from './actor.ts';
import { mustProveToLetIn } from './closed-rooms.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';
import { invitedTo } from './invited.ts';
import { checkDisplayName, checkLocal } from './names.ts';
import { peopleInvite, registrationRule } from './onboarding-options.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** XEP-0379 §5.2 suggests a week. */
const USUAL_DAYS = 7;
const MOST_DAYS = 90;
const MOST_USES = 500;
/** Invitations that are made in one go. */
const MOST_AT_ONCE = 200;
/** Invitations that can still be used, of one person and of the administrators of one domain. */
const MOST_OF_PERSON = 20;
const MOST_OF_DOMAIN = 1_000;
/** Invitations of one person that are known, those that nobody can use any more among them. */
const KNOWN_OF_PERSON = 100;
/** So long after its end an invitation is still known, so that whoever comes late is told that they are late. */
const REMEMBERED_MS = 30 * DAY_MS;
const PAGE = 50;

export interface InvitationWish {
  /** The one name that it is for; without, whoever comes chooses. */
  readonly local?: string;
  readonly name?: string;
  /** The address of a person whose contact the newcomer becomes. */
  readonly contact?: string;
  /** 1 to 90; usually 7. */
  readonly days?: number;
  /** 1 to 500; usually 1, and always 1 for a name. */
  readonly uses?: number;
  /** Numbers of the departments that whoever comes is put into. */
  readonly departments?: readonly number[];
}

/** The same for many people, each with a link of their own: of each a name, an address, both or nothing (`invitedTo`). */
export interface InvitationsWish extends Pick<InvitationWish, 'contact' | 'days' | 'departments'> {
  readonly people: readonly string[];
}

/** One invitation as shown to administrators; its link cannot be shown again. */
export interface InvitationView extends Omit<Invitation, 'account' | 'byPerson'> {
  readonly state: 'open' | 'used' | 'expired' | 'revoked';
  /** The bare address of whose contact the newcomer becomes, '' of nobody. */
  readonly contact: string;
  /** Who used it: bare addresses. */
  readonly usedBy: string[];
  /** The departments that whoever comes is put into. */
  readonly departments: { id: number; name: string }[];
}

/** The link, in both ways to write it. It is told once and cannot be found out again. */
export interface InvitationLink {
  readonly url: string;
  readonly uri: string;
}

interface Wanted {
  readonly domain: string;
  readonly purpose: InvitationPurpose;
  readonly contact: Account | undefined;
  readonly byPerson: boolean;
  readonly wish: InvitationWish;
}

/** One that was looked through, and is to be written down. */
interface Draft {
  readonly one: NewInvitation;
  readonly token: string;
  readonly contact: Account | undefined;
  readonly days: number;
  readonly departments: readonly Department[];
}

/** What administrators and people do with invitations. */
export class InvitationCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #options: OptionValues;
  readonly #url: () => string;
  readonly #now: () => number;
  /** By domain: a name is promised to one person. */
  readonly #turns = new KeyedMutex<string>();

  /** `url` is where the server is reached by browsers. */
  constructor(stores: Stores, house: House, options: OptionValues, url: () => string, now: () => number = Date.now) {
    this.#stores = stores;
    this.#house = house;
    this.#options = options;
    this.#url = url;
    this.#now = now;
  }

  /** An administrator invites somebody to an account; `most` may be open in the domain. Throws CommandError. */
  async create(
    by: Actor,
    input: string,
    wish: InvitationWish,
    most = MOST_OF_DOMAIN,
  ): Promise<{ invitation: InvitationView } & InvitationLink> {
    const domain = this.#served(input);
    this.#mustBeOpen(domain);
    const contact = wish.contact === undefined || wish.contact === '' ? undefined : await this.#contact(wish.contact);
    return this.#turns.run(domain, async () => {
      if ((await this.#stores.invitations.open({ domain }, this.#now())) >= most) throw tooMany(most);
      return this.#make(by, { domain, purpose: 'account', contact, byPerson: false, wish });
    });
  }

  /** An administrator invites many, all or none, in their order. Throws CommandError, which names the line that is wrong. */
  async createMany(
    by: Actor,
    input: string,
    wish: InvitationsWish,
  ): Promise<{ invitations: ({ invitation: InvitationView } & InvitationLink)[] }> {
    const domain = this.#served(input);
    this.#mustBeOpen(domain);
    return this.#turns.run(domain, () => this.#createMany(by, domain, wish));
  }

  async #createMany(
    by: Actor,
    domain: string,
    { people, contact: introducer, ...wish }: InvitationsWish,
  ): Promise<{ invitations: ({ invitation: InvitationView } & InvitationLink)[] }> {
    if (people.length < 1 || people.length > MOST_AT_ONCE) {
      throw new CommandError('invalid', `From 1 to ${MOST_AT_ONCE} people at a time, please.`, 'people');
    }
    const contact = introducer === undefined || introducer === '' ? undefined : await this.#contact(introducer);
    const open = await this.#stores.invitations.open({ domain }, this.#now());
    if (open + people.length > MOST_OF_DOMAIN) throw tooMany(MOST_OF_DOMAIN);
    const drafts: Draft[] = [];
    const locals = new Set<string>();
    const names = new Set<string>();
    for (const line of people) {
      try {
        const whom = { ...wish, ...invitedTo(domain, line) };
        const draft = await this.#draft(by, { domain, purpose: 'account', contact, byPerson: false, wish: whom });
        const { local } = draft.one;
        if (local !== '' && locals.has(local))
          throw new CommandError('invalid', 'This address stands there twice.', 'local');
        locals.add(local);
        // Two people may have one name: then an address tells them apart.
        const called = draft.one.name.normalize('NFKC').toLowerCase();
        if (local === '' && called !== '' && names.has(called))
          throw new CommandError('invalid', 'This name stands there twice.', 'name');
        if (local === '') names.add(called);
        drafts.push(draft);
      } catch (error) {
        if (!(error instanceof CommandError) || !['local', 'name'].includes(error.field ?? '')) throw error;
        const whom = line.length > 60 ? `${line.slice(0, 60)}…` : line;
        throw new CommandError(error.code, `“${whom}” cannot be invited. ${error.message}`, 'people');
      }
    }
    return { invitations: await this.#add(by, drafts) };
  }

  /**
   * A person invites to their contact list (XEP-0401 §5.1), and to an account if people may let others in, or this one may
   * (`admin`). Throws CommandError.
   */
  async createOwn(inviter: Account, admin = false): Promise<{ invitation: InvitationView } & InvitationLink> {
    const { domain, local, id } = inviter;
    const may = this.mayInviteTo(domain, admin);
    if (may === 'nobody') throw new CommandError('not-allowed', 'Only administrators invite here.');
    if ((await this.#stores.invitations.open({ account: id }, this.#now())) >= MOST_OF_PERSON)
      throw tooMany(MOST_OF_PERSON);
    await this.#stores.invitations.trim(id, KNOWN_OF_PERSON - 1, this.#now());
    const by: Actor = { name: `${local}@${domain}`, door: 'chat' };
    const purpose = may === 'accounts' ? 'both' : 'contact';
    return this.#make(by, { domain, purpose, contact: inviter, byPerson: true, wish: {} });
  }

  /** What somebody of a domain may invite to, as the rule of registration lets them. */
  mayInviteTo(domain: string, admin: boolean): 'nobody' | 'contacts' | 'accounts' {
    const may = admin ? 'accounts' : this.#options.get(peopleInvite, domain);
    return may === 'accounts' && this.#options.get(registrationRule, domain) === 'closed' ? 'contacts' : may;
  }

  /** One page of a domain's invitations, the newest first; `before` is an id. */
  async list(input: string, before?: number): Promise<{ invitations: InvitationView[]; hasMore: boolean }> {
    const found = await this.#stores.invitations.page(this.#served(input), PAGE + 1, before);
    const invitations = await Promise.all(found.slice(0, PAGE).map((one) => this.#view(one)));
    return { invitations, hasMore: found.length > PAGE };
  }

  /** Takes one back: its link opens nothing any more. Throws CommandError. */
  async revoke(by: Actor, id: number): Promise<void> {
    const one = await this.#find(id);
    await this.#stores.invitations.revoke(id);
    await record(this.#stores.audit, by, 'invitation.revoke', subjectOf(one), { invitation: id });
  }

  /** Another link, for one that was lost: the one before it opens nothing any more. Throws CommandError. */
  async relink(by: Actor, id: number): Promise<{ invitation: InvitationView } & InvitationLink> {
    const one = await this.#find(id);
    if (one.byPerson) throw new CommandError('not-allowed', 'A person made this invitation; make one of your own.');
    if (one.revoked || one.left === 0) throw new CommandError('link-used', 'This invitation cannot be used any more.');
    const ids = await this.#stores.invitations.departmentsOf(id);
    const departments = this.#stores.departments.list(one.domain).filter((found) => ids.includes(found.id));
    await this.#mustProve(by, one.domain, departments);
    const token = makeLinkToken();
    const expiresAt = Math.max(one.expiresAt, this.#now() + USUAL_DAYS * DAY_MS);
    await this.#stores.invitations.relink(id, linkHash('invitation', token), expiresAt);
    await record(this.#stores.audit, by, 'invitation.relink', subjectOf(one), { invitation: id });
    return {
      invitation: await this.#view({ ...one, expiresAt }),
      ...this.linkOf(one, await this.#inviter(one), token),
    };
  }

  /** Where an invitation leads to. */
  linkOf({ domain, purpose, local }: Invitation, inviter: Account | undefined, token: string): InvitationLink {
    const url = new URL(`/invite/${token}`, this.#url()).href;
    if (purpose === 'account') {
      return { url, uri: xmppUri(local, domain, ['register', ['preauth', token]]) }; // XEP-0401 §5.4
    }
    const name = inviter?.name === undefined || inviter.name === '' ? [] : [['name', inviter.name] as const];
    const ibr = purpose === 'both' && this.#options.get(registrationRule, domain) !== 'closed';
    const query = ['roster', ['preauth', token], ...(ibr ? [['ibr', 'y'] as const] : []), ...name] as const;
    return { url, uri: xmppUri(inviter?.local ?? '', domain, query) }; // XEP-0401 §5.1
  }

  /** Forgets what ended long ago. To be called now and then. */
  async expire(): Promise<void> {
    await this.#stores.invitations.expire(this.#now() - REMEMBERED_MS);
  }

  /** The domain is not served any more: nobody may come in by its links if it is served again. */
  async forget(domain: string): Promise<void> {
    await this.#stores.invitations.removeOf(domain);
  }

  async #make(by: Actor, wanted: Wanted): Promise<{ invitation: InvitationView } & InvitationLink> {
    const [made] = await this.#add(by, [await this.#draft(by, wanted)]);
    return made!;
  }

  /** Throws CommandError when it cannot be made. */
  async #draft(by: Actor, { domain, purpose, contact, byPerson, wish }: Wanted): Promise<Draft> {
    const local = wish.local === undefined || wish.local === '' ? '' : checkLocal(wish.local);
    const name = checkDisplayName(wish.name ?? '');
    const days = bounded(wish.days ?? USUAL_DAYS, MOST_DAYS, 'days');
    const uses = bounded(wish.uses ?? 1, MOST_USES, 'uses');
    if (uses > 1 && (local !== '' || name !== '')) {
      throw new CommandError('invalid', 'An invitation for one person can be used once.', 'uses');
    }
    const departments = this.#departments(domain, wish.departments ?? []);
    await this.#mustProve(by, domain, departments);
    const createdAt = this.#now();
    if (local !== '') await this.#mustBeFree(domain, local, createdAt);
    const token = makeLinkToken();
    const one: NewInvitation = {
      hash: linkHash('invitation', token),
      domain,
      purpose,
      local,
      name,
      account: contact?.id ?? null,
      byPerson,
      creator: by.name,
      uses,
      createdAt,
      expiresAt: createdAt + days * DAY_MS,
      departments: departments.map(({ id }) => id),
    };
    return { one, token, contact, days, departments };
  }

  /** All are written down, or none. */
  async #add(by: Actor, drafts: readonly Draft[]): Promise<({ invitation: InvitationView } & InvitationLink)[]> {
    const made = await this.#stores.invitations.addAll(drafts.map(({ one }) => one));
    return Promise.all(
      made.map(async (one, index) => {
        const { token, contact, days, departments } = drafts[index]!;
        await record(this.#stores.audit, by, 'invitation.create', subjectOf(one), {
          invitation: one.id,
          purpose: one.purpose,
          uses: one.uses,
          days,
          ...(departments.length > 0 && { departments: departments.map(({ name }) => name).join(', ') }),
        });
        return { invitation: await this.#view(one), ...this.linkOf(one, contact, token) };
      }),
    );
  }

  /** XEP-0401 §6.2: a name is kept for whom it was promised to. */
  async #mustBeFree(domain: string, local: string, now: number): Promise<void> {
    if ((await this.#stores.accounts.find(domain, local)) !== undefined) {
      throw new CommandError(
        'account-exists',
        `There is already somebody with the address ${local}@${domain}.`,
        'local',
      );
    }
    if ((await this.#stores.invitations.reserving(domain, local, now)) !== undefined) {
      throw new CommandError('account-exists', `Somebody is invited as ${local}@${domain} already.`, 'local');
    }
  }

  /** Whoever holds the link comes into the rooms of the departments. */
  async #mustProve(by: Actor, domain: string, departments: readonly Department[]): Promise<void> {
    const rooms = departments.flatMap((one) => one.rooms);
    await mustProveToLetIn(by, this.#house, domain, rooms);
  }

  #departments(domain: string, ids: readonly number[]): Department[] {
    const found = this.#stores.departments.list(domain).filter(({ id }) => ids.includes(id));
    if (found.length === new Set(ids).size) return found;
    throw new CommandError('department-not-found', 'There is no such department (any more).', 'departments');
  }

  #mustBeOpen(domain: string): void {
    if (this.#options.get(registrationRule, domain) !== 'closed') return;
    const text = 'Only administrators make accounts here: in Settings it is said who may make an account.';
    throw new CommandError('not-allowed', text);
  }

  async #contact(address: string): Promise<Account> {
    const jid = tryParseJid(address.trim());
    const account = jid === undefined ? undefined : await this.#stores.accounts.find(jid.domain, jid.local);
    if (account === undefined) {
      throw new CommandError('account-not-found', `There is nobody with the address ${address}.`, 'contact');
    }
    return account;
  }

  async #inviter(one: Invitation): Promise<Account | undefined> {
    return one.account === null ? undefined : this.#stores.accounts.byId(one.account);
  }

  async #view(one: Invitation): Promise<InvitationView> {
    const { account: _account, byPerson: _byPerson, ...rest } = one;
    const { invitations } = this.#stores;
    const [inviter, usedBy, ids] = await Promise.all([
      this.#inviter(one),
      invitations.usersOf(one.id),
      invitations.departmentsOf(one.id),
    ]);
    const found = this.#stores.departments.list(one.domain).filter(({ id }) => ids.includes(id));
    const departments = found.map(({ id, name }) => ({ id, name }));
    const contact = inviter === undefined ? '' : `${inviter.local}@${inviter.domain}`;
    return { ...rest, state: stateOf(one, this.#now()), contact, usedBy, departments };
  }

  async #find(id: number): Promise<Invitation> {
    const one = await this.#stores.invitations.byId(id);
    if (one === undefined) throw new CommandError('invitation-not-found', 'There is no such invitation (any more).');
    return one;
  }

  #served(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }
}

/** What became of an invitation. */
export function stateOf(one: Invitation, now: number): InvitationView['state'] {
  if (one.revoked) return 'revoked';
  if (one.left === 0) return 'used';
  return one.expiresAt <= now ? 'expired' : 'open';
}

function subjectOf({ local, domain }: Invitation): string {
  return local === '' ? domain : `${local}@${domain}`;
}

function bounded(value: number, most: number, field: string): number {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new CommandError('invalid', `This is a whole number from 1 to ${most}.`, field);
  }
  return value;
}

function tooMany(most: number): CommandError {
  return new CommandError('too-many', `There are ${most} invitations that can still be used: take some back first.`);
}
