import { StorageError } from '../storage/database.ts';
import type { Admin } from '../storage/stores/admins.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import type { AdminCommands, ResetCode } from './admins.ts';
import { CommandError } from './command-error.ts';
import { checkAdminName } from './names.ts';
import { type Role, roleOf } from './rights.ts';

const MOST = 100;
/** How much of a session's hash names it: enough that no two of one administrator are alike, and nothing to get in by. */
const ID_LETTERS = 16;

/** One administrator, as shown to owners. Times are ms since 1970. */
export interface AdministratorView {
  readonly name: string;
  readonly role: string;
  /** `invited`: has not chosen a password yet. */
  readonly state: 'active' | 'invited' | 'disabled';
  readonly createdAt: number;
  readonly sessions: number;
  readonly lastSeen: number | null;
  /** Codes of an app are asked for. */
  readonly codes: boolean;
  readonly passkeys: number;
}

/** A browser that is signed in. */
export interface AdminSessionView {
  readonly id: string;
  readonly address: string;
  readonly agent: string;
  readonly createdAt: number;
  readonly lastSeen: number;
  /** It is the one that asks. */
  readonly current: boolean;
}

/** Who the administrators are: what owners decide, and where everybody is signed in. */
export class AdministratorCommands {
  readonly #stores: Stores;
  readonly #admins: AdminCommands;
  readonly #now: () => number;

  constructor(stores: Stores, admins: AdminCommands, now: () => number = Date.now) {
    this.#stores = stores;
    this.#admins = admins;
    this.#now = now;
  }

  async list(): Promise<AdministratorView[]> {
    return Promise.all((await this.#stores.admins.list()).map((admin) => this.#view(admin)));
  }

  /** Makes an administrator who chooses a password by the code in the answer. Throws CommandError. */
  async invite(
    by: Actor,
    input: string,
    role: string,
  ): Promise<{ administrator: AdministratorView; reset: ResetCode }> {
    const name = checkAdminName(input);
    const wanted = checkRole(role);
    if ((await this.#stores.admins.count()) >= MOST)
      throw new CommandError('too-many', `There are ${MOST} administrators already.`);
    const taken = new CommandError('invalid', `There is an administrator ${name} already.`, 'name');
    if ((await this.#stores.admins.find(name)) !== undefined) throw taken;
    let admin: Admin;
    try {
      admin = await this.#stores.admins.create({ name, passwordHash: '', role: wanted }, this.#now());
    } catch (error) {
      if (error instanceof StorageError && error.code === 'constraint') throw taken;
      throw error;
    }
    await record(this.#stores.audit, by, 'admin.invite', name, { role: wanted });
    return { administrator: await this.#view(admin), reset: await this.#admins.resetCode(by, name) };
  }

  /** Gives another role; the browsers where that administrator is signed in are signed out. Throws CommandError. */
  async setRole(by: Actor, name: string, role: string): Promise<AdministratorView> {
    const admin = await this.find(name);
    const wanted = checkRole(role);
    if (admin.role === wanted) return this.#view(admin);
    if (!(await this.#stores.admins.setRole(admin.id, wanted))) throw lastOwner();
    await record(this.#stores.audit, by, 'admin.role', admin.name, { from: admin.role, to: wanted });
    return this.#view({ ...admin, role: wanted });
  }

  /** Keeps an administrator out, or lets them in again. Throws CommandError. */
  async setDisabled(by: Actor, name: string, disabled: boolean): Promise<AdministratorView> {
    const admin = await this.find(name);
    if (!(await this.#stores.admins.setDisabled(admin.id, disabled))) throw lastOwner();
    await record(this.#stores.audit, by, disabled ? 'admin.disable' : 'admin.enable', admin.name);
    return this.#view({ ...admin, disabled: disabled ? 1 : 0 });
  }

  /** Removes an administrator with all that is theirs. Throws CommandError. */
  async remove(by: Actor, name: string): Promise<void> {
    const admin = await this.find(name);
    if (!(await this.#stores.admins.remove(admin.id))) throw lastOwner();
    await record(this.#stores.audit, by, 'admin.remove', admin.name, { role: admin.role });
  }

  /** Takes away what was lost: from then on the password alone lets in. Throws CommandError. */
  async removeSecondFactor(by: Actor, name: string): Promise<AdministratorView> {
    const admin = await this.find(name);
    await this.#stores.adminProofs.removeAll(admin.id);
    await this.#stores.admins.endSessionsOf(admin.id);
    await record(this.#stores.audit, by, 'admin.no-second-factor', admin.name);
    return this.#view(admin);
  }

  /** Where somebody is signed in, the latest first; `own` is the hash of the session that asks. Throws CommandError. */
  async sessions(name: string, own = ''): Promise<AdminSessionView[]> {
    const admin = await this.find(name);
    const open = await this.#stores.admins.sessionsOf(admin.id, this.#now());
    return open
      .map(({ tokenHash, address, agent, createdAt, lastSeen }) => {
        return { id: tokenHash.slice(0, ID_LETTERS), address, agent, createdAt, lastSeen, current: tokenHash === own };
      })
      .sort((one, other) => other.lastSeen - one.lastSeen);
  }

  /** Signs one browser out. Throws CommandError. */
  async endSession(by: Actor, name: string, id: string): Promise<void> {
    const admin = await this.find(name);
    if (id.length !== ID_LETTERS || !(await this.#stores.admins.endSessionOf(admin.id, id))) {
      throw new CommandError('session-not-found', 'This browser is not signed in any more.');
    }
    await record(this.#stores.audit, by, 'admin.end-session', admin.name);
  }

  /** Signs all browsers out, but the one that asks; gives how many. Throws CommandError. */
  async endSessions(by: Actor, name: string, own = ''): Promise<number> {
    const admin = await this.find(name);
    const ended = await this.#stores.admins.endSessionsOf(admin.id, own);
    await record(this.#stores.audit, by, 'admin.end-sessions', admin.name, { ended });
    return ended;
  }

  /** Throws CommandError `admin-not-found`. */
  async find(input: string): Promise<Admin> {
    const admin = await this.#stores.admins.find(input.normalize('NFKC').trim().toLowerCase());
    if (admin !== undefined) return admin;
    throw new CommandError('admin-not-found', `There is no administrator ${input}.`, 'name');
  }

  async #view(admin: Admin): Promise<AdministratorView> {
    const [sessions, totp, passkeys] = await Promise.all([
      this.#stores.admins.sessionsOf(admin.id, this.#now()),
      this.#stores.adminProofs.totp(admin.id),
      this.#stores.adminProofs.passkeys(admin.id),
    ]);
    return {
      name: admin.name,
      role: admin.role,
      state: admin.disabled === 1 ? 'disabled' : admin.passwordHash === '' ? 'invited' : 'active',
      createdAt: admin.createdAt,
      sessions: sessions.length,
      lastSeen: sessions.length === 0 ? null : Math.max(...sessions.map(({ lastSeen }) => lastSeen)),
      codes: totp?.confirmed === 1,
      passkeys: passkeys.length,
    };
  }
}

function checkRole(role: string): Role {
  const known = roleOf(role);
  if (known !== undefined) return known;
  throw new CommandError('invalid', 'The role is owner, admin, help-desk or auditor.', 'role');
}

const lastOwner = (): CommandError =>
  new CommandError('last-owner', 'Nobody else is an owner who can sign in. Make somebody else an owner first.');
