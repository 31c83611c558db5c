import { setImmediate as turn } from 'node:timers/promises';
import { goesBefore, personRule } from '../../archive/policy.ts';
import type { Files } from '../../moving/files.ts';
import { Filler } from '../../moving/filler.ts';
import { type Domains, Person } from '../../moving/person.ts';
import { domainOf } from '../../moving/survey.ts';
import type { Report } from '../../moving/tally.ts';
import { understand } from '../../moving/understand.ts';
import { PieError, type Visitor, walk } from '../../moving/walk.ts';

import { timeOf } from '../../storage/archive-id.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import type { ImportItem } from '../../storage/stores/people-imports.ts';
import { madeByImport } from '../../storage/stores/people-imports.ts';
import type { Json } from '../../storage/stores/settings.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { type Actor, record } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import type { HandOver } from '../import/work.ts';
import { makeAccount } from '../make-account.ts';
import { checkDisplayName } from '../names.ts';
import type { MoveNeeds, MovingHouse } from './needs.ts';
import type { PlannedPerson } from './plan.ts';

export interface MoveJob {
  readonly id: number;
  readonly by: Actor;
  readonly files: Files;
  readonly domains: Domains;
  readonly rows: readonly PlannedPerson[];
  readonly signal: AbortSignal;
  readonly read: (bytes: number) => void;
  readonly hand: (one: HandOver) => void;
}

/** What is noted of one person who moved in. */
interface Progress {
  /** All of it is written. */
  readonly done: boolean;
  /** Entries of the archive that are written. */
  readonly archived: number;
  readonly report?: Report;
}

function progressOf({ detail }: ImportItem): Progress {
  const { done = false, archived = 0 } = detail as { done?: boolean; archived?: number };
  return { done, archived };
}

/**
 * Moves everybody in who is planned to be, one after the other, as the files are read once more. Throws StorageError, PieError and
 * Halted: what is written until then is noted, and goes on from there when the same is begun again.
 */
export class MoveRun implements Visitor {
  readonly #needs: MoveNeeds;
  readonly #house: MovingHouse;
  readonly #job: MoveJob;
  readonly read: (bytes: number) => void;
  #domain = '';
  #position = 0;
  #row: PlannedPerson | undefined;
  #account: Account | undefined;
  #person: Person | undefined;
  #filler: Filler | undefined;

  constructor(needs: MoveNeeds, house: MovingHouse, job: MoveJob) {
    this.#needs = needs;
    this.#house = house;
    this.#job = job;
    this.read = job.read;
  }

  async run(): Promise<void> {
    await walk(this.#job.files, this, this.#job.signal);
    if (this.#position !== this.#job.rows.length) throw new PieError('The files are others than they were.');
  }

  host(jid: string): boolean {
    this.#domain = domainOf(jid, this.#job.domains);
    return this.#needs.house.get(this.#domain) !== undefined;
  }

  passed(): void {}

  async user(): Promise<void> {
    this.#filler = undefined;
    const row = this.#job.rows[this.#position++];
    if (row === undefined) throw new PieError('The files are others than they were.');
    if (row.what !== 'make' && row.what !== 'link') return this.#note(row);
    const { stores } = this.#needs;
    const { id, domains } = this.#job;
    const item = await stores.peopleImports.item(id, row.position);
    const before = item === undefined ? { done: false, archived: 0 } : progressOf(item);
    const account = item?.account == null ? await this.#make(row) : await stores.accounts.byId(item.account);
    if (account === undefined) return;
    if (row.what === 'link') await this.#link(row);
    if (before.done) return;
    const { db, archiveIds, limits } = this.#house;
    const host = this.#needs.house.get(this.#domain);
    this.#row = row;
    this.#account = account;
    this.#person = new Person(makeJid(account.local, account.domain), domains);
    this.#filler = new Filler({
      needs: { db, archiveIds, limits, stores, ask: async (who, payload) => host?.ask(who, payload) },
      account,
      archived: before.archived,
      mark: (archived) => stores.peopleImports.detail(id, row.position, { done: false, archived }),
      keptFrom: this.#keptFrom(account),
      now: this.#needs.now,
    });
  }

  async part({ within, element }: Parameters<Visitor['part']>[0]): Promise<void> {
    if (this.#filler === undefined) return;
    for (const piece of understand(this.#person!, within, element, this.#needs.now())) await this.#filler.add(piece);
  }

  left(what: string, inUser: boolean): void {
    if (inUser) this.#filler?.tally.leave(what);
  }

  async userEnd(): Promise<void> {
    const filler = this.#filler;
    this.#filler = undefined;
    if (filler === undefined) return turn();
    await filler.end();
    await this.#name();
    const { report } = filler.tally;
    const detail = { done: true, archived: report.taken.messages, report } as unknown as Json;
    await this.#house.db.run(this.#needs.stores.peopleImports.detail(this.#job.id, this.#row!.position, detail));
  }

  /** Who is not moved in, and why; once. */
  async #note({ position, jid, why }: PlannedPerson): Promise<void> {
    const { peopleImports } = this.#needs.stores;
    const { id } = this.#job;
    if ((await peopleImports.item(id, position)) !== undefined) return;
    await peopleImports.note(id, {
      line: position,
      what: 'failed',
      jid,
      account: null,
      invitation: null,
      detail: { why },
    });
  }

  async #make(row: PlannedPerson): Promise<Account | undefined> {
    const { stores, iterations } = this.#needs;
    const { id, by } = this.#job;
    const { position, found, password, jid, what } = row;
    const { local, domain } = found;
    const secret = password === '' ? { keys: found.keys } : { password };
    try {
      const also = (prepared: string) => madeByImport(id, position, domain, prepared, { done: false, archived: 0 });
      const { account } = await makeAccount(stores, iterations, { domain, local, ...secret, also });
      await record(stores.audit, by, 'account.create', jid, { import: id, generated: what === 'link' });
      return account;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      await this.#note({ ...row, why: error.message });
      return undefined;
    }
  }

  async #link({ found, jid, name }: PlannedPerson): Promise<void> {
    const { url } = await this.#needs.resetLinks.create(this.#job.by, found.domain, found.local);
    this.#job.hand({ jid, name, password: '', url });
  }

  /** What their card calls them is what they are called here, too. */
  async #name(): Promise<void> {
    const account = this.#account!;
    if (this.#row!.name === '') return;
    try {
      await this.#needs.stores.accounts.setName(account, checkDisplayName(this.#row!.name), '');
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }

  #keptFrom(account: Account): number | undefined {
    const { archiveRules, departments } = this.#needs.stores;
    const rule = personRule(archiveRules, departments, account);
    if (rule.silent) return undefined;
    const before = goesBefore(rule, this.#needs.now());
    return before === 0 ? 0 : timeOf(before);
  }
}
