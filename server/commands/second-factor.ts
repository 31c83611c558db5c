import { randomBytes } from 'node:crypto';
import type { Admin } from '../storage/stores/admins.ts';
import type { Stores } from '../storage/stores/index.ts';
import { codeHash, makeCode } from '../util/one-time-code.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import { Seal } from './seal.ts';
import { base32, SECRET_BYTES, stepOf, totpUri } from './totp.ts';

const RECOVERY_CODES = 10;

/** The codes of an app on the phone, and the recovery codes for when it is lost. */
export class SecondFactor {
  readonly #stores: Stores;
  readonly #seal: Seal;
  readonly #now: () => number;
  /**
   * Codes that may be tried for one administrator, from wherever: six digits of which three count would not hold out long against
   * whoever knows the password already. Its owner may be kept waiting by that; a passkey is let in all the same.
   */
  readonly #tries: TokenBuckets;

  constructor(stores: Stores, key: Uint8Array, now: () => number) {
    this.#stores = stores;
    this.#seal = new Seal(key, 'hallway second factor');
    this.#now = now;
    this.#tries = new TokenBuckets({ capacity: 10, perSecond: 1 / 120, keys: 10_000, now });
  }

  /** Whether codes are asked for. */
  async has(admin: number): Promise<boolean> {
    return (await this.#stores.adminProofs.totp(admin))?.confirmed === 1;
  }

  /** Whether the password alone does not do: there are codes, or a passkey. */
  async asked(admin: number): Promise<boolean> {
    return (await this.has(admin)) || (await this.#stores.adminProofs.passkeys(admin)).length > 0;
  }

  /** A secret for the app; it counts from the first code on that is typed in. Throws CommandError. */
  async begin(by: Actor, admin: Admin, host: string): Promise<{ secret: string; uri: string }> {
    const secret = randomBytes(SECRET_BYTES);
    const begun = await this.#stores.adminProofs.beginTotp(
      admin.id,
      this.#seal.close(secret, whose(admin)),
      this.#now(),
    );
    if (!begun)
      throw new CommandError('invalid', 'You have an app for codes already. Remove it first to take another.');
    await record(this.#stores.audit, by, 'admin.totp-begin', admin.name);
    return { secret: base32(secret), uri: totpUri(secret, host, admin.name) };
  }

  /** The first code: from now on one is needed to sign in. Recovery codes are in the answer if there were none. Throws CommandError. */
  async confirm(by: Actor, admin: Admin, code: string): Promise<{ recoveryCodes?: string[] }> {
    const stored = await this.#stores.adminProofs.totp(admin.id);
    if (stored === undefined || stored.confirmed === 1) throw new CommandError('invalid', 'Begin once more.', 'code');
    this.#takeTry(admin);
    const secret = this.#seal.open(stored.sealed, whose(admin));
    const step = secret && stepOf(secret, digitsOf(code), this.#now());
    if (step === undefined || !(await this.#stores.adminProofs.confirmTotp(admin.id, stored.sealed, step)))
      throw wrongCode();
    this.#tries.give(String(admin.id));
    await record(this.#stores.audit, by, 'admin.totp', admin.name);
    return this.recoverable(by, admin);
  }

  async remove(by: Actor, admin: Admin): Promise<void> {
    if (!(await this.#stores.adminProofs.removeTotp(admin.id))) return;
    await record(this.#stores.audit, by, 'admin.no-totp', admin.name);
    await this.tidy(admin);
  }

  /** Makes recovery codes if there are none, as behind a second factor there must be a way when it is lost. */
  async recoverable(by: Actor, admin: Admin): Promise<{ recoveryCodes?: string[] }> {
    if ((await this.#stores.adminProofs.countRecovery(admin.id)) > 0) return {};
    return { recoveryCodes: await this.recoveryCodes(by, admin) };
  }

  /** Ten fresh recovery codes, each for one use; those before stop working. They are shown this once. */
  async recoveryCodes(by: Actor, admin: Admin): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, makeCode);
    await this.#stores.adminProofs.setRecovery(admin.id, codes.map(codeHash));
    await record(this.#stores.audit, by, 'admin.recovery-codes', admin.name);
    return codes;
  }

  /** Recovery codes go with the last second factor: there is nothing left that they would stand in for. */
  async tidy(admin: Admin): Promise<void> {
    if (await this.asked(admin.id)) return;
    await this.#stores.adminProofs.removeAll(admin.id);
  }

  /** Uses up a code of the app or a recovery code. Throws CommandError `wrong-code`, or `too-many` for whoever guesses. */
  async use(by: Actor, admin: Admin, input: string): Promise<void> {
    this.#takeTry(admin);
    const right = /^\d{6}$/.test(digitsOf(input))
      ? await this.#useTotp(admin, digitsOf(input))
      : await this.#useRecovery(by, admin, input);
    if (right) this.#tries.give(String(admin.id));
    else {
      await record(this.#stores.audit, by, 'admin.wrong-code', admin.name);
      throw wrongCode();
    }
  }

  async #useTotp(admin: Admin, code: string): Promise<boolean> {
    const stored = await this.#stores.adminProofs.totp(admin.id);
    const secret = stored?.confirmed === 1 ? this.#seal.open(stored.sealed, whose(admin)) : undefined;
    const step = secret && stepOf(secret, code, this.#now());
    return step !== undefined && this.#stores.adminProofs.useStep(admin.id, step);
  }

  async #useRecovery(by: Actor, admin: Admin, code: string): Promise<boolean> {
    if (!(await this.#stores.adminProofs.useRecovery(admin.id, codeHash(code)))) return false;
    await record(this.#stores.audit, by, 'admin.recovery-code', admin.name);
    return true;
  }

  #takeTry(admin: Admin): void {
    if (this.#tries.take(String(admin.id)) === 0) return;
    throw new CommandError(
      'too-many',
      'Too many codes were tried for this administrator. Try again in a few minutes.',
      'code',
    );
  }
}

const whose = (admin: Admin): string => `admin ${admin.id}`;
const digitsOf = (code: string): string => code.replace(/\s/g, '');
const wrongCode = (): CommandError =>
  new CommandError('wrong-code', 'The code is not right, or was used already. Each works once.', 'code');
