import type { Account } from '../storage/stores/accounts.ts';
import type { RuleKind } from '../storage/stores/archive-rules.ts';
import type { Stores } from '../storage/stores/index.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';

/** People who are looked through for the one of a name. */
const MOST_CALLED = 100;

const folded = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

type Looked = Pick<Stores, 'rooms' | 'accounts' | 'archiveOwners' | 'departments'>;

/** What somebody means by a domain, a department or a room. */
export class ArchivePlaces {
  readonly #stores: Looked;
  readonly #house: House;

  constructor(stores: Looked, house: House) {
    this.#stores = stores;
    this.#house = house;
  }

  /** A domain that is served. Throws CommandError. */
  domain(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }

  /** The number of a department or room; '' for the domain. Throws CommandError. */
  async subject(domain: string, kind: RuleKind, name: string): Promise<string> {
    if (kind === 'domain') return '';
    if (kind === 'room') return String((await this.room(domain, name)).id);
    const found = this.#stores.departments.list(domain).find((one) => one.name === name);
    if (found === undefined) {
      throw new CommandError('invalid', `There is no department “${name}” in ${domain}.`, 'name');
    }
    return String(found.id);
  }

  /** What a rule is about, as people call it; undefined when it is gone. */
  async name(domain: string, kind: RuleKind, subject: string): Promise<string | undefined> {
    if (kind === 'domain') return domain;
    if (kind === 'room') return this.#stores.archiveOwners.roomOf(Number(subject));
    return this.#stores.departments.get(Number(subject))?.name;
  }

  /** A room, by its name or address. Throws CommandError. */
  async room(
    domain: string,
    input: string,
  ): Promise<{ readonly id: number; readonly name: string; readonly jid: string }> {
    const service = `conference.${domain}`;
    const jid = tryParseJid(input.includes('@') ? input : `${input}@${service}`);
    const found = jid?.domain === service ? await this.#stores.rooms.get(service, jid.local) : undefined;
    if (found === undefined)
      throw new CommandError('room-not-found', `There is no room ${input} in ${domain}.`, 'name');
    return { id: found.id, name: found.name, jid: `${found.name}@${service}` };
  }

  /** A person of the domain, by address, by what stands before its at sign, or as they are called. Throws CommandError. */
  async person(
    domain: string,
    input: string,
  ): Promise<{ readonly id: number; readonly local: string; readonly jid: string }> {
    const jid = tryParseJid(input.includes('@') ? input : `${input}@${domain}`);
    const at = jid?.domain === domain ? await this.#stores.accounts.at(jid.bare) : undefined;
    const found = at ?? (await this.#called(domain, input));
    if (found === undefined) {
      throw new CommandError('account-not-found', `There is nobody with the address ${input} in ${domain}.`, 'name');
    }
    return { id: found.id, local: found.local, jid: `${found.local}@${domain}` };
  }

  /** Whoever is called so, without case, if that is one alone. Throws CommandError. */
  async #called(domain: string, input: string): Promise<Account | undefined> {
    const wanted = folded(input);
    if (wanted === '') return undefined;
    const { accounts, hasAfter } = await this.#stores.accounts.page({
      domain,
      search: input.trim(),
      limit: MOST_CALLED,
    });
    // Where not all were looked at, there may be another of that name.
    if (hasAfter) return undefined;
    const [found, ...more] = accounts.filter(({ name }) => folded(name) === wanted);
    if (more.length > 0) {
      throw new CommandError('invalid', `More than one person is called ${input}: give the address.`, 'name');
    }
    return found;
  }
}
