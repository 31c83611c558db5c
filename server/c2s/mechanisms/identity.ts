import { createHmac } from 'node:crypto';
import type { Soon } from '../../storage/cached.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import type { Credential } from '../../storage/stores/credentials.ts';
import { makeJid, tryParseJid } from '../../xmpp/jid.ts';
import { fakeKeys, type ScramName } from '../../xmpp/scram.ts';
import type { MechanismKeys } from '../../xmpp/scram-keys.ts';
import type { Connection } from '../connection.ts';
import { type Login, SaslError } from './mechanism.ts';

/** Who somebody says to be. */
export interface Claim {
  readonly bare: string;
  readonly account: Account | undefined;
  /**
   * The account's number. Nobody's is one that no account has, the same at every try for the same name: what is kept under it
   * is looked up like anybody's, so that the time it takes does not tell who is there.
   */
  readonly number: number;
}

/** The account of a user name; who acts for somebody else is refused (SECURITY 16). Throws SaslError. */
export async function lookUp(connection: Connection, username: string, authzid: string): Promise<Claim> {
  const host = connection.host!;
  const jid = tryParseJid(`${username}@${host.domain}`);
  if (jid === undefined || jid.local === '' || jid.domain !== host.domain) {
    throw new SaslError('not-authorized', 'the name is no local part');
  }
  if (authzid !== '' && tryParseJid(authzid)?.full !== jid.bare) {
    throw new SaslError('invalid-authzid', 'authorization as somebody else');
  }
  return claimOf(connection, makeJid(jid.local, host.domain).bare);
}

/** The same for a bare address of this domain. */
export async function claimOf(connection: Connection, bare: string): Promise<Claim> {
  const account = await connection.host!.house.stores.accounts.at(bare);
  const nobody = createHmac('sha256', connection.door.fakeSaltSecret).update(`number\0${bare}`).digest().readUInt32BE();
  return { bare, account, number: account?.id ?? -1 - nobody };
}

/** The keys to check against; for nobody's name made-up ones, so that names cannot be found out. */
export async function keysFor(
  connection: Connection,
  { number, bare }: Claim,
  mechanism: ScramName,
): Promise<MechanismKeys> {
  const { door } = connection;
  const credentials = await connection.host!.house.stores.credentials.of(number);
  const keys = credentials.find((one) => one.mechanism === mechanism);
  return keys ?? { mechanism, ...fakeKeys(door.fakeSaltSecret, mechanism, bare, door.iterations) };
}

/** What was shown was right: may this account log in? Throws SaslError. */
export function admitted(connection: Connection, { account, bare }: Claim): Account {
  if (account === undefined) throw new SaslError('not-authorized', 'no such account');
  if (account.status !== 'active') {
    throw new SaslError('account-disabled', 'the account is disabled', account.reason);
  }
  connection.door.throttle.succeeded(bare, connection.address);
  return account;
}

/** A login by a password that was checked against a key. It holds as long as the account has the key. */
export function passwordLogin(
  connection: Connection,
  account: Account,
  mechanism: string,
  storedKey: Uint8Array,
): Login {
  const { credentials } = connection.host!.house.stores;
  const shown = (all: readonly Credential[]) => all.some((one) => Buffer.compare(one.storedKey, storedKey) === 0);
  const holds = (): Soon<boolean> => {
    const all = credentials.of(account.id);
    return all instanceof Promise ? all.then(shown) : shown(all);
  };
  return { account, mechanism, storedKey, holds };
}
