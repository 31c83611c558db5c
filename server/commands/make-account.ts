import { type Statement, StorageError } from '../storage/database.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { MechanismKeys } from '../xmpp/scram-keys.ts';
import { CommandError } from './command-error.ts';
import { isLeaving } from './domain-removal.ts';
import { checkDisplayName, checkLocal } from './names.ts';
import { fulfil, type PasswordWish } from './passwords.ts';

export interface AccountMake extends PasswordWish {
  /** Served, and prepared. */
  readonly domain: string;
  readonly local: string;
  readonly name?: string;
  /** What another server kept of the password; none: nobody comes in before one is set. In the place of a wish. */
  readonly keys?: readonly MechanismKeys[];
  /** The invitation that it is made by: a name kept by another one is taken (XEP-0401 §6.2). */
  readonly invitation?: number;
  /** Done in the same batch. */
  readonly also?: (local: string) => readonly Statement[];
}

/**
 * Makes an account, whoever wishes it; the password is in the answer only when it was made here. Throws CommandError, and
 * the StorageError `constraint` when something of `also` cannot be.
 */
export async function makeAccount(
  stores: Stores,
  iterations: number,
  make: AccountMake,
): Promise<{ account: Account; password?: string }> {
  const { domain, invitation } = make;
  const local = checkLocal(make.local);
  const name = checkDisplayName(make.name ?? '');
  const taken = new CommandError(
    'account-exists',
    `There is already somebody with the address ${local}@${domain}.`,
    'local',
  );
  if (await isLeaving(stores.settings, domain)) {
    throw new CommandError('not-allowed', `${domain} is being removed: nobody comes to it any more.`);
  }
  if ((await stores.accounts.find(domain, local)) !== undefined) throw taken;
  const keeping = await stores.invitations.reserving(domain, local);
  if (keeping !== undefined && keeping !== invitation) {
    throw new CommandError('account-exists', `The address ${local}@${domain} is kept for somebody invited.`, 'local');
  }
  const { keys, made } =
    make.keys === undefined
      ? await fulfil({ domain, local }, make, iterations)
      : { keys: make.keys, made: {} as { password?: string } };
  try {
    const also = make.also?.(local) ?? [];
    return { account: await stores.accounts.create({ domain, local, name, credentials: keys, also }), ...made };
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'constraint') throw error;
    if ((await stores.accounts.find(domain, local)) !== undefined) throw taken;
    throw error;
  }
}
