import type { Account } from '../../storage/stores/accounts.ts';
import type { Credential } from '../../storage/stores/credentials.ts';
import { makeJid, tryParseJid } from '../../xmpp/jid.ts';
import { fakeKeys, type ScramName } from '../../xmpp/scram.ts';
import type { MechanismKeys } from '../../xmpp/scram-keys.ts';
import type { Connection } from '../connection.ts';
import { SaslError } from './mechanism.ts';

/** Who somebody says to be. */
export interface Claim {
  readonly bare: string;
  readonly account: Account | undefined;
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
  return { bare: makeJid(jid.local, host.domain).bare, account: await host.house.stores.accounts.at(jid.bare) };
}

/** The keys to check against; for nobody's name made-up ones, so that names cannot be found out. */
export async function keysFor(
  connection: Connection,
  { account, bare }: Claim,
  mechanism: ScramName,
): Promise<MechanismKeys> {
  const { door } = connection;
  const credentials: readonly Credential[] =
    account === undefined ? [] : await connection.host!.house.stores.credentials.of(account.id);
  const keys = credentials.find((one) => one.mechanism === mechanism);
  return keys ?? { mechanism, ...fakeKeys(door.fakeSaltSecret, mechanism, bare, door.iterations) };
}

/** What was shown was right: may this account log in? Throws SaslError. */
export function admitted(connection: Connection, { account, bare }: Claim): Account {
  if (account === undefined) throw new SaslError('not-authorized', 'no such account');
  if (account.status !== 'active') throw new SaslError('account-disabled', 'the account is disabled');
  connection.door.throttle.succeeded(bare, connection.address);
  return account;
}

/** Whether an account still has the key that a password was checked against: if not, the password was changed. */
export async function hasKey(connection: Connection, account: Account, storedKey: Uint8Array): Promise<boolean> {
  const keys = await connection.host!.house.stores.credentials.of(account.id);
  return keys.some((one) => Buffer.compare(one.storedKey, storedKey) === 0);
}
