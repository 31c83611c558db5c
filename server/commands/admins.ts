import { createHash, randomBytes } from 'node:crypto';
import type { Admin } from '../storage/stores/admins.ts';
import type { Stores } from '../storage/stores/index.ts';
import { codeHash, makeCode } from '../util/one-time-code.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import { adminPasswordFits, checkAdminPassword, hashAdminPassword } from './passwords.ts';
import { type Right, rightsOf } from './rights.ts';

const IDLE_MS = 12 * 60 * 60 * 1_000;
const LONGEST_MS = 7 * 24 * 60 * 60 * 1_000;
/** A browser's use is noted so often at most, to spare the disk. */
const TOUCH_MS = 60_000;
const RESET = 'admin-reset';
const RESET_MS = 60 * 60 * 1_000;

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

/** Administrators and their signed-in browsers. A browser holds a random token; the store has its hash only. */
export class AdminCommands {
  readonly #stores: Stores;
  readonly #now: () => number;

  constructor(stores: Stores, now: () => number = Date.now) {
    this.#stores = stores;
    this.#now = now;
  }

  /** Throws CommandError `wrong-credentials`, after the same time whether the name exists or not. */
  async signIn(input: string, password: string, from: Whence): Promise<{ token: string; admin: SignedIn }> {
    const name = input.normalize('NFKC').trim().toLowerCase();
    const admin = await this.#stores.admins.find(name);
    if (!(await adminPasswordFits(password, admin?.passwordHash)) || admin === undefined) {
      throw new CommandError('wrong-credentials', 'The name or the password is not right.');
    }
    return this.#open(admin, from, 'admin.sign-in');
  }

  /** Signs an administrator in who has just proved to be one by other means. */
  async welcome(name: string, from: Whence): Promise<{ token: string; admin: SignedIn }> {
    const admin = await this.#stores.admins.find(name);
    if (admin === undefined) throw new CommandError('admin-not-found', `There is no administrator ${name}.`);
    return this.#open(admin, from, 'admin.sign-in');
  }

  /** Who holds this token, if it still counts; that it was used is noted. */
  async session(token: string): Promise<SignedIn | undefined> {
    const now = this.#now();
    const hash = tokenHash(token);
    const session = await this.#stores.admins.session(hash, now);
    if (session === undefined) return undefined;
    const admin = await this.#stores.admins.byId(session.admin);
    if (admin === undefined) return undefined;
    if (now - session.lastSeen >= TOUCH_MS) {
      this.#stores.admins.touchSession(hash, now, Math.min(session.createdAt + LONGEST_MS, now + IDLE_MS));
    }
    return signedIn(admin);
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
    if (!(await adminPasswordFits(old, admin?.passwordHash)) || admin === undefined) {
      throw new CommandError('wrong-credentials', 'The old password is not right.', 'old');
    }
    checkAdminPassword(fresh, admin.name, 'new');
    await this.#stores.admins.setPassword(admin.id, await hashAdminPassword(fresh), tokenHash(token));
    await record(this.#stores.audit, by, 'admin.password', admin.name);
  }

  /** A code, valid for an hour, by which this administrator (else the first one) sets a new password. Throws CommandError. */
  async resetCode(by: Actor, input?: string): Promise<{ name: string; code: string; expiresAt: number }> {
    const admins = await this.#stores.admins.list();
    if (admins.length === 0)
      throw new CommandError('not-claimed', 'This server has no administrator yet; claim it first.');
    const name = input?.normalize('NFKC').trim().toLowerCase();
    const first = admins.reduce((one, other) => (other.id < one.id ? other : one));
    const admin = name === undefined ? first : admins.find((one) => one.name === name);
    if (admin === undefined) throw new CommandError('admin-not-found', `There is no administrator ${input}.`, 'name');
    const code = makeCode();
    const now = this.#now();
    const expiresAt = now + RESET_MS;
    await this.#stores.oneTimeCodes.put(codeHash(code), {
      purpose: RESET,
      subject: admin.name,
      createdAt: now,
      expiresAt,
    });
    await record(this.#stores.audit, by, 'admin.reset-code', admin.name);
    return { name: admin.name, code, expiresAt };
  }

  /** Uses a reset code up: sets the password, signs out everywhere and in here. Throws CommandError. */
  async reset(code: string, password: string, from: Whence): Promise<{ token: string; admin: SignedIn }> {
    const wrong = new CommandError(
      'wrong-code',
      'The code is not right, or it has expired. “hallwayctl admin reset” shows a fresh one.',
      'code',
    );
    const hash = codeHash(code);
    const found = await this.#stores.oneTimeCodes.find(hash, this.#now());
    if (found?.purpose !== RESET) throw wrong;
    const admin = await this.#stores.admins.find(found.subject);
    if (admin === undefined) throw wrong;
    checkAdminPassword(password, admin.name);
    const passwordHash = await hashAdminPassword(password);
    if (!(await this.#stores.oneTimeCodes.take(hash, RESET, this.#now()))) throw wrong;
    await this.#stores.admins.setPassword(admin.id, passwordHash);
    return this.#open(admin, from, 'admin.reset');
  }

  /** Forgets what has expired. To be called now and then. */
  async expire(): Promise<void> {
    await this.#stores.admins.expireSessions(this.#now());
    await this.#stores.oneTimeCodes.expire(this.#now());
  }

  async #open(admin: Admin, from: Whence, action: string): Promise<{ token: string; admin: SignedIn }> {
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
    });
    await record(this.#stores.audit, { name: admin.name, door: 'panel' }, action, admin.name, {
      address: from.address,
    });
    return { token, admin: signedIn(admin) };
  }
}

function signedIn({ name, role }: Admin): SignedIn {
  return { name, role, rights: [...rightsOf(role)] };
}

function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
