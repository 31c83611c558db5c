import type { ScramName } from '../../xmpp/scram.ts';
import { passwordFits } from '../../xmpp/scram-keys.ts';
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
    return { login: passwordLogin(connection, account, 'PLAIN', keys.storedKey) };
  },
};

/** Which keys to check by: an account that came from elsewhere may have others only. */
async function checks(connection: Request['connection'], { number }: Claim): Promise<ScramName> {
  const known = await connection.host!.house.stores.credentials.of(number);
  return known.length === 0 || known.some((one) => one.mechanism === CHECKS) ? CHECKS : known[0]!.mechanism;
}
