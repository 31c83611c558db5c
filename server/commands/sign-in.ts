import type { StoredPasskey } from '../storage/stores/admin-proofs.ts';
import type { Admin } from '../storage/stores/admins.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, mustProve, record } from './actor.ts';
import { type AdminCommands, type SignedIn, tokenHash, type Whence } from './admins.ts';
import { Challenges } from './challenges.ts';
import { CommandError } from './command-error.ts';
import { type NewPasskey, type PasskeyAnswer, type PasskeyQuestion, Passkeys, type Site } from './passkeys.ts';
import { adminPasswordFits } from './passwords.ts';
import { SecondFactor } from './second-factor.ts';

/** The password was right, and something else is asked for. The ticket says so for five minutes. */
export interface Second {
  readonly ticket: string;
  /** A code of an app may be typed, as a recovery code always may. */
  readonly codes: boolean;
  /** Null: there is none that could be shown at this name. */
  readonly passkey: PasskeyQuestion | null;
}

export type Entered = { readonly token: string; readonly admin: SignedIn };

/** By what one can show who one is: a code, or a passkey. */
export interface Proof {
  readonly password?: string;
  readonly code?: string;
  readonly passkey?: PasskeyAnswer;
}

/** How somebody signs in, as shown to themselves. */
export interface OwnView {
  readonly name: string;
  readonly role: string;
  readonly codes: boolean;
  readonly recoveryCodes: number;
  readonly passkeys: Pick<StoredPasskey, 'id' | 'name' | 'host' | 'createdAt' | 'lastUsed'>[];
}

/** How administrators show who they are: when they come in, and again before what is dangerous. */
export class SignInCommands {
  readonly factor: SecondFactor;
  readonly #stores: Stores;
  readonly #admins: AdminCommands;
  readonly #challenges: Challenges;
  readonly #passkeys: Passkeys;

  /** `key`: 32 bytes that are kept elsewhere than in the store. */
  constructor(stores: Stores, admins: AdminCommands, key: Uint8Array, now: () => number = Date.now) {
    this.#stores = stores;
    this.#admins = admins;
    this.#challenges = new Challenges(now);
    this.factor = new SecondFactor(stores, key, now);
    this.#passkeys = new Passkeys(stores.adminProofs, stores.audit, this.#challenges, now);
  }

  /** With name and password: in, or asked for more. Throws CommandError `wrong-credentials`. */
  async signIn(name: string, password: string, from: Whence, site: Site | undefined): Promise<Entered | Second> {
    const admin = await this.#admins.known(name, password);
    if (!(await this.factor.asked(admin.id))) return this.#admins.open(admin, from, 'admin.sign-in', 'password');
    const usable = await this.#passkeys.usable(admin.id, site);
    return {
      ticket: `${admin.id}.${this.#challenges.make(ticketFor(admin))}`,
      codes: await this.factor.has(admin.id),
      passkey: usable ? await this.#passkeys.ask(secondFor(admin), site, admin.id) : null,
    };
  }

  /** The second step: a code or a passkey. Throws CommandError. */
  async second(ticket: string, proof: Proof, from: Whence, site: Site | undefined): Promise<Entered> {
    const [, id = '', challenge = ''] = /^(\d{1,15})\.([\w-]+)$/.exec(ticket) ?? [];
    const admin = await this.#stores.admins.byId(Number(id));
    if (admin === undefined || admin.disabled === 1 || !this.#challenges.holds(challenge, ticketFor(admin))) {
      throw late();
    }
    if (proof.passkey !== undefined) {
      const key = await this.#passkeys.answered(secondFor(admin), site, proof.passkey);
      if (key.admin !== admin.id)
        throw new CommandError('wrong-credentials', 'This is somebody else’s passkey.', 'passkey');
    } else await this.factor.use(actor(admin), admin, proof.code ?? '');
    // Somebody else may have come in by it while the code was looked at.
    if (!this.#challenges.spend(challenge)) throw late();
    return this.#admins.open(
      admin,
      from,
      'admin.sign-in',
      proof.passkey ? 'password and passkey' : 'password and code',
    );
  }

  /** What a browser is asked for whose person has not said a name. Throws CommandError. */
  async passkeyQuestion(site: Site | undefined): Promise<PasskeyQuestion> {
    return this.#passkeys.ask('sign-in', site);
  }

  /** In by a passkey alone: its device has made sure of its person, so it is two proofs in one. Throws CommandError. */
  async signInByPasskey(answer: PasskeyAnswer, from: Whence, site: Site | undefined): Promise<Entered> {
    const key = await this.#passkeys.answered('sign-in', site, answer);
    const admin = await this.#stores.admins.byId(key.admin);
    if (admin === undefined || admin.disabled === 1 || admin.passwordHash === '') {
      throw new CommandError('wrong-credentials', 'This passkey was not accepted.', 'passkey');
    }
    return this.#admins.open(admin, from, 'admin.sign-in', 'passkey');
  }

  /** By what whoever holds this session can show again who they are. */
  async proofs(
    by: Actor,
    token: string,
    site: Site | undefined,
  ): Promise<{ password: boolean; codes: boolean; passkey: PasskeyQuestion | null }> {
    const admin = await this.#own(by);
    const usable = await this.#passkeys.usable(admin.id, site);
    return {
      password: !(await this.factor.asked(admin.id)),
      codes: await this.factor.has(admin.id),
      passkey: usable ? await this.#passkeys.ask(proofFor(token), site, admin.id) : null,
    };
  }

  /** Shows it again, for the next five minutes of this session; with a second factor, by that. Throws CommandError. */
  async prove(by: Actor, token: string, proof: Proof, site: Site | undefined): Promise<void> {
    const admin = await this.#own(by);
    if (proof.passkey !== undefined) {
      const key = await this.#passkeys.answered(proofFor(token), site, proof.passkey);
      if (key.admin !== admin.id)
        throw new CommandError('wrong-credentials', 'This is somebody else’s passkey.', 'passkey');
    } else if (proof.code !== undefined) await this.factor.use(by, admin, proof.code);
    else if (await this.factor.asked(admin.id)) {
      throw new CommandError('wrong-code', 'The password alone does not do. Enter a code, or use a passkey.', 'code');
    } else if (!(await adminPasswordFits(proof.password ?? '', admin.passwordHash || undefined))) {
      await record(this.#stores.audit, by, 'admin.wrong-password', admin.name);
      throw new CommandError('wrong-credentials', 'The password is not right.', 'password');
    }
    await this.#admins.proven(token);
    await record(this.#stores.audit, by, 'admin.prove', admin.name);
  }

  /**
   * For what the password shows otherwise, as taking a new one does: where somebody has codes or a passkey, it alone does not do.
   * Throws CommandError `prove-yourself`.
   */
  async mustProveBySecond(by: Actor): Promise<void> {
    const admin = await this.#own(by);
    if (await this.factor.asked(admin.id)) mustProve(by);
  }

  /** What the browser needs to make a passkey. Throws CommandError. */
  async newPasskey(by: Actor, token: string, site: Site | undefined): Promise<PasskeyQuestion & { user: string }> {
    const admin = await this.#own(by);
    const question = await this.#passkeys.ask(additionFor(token), site, admin.id);
    return { ...question, user: Buffer.from(`hallway admin ${admin.id}`).toString('base64url') };
  }

  /** Keeps it. Recovery codes are in the answer if there were none. Throws CommandError. */
  async addPasskey(
    by: Actor,
    token: string,
    site: Site | undefined,
    made: NewPasskey,
    name: string,
  ): Promise<{ recoveryCodes?: string[] }> {
    const admin = await this.#own(by);
    const called = passkeyName(name);
    await this.#passkeys.add(admin, additionFor(token), site, made, called);
    await record(this.#stores.audit, by, 'admin.passkey', admin.name, { name: called });
    return this.factor.recoverable(by, admin);
  }

  async namePasskey(by: Actor, id: number, name: string): Promise<void> {
    const admin = await this.#own(by);
    const called = passkeyName(name);
    if (!(await this.#stores.adminProofs.namePasskey(admin.id, id, called))) throw noPasskey();
    await record(this.#stores.audit, by, 'admin.passkey-name', admin.name, { name: called });
  }

  async removePasskey(by: Actor, id: number): Promise<void> {
    const admin = await this.#own(by);
    if (!(await this.#stores.adminProofs.removePasskey(admin.id, id))) throw noPasskey();
    await record(this.#stores.audit, by, 'admin.no-passkey', admin.name);
    await this.factor.tidy(admin);
  }

  /** How somebody signs in. Throws CommandError. */
  async own(by: Actor): Promise<OwnView> {
    const { id, name, role } = await this.#own(by);
    const { adminProofs } = this.#stores;
    const [codes, recoveryCodes, keys] = await Promise.all([
      this.factor.has(id),
      adminProofs.countRecovery(id),
      adminProofs.passkeys(id),
    ]);
    const passkeys = keys.map(({ id, name, host, createdAt, lastUsed }) => ({ id, name, host, createdAt, lastUsed }));
    return { name, role, codes, recoveryCodes, passkeys };
  }

  async #own(by: Actor): Promise<Admin> {
    const admin = await this.#stores.admins.find(by.name);
    if (admin === undefined) throw new CommandError('admin-not-found', 'You are not an administrator any more.');
    return admin;
  }
}

const actor = (admin: Admin): Actor => ({ name: admin.name, door: 'panel' });
/** A new password makes it worthless. */
const ticketFor = (admin: Admin): string => `ticket ${admin.id} ${admin.passwordHash}`;
const secondFor = (admin: Admin): string => `second ${admin.id}`;
/** Bound to the session, so that what was asked in one browser is not answered in another. */
const proofFor = (token: string): string => `prove ${tokenHash(token)}`;
const additionFor = (token: string): string => `add ${tokenHash(token)}`;
const late = (): CommandError =>
  new CommandError('wrong-credentials', 'That took too long. Enter your password once more.', 'password');
const noPasskey = (): CommandError => new CommandError('passkey-not-found', 'There is no such passkey any more.');

function passkeyName(input: string): string {
  const name = input.normalize('NFC').trim();
  if (name !== '' && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return name;
  throw new CommandError('invalid', 'Give it a name, so that you know it again.', 'name');
}
