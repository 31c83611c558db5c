import type { Stores } from '../storage/stores/index.ts';
import { codeHash, makeCode } from '../util/one-time-code.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { DomainCommands } from './domains.ts';
import { checkAdminName } from './names.ts';
import { checkAdminPassword, hashAdminPassword } from './passwords.ts';
import type { Role } from './rights.ts';

const PURPOSE = 'claim';
const LIFETIME_MS = 24 * 60 * 60 * 1_000;

export interface ClaimWish {
  readonly code: string;
  readonly name: string;
  readonly password: string;
  /** Instead of the domain that the first start chose. */
  readonly domain?: string;
}

function wrongCode(): CommandError {
  return new CommandError(
    'wrong-code',
    'The code is not right, or it has expired. For a new one run “hallwayctl claim-code” on the server, or “npx hallwayctl claim-code” in the folder of Hallway.',
    'code',
  );
}

/** The house belongs to nobody until somebody who can read its console claims it with the one-time code. */
export class ClaimCommands {
  readonly #stores: Stores;
  readonly #domains: DomainCommands;
  readonly #now: () => number;
  #claimed = false;
  #held = false;

  constructor(stores: Stores, domains: DomainCommands, now: () => number = Date.now) {
    this.#stores = stores;
    this.#now = now;
    this.#domains = domains;
  }

  /** Reads from the store whether the house is claimed. To be called once, before a door opens. */
  async load(): Promise<void> {
    this.#claimed = (await this.#stores.admins.count()) > 0;
  }

  /** Once true, always true. */
  get claimed(): boolean {
    return this.#claimed;
  }

  /** A fresh code, valid for a day; the one before it stops working. Throws CommandError when claimed. */
  async freshCode(by: Actor): Promise<{ code: string; expiresAt: number }> {
    if (this.#claimed) throw new CommandError('already-claimed', 'This server has been claimed already.');
    const code = makeCode();
    const now = this.#now();
    const expiresAt = now + LIFETIME_MS;
    await this.#stores.oneTimeCodes.put(codeHash(code), { purpose: PURPOSE, subject: '', createdAt: now, expiresAt });
    await record(this.#stores.audit, by, 'house.claim-code', '');
    return { code, expiresAt };
  }

  /** Looks at a code, which stays good. Throws CommandError when it is none. */
  async show(code: string): Promise<void> {
    if ((await this.#stores.oneTimeCodes.find(codeHash(code), this.#now()))?.purpose !== PURPOSE) throw wrongCode();
  }

  /** While it is held nobody claims the house: another one takes its place. */
  hold(held: boolean): void {
    this.#held = held;
  }

  /** Makes the first administrator. Of two who try at once, one succeeds. Throws CommandError. */
  async claim(wish: ClaimWish): Promise<{ name: string }> {
    if (this.#claimed) throw new CommandError('already-claimed', 'This server has been claimed already.');
    await this.show(wish.code);
    // All that can be wrong is looked at first: a slip must not use the code up.
    const name = checkAdminName(wish.name);
    checkAdminPassword(wish.password, name);
    const domain =
      wish.domain === undefined || wish.domain.trim() === ''
        ? undefined
        : this.#domains.checkNew(wish.domain, 'domain');
    const passwordHash = await hashAdminPassword(wish.password);
    if (this.#held) throw new CommandError('busy', 'A backup is being worked on: wait until that is done.');
    if (!(await this.#stores.oneTimeCodes.take(codeHash(wish.code), PURPOSE, this.#now()))) throw wrongCode();
    const first = await this.#stores.admins.createFirst({ name, passwordHash, role: 'owner' });
    this.#claimed = true;
    if (!first) throw new CommandError('already-claimed', 'This server has been claimed already.');
    const by: Actor = { name, door: 'panel' };
    await record(this.#stores.audit, by, 'house.claim', name);
    if (domain !== undefined) await this.#serveInstead(by, domain);
    return { name };
  }

  /**
   * Makes an administrator without a code, for whoever sets the house up by a file: the first one claims it. False when
   * there is one of this name.
   */
  async appoint(
    by: Actor,
    { name, passwordHash, role }: { name: string; passwordHash: string; role: Role },
  ): Promise<boolean> {
    if ((await this.#stores.admins.find(name)) !== undefined) return false;
    await this.#stores.admins.create({ name, passwordHash, role }, this.#now());
    const first = !this.#claimed;
    this.#claimed = true;
    await record(this.#stores.audit, by, first ? 'house.claim' : 'admin.create', name, { role });
    return true;
  }

  /** The domain that the first start chose goes, unless somebody has an address in it already. */
  async #serveInstead(by: Actor, domain: string): Promise<void> {
    const before = await this.#domains.list();
    if (!before.some((one) => one.name === domain)) await this.#domains.add(by, domain);
    for (const one of before) if (one.name !== domain && one.people === 0) await this.#domains.remove(by, one.name);
  }
}
