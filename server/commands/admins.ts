import { createHash, randomBytes } from 'node:crypto';
import type { Admin } from '../storage/stores/admins.ts';
import type { Stores } from '../storage/stores/index.ts';
import { ADMIN_RESET } from '../storage/stores/one-time-codes.ts';
import { codeHash, makeCode } from '../util/one-time-code.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { Deed } from './deeds.ts';
import { adminName } from './names.ts';
import { adminPasswordFits, checkAdminPassword, hashAdminPassword } from './passwords.ts';
import { type Right, rightsOf } from './rights.ts';

const IDLE_MS = 12 * 60 * 60 * 1_000;
const LONGEST_MS = 7 * 24 * 60 * 60 * 1_000;
/** A browser's use is noted so often at most, to spare the disk. */
const TOUCH_MS = 60_000;
const RESET_MS = 60 * 60 * 1_000;
const INVITED_MS = 3 * 24 * 60 * 60 * 1_000;
/** Who somebody is holds so long for what is dangerous. */
const PROVEN_MS = 5 * 60 * 1_000;

/** Where a browser is, for the list of those signed in. */
export interface Whence {
  readonly address: string;
  readonly agent: string;
}

export interface SignedIn {
  readonly name: string;
  readonly role: string;
  readonly rights: Right[];
}

/** By which a password is set once. */
export interface ResetCode {
  readonly name: string;
  readonly code: string;
  readonly expiresAt: number;
}

/** Administrators and their signed-in browsers. A browser holds a random token; the store has its hash only. */
export class AdminCommands {
  readonly #stores: Stores;
  readonly #now: () => number;

  constructor(stores: Stores, now: () => number = Date.now) {
    this.#stores = stores;
    this.#now = now;
  }

  /** Whose name and password these are. Throws CommandError `wrong-credentials`, after the same time whether the name exists or not. */
  async known(input: string, password: string): Promise<Admin> {
    const name = adminName(input);
    const admin = await this.#stores.admins.find(name);
    // Whoever was only invited has no password that could be right.
    const fits = await adminPasswordFits(password, admin?.passwordHash || undefined);
    if (!fits || admin === undefined || admin.disabled === 1) {
      throw new CommandError('wrong-credentials', 'The name or the password is not right.');
    }
    return admin;
  }

  /** Signs an administrator in who has just proved to be one by other means. */
  async welcome(name: string, from: Whence): Promise<{ token: string; admin: SignedIn }> {
    const admin = await this.#stores.admins.find(name);
    if (admin === undefined) throw new CommandError('admin-not-found', `There is no administrator ${name}.`);
    return this.open(admin, from, 'admin.sign-in', 'claim');
  }

  /**
   * Who holds this token, if it still counts; that it was used is noted. `proven`: who it is was shown a short while ago, so that
   * what is dangerous may be done.
   */
  async session(token: string): Promise<{ admin: SignedIn; proven: boolean } | undefined> {
    const now = this.#now();
    const hash = tokenHash(token);
    const session = await this.#stores.admins.session(hash, now);
    if (session === undefined) return undefined;
    const admin = await this.#stores.admins.byId(session.admin);
    if (admin === undefined || admin.disabled === 1) return undefined;
    if (now - session.lastSeen >= TOUCH_MS) {
      this.#stores.admins.touchSession(hash, now, Math.min(session.createdAt + LONGEST_MS, now + IDLE_MS));
    }
    return { admin: signedIn(admin), proven: now - session.provenAt < PROVEN_MS };
  }

  /** Notes that whoever holds this token has just shown again who they are. */
  async proven(token: string): Promise<void> {
    await this.#stores.admins.prove(tokenHash(token), this.#now());
  }

  /** Whether a token still counts, without this being a use of it. */
  async valid(token: string): Promise<boolean> {
    return (await this.#stores.admins.session(tokenHash(token), this.#now())) !== undefined;
  }

  async signOut(by: Actor, token: string): Promise<void> {
    await this.#stores.admins.endSession(tokenHash(token));
    await record(this.#stores.audit, by, 'admin.sign-out', by.name);
  }

  /** A new password for oneself; other browsers are signed out. Throws CommandError. */
  async changePassword(by: Actor, token: string, old: string, fresh: string): Promise<void> {
    const admin = await this.#stores.admins.find(by.name);
    if (!(await adminPasswordFits(old, admin?.passwordHash || undefined)) || admin === undefined) {
      await record(this.#stores.audit, by, 'admin.wrong-password', by.name);
      throw new CommandError('wrong-credentials', 'The old password is not right.', 'old');
    }
    checkAdminPassword(fresh, admin.name, 'new');
    await this.#stores.admins.setPassword(admin.id, await hashAdminPassword(fresh), tokenHash(token));
    await record(this.#stores.audit, by, 'admin.password', admin.name);
  }

  /**
   * A code by which this administrator (else the first one) sets a new password, valid for an hour, or for three days for who was
   * only invited. It covers a second factor that was lost, too: that is taken away when the code is used. Throws CommandError.
   */
  async resetCode(by: Actor, input?: string): Promise<ResetCode> {
    const admins = await this.#stores.admins.list();
    if (admins.length === 0)
      throw new CommandError('not-claimed', 'This server has no administrator yet; claim it first.');
    const name = input === undefined ? undefined : adminName(input);
    const first = admins.reduce((one, other) => (other.id < one.id ? other : one));
    const admin = name === undefined ? first : admins.find((one) => one.name === name);
    if (admin === undefined) throw new CommandError('admin-not-found', `There is no administrator ${input}.`, 'name');
    const code = makeCode();
    const now = this.#now();
    const expiresAt = now + (admin.passwordHash === '' ? INVITED_MS : RESET_MS);
    await this.#stores.oneTimeCodes.put(codeHash(code), {
      purpose: ADMIN_RESET,
      subject: String(admin.id),
      createdAt: now,
      expiresAt,
    });
    await record(this.#stores.audit, by, 'admin.reset-code', admin.name);
    return { name: admin.name, code, expiresAt };
  }

  /** Uses a reset code up: sets the password, signs out everywhere and in here. Throws CommandError. */
  async reset(code: string, password: string, from: Whence): Promise<{ token: string; admin: SignedIn }> {
    const wrong = wrongReset();
    const hash = codeHash(code);
    const found = await this.#stores.oneTimeCodes.find(hash, this.#now());
    if (found?.purpose !== ADMIN_RESET) throw wrong;
    const admin = await this.#stores.admins.byId(Number(found.subject));
    if (admin === undefined || admin.disabled === 1) throw wrong;
    checkAdminPassword(password, admin.name);
    const passwordHash = await hashAdminPassword(password);
    if (!(await this.#stores.oneTimeCodes.take(hash, ADMIN_RESET, this.#now()))) throw wrong;
    await this.#stores.adminProofs.removeAll(admin.id);
    await this.#stores.admins.setPassword(admin.id, passwordHash);
    return this.open(admin, from, 'admin.reset', 'code');
  }

  /** Whose password a reset code sets, and whether it is their first. Throws CommandError. */
  async faceOfReset(code: string): Promise<{ name: string; invited: boolean }> {
    const found = await this.#stores.oneTimeCodes.find(codeHash(code), this.#now());
    const admin = found?.purpose === ADMIN_RESET ? await this.#stores.admins.byId(Number(found.subject)) : undefined;
    if (admin === undefined || admin.disabled === 1) throw wrongReset();
    return { name: admin.name, invited: admin.passwordHash === '' };
  }

  /** Forgets what has expired. To be called now and then. */
  async expire(): Promise<void> {
    await this.#stores.admins.expireSessions(this.#now());
    await this.#stores.oneTimeCodes.expire(this.#now());
  }

  /** A session for whoever has shown who they are, `how`. Its token is fresh: none that a browser brought along is kept. */
  async open(admin: Admin, from: Whence, action: Deed, how: string): Promise<{ token: string; admin: SignedIn }> {
    const token = randomBytes(32).toString('base64url');
    const now = this.#now();
    await this.#stores.admins.addSession({
      tokenHash: tokenHash(token),
      admin: admin.id,
      csrf: '', // not used: the cookie is SameSite=Strict and the Origin is checked
      createdAt: now,
      lastSeen: now,
      expiresAt: now + IDLE_MS,
      address: from.address,
      agent: from.agent.slice(0, 200),
      provenAt: now,
    });
    await record(this.#stores.audit, { name: admin.name, door: 'panel' }, action, admin.name, {
      address: from.address,
      how,
    });
    return { token, admin: signedIn(admin) };
  }
}

function wrongReset(): CommandError {
  return new CommandError(
    'wrong-code',
    'The code is not right, or it has expired. “hallwayctl admin reset” shows a fresh one.',
    'code',
  );
}

function signedIn({ name, role }: Admin): SignedIn {
  return { name, role, rights: [...rightsOf(role)] };
}

/** What is kept of a token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
