import { SCRAM_HASHES, type ScramName } from '../../xmpp/scram.ts';
import { deriveKeys, passwordFits } from '../../xmpp/scram-keys.ts';
import { admitted, type Claim, keysFor, lookUp, passwordLogin } from './identity.ts';
import { type Mechanism, type Request, SaslError, utf8 } from './mechanism.ts';

const CHECKS: ScramName = 'SCRAM-SHA-256';

/** PLAIN (RFC 4616): the password itself. */
export const plain: Mechanism = {
  name: 'PLAIN',
  async begin({ connection, initial }) {
    const parts = utf8(initial).split('\0'); // §2
    const [authzid, username, password] = parts;
    if (parts.length !== 3 || !username || !password) throw new SaslError('malformed-request', 'not what PLAIN sends');
    const claim = await lookUp(connection, username, authzid!);
    const { door, address } = connection;
    const keys = await door.throttle.turn(claim.bare, address, async () => {
      const known = await keysFor(connection, claim, await checks(connection, claim));
      if ((await passwordFits(password, known)) && claim.account !== undefined) return known;
      door.throttle.failed(claim.bare, address);
      throw new SaslError('not-authorized', 'the password is wrong');
    });
    if (keys === undefined) throw new SaslError('temporary-auth-failure', 'too many tries stand in line');
    const account = admitted(connection, claim);
    await complete(connection, account.id, password, keys.storedKey);
    return { login: passwordLogin(connection, account, 'PLAIN', keys.storedKey) };
  },
};

/** Who came from another server with the keys of some mechanisms only (XEP-0227) has those of all from now on. */
async function complete(
  { host, door }: Request['connection'],
  account: number,
  password: string,
  storedKey: Uint8Array,
) {
  const { credentials } = host!.house.stores;
  const known = await credentials.of(account);
  if (known.length >= Object.keys(SCRAM_HASHES).length) return;
  for (const one of await deriveKeys(password, door.iterations)) {
    if (!known.some(({ mechanism }) => mechanism === one.mechanism)) await credentials.add(account, one, storedKey);
  }
}

/** Which keys to check by: an account that came from elsewhere may have others only. */
async function checks(connection: Request['connection'], { number }: Claim): Promise<ScramName> {
  const known = await connection.host!.house.stores.credentials.of(number);
  return known.length === 0 || known.some((one) => one.mechanism === CHECKS) ? CHECKS : known[0]!.mechanism;
}
