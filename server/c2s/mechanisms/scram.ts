// XEP-0474 0.5.0
import { ScramError, type ScramName, ScramServer } from '../../xmpp/scram.ts';
import { bindingTypes, channelBindings } from '../channel-binding.ts';
import { admitted, keysFor, lookUp, passwordLogin } from './identity.ts';
import { type Mechanism, type Request, SaslError, type Step, utf8 } from './mechanism.ts';

/** SCRAM (RFC 5802, RFC 7677) with one hash, with or without channel binding. */
export function scram(hash: ScramName, plus: boolean): Mechanism {
  const name = plus ? `${hash}-PLUS` : hash;
  return { name, begin: (request) => begin(request, name, hash, plus) };
}

async function begin({ connection, initial }: Request, name: string, hash: ScramName, plus: boolean): Promise<Step> {
  const { tls } = connection;
  const bindings = plus && tls !== undefined ? channelBindings(tls) : new Map<string, Uint8Array>();
  const server = new ScramServer(hash, plus, bindings, tls !== undefined);
  const { username, authzid } = server.first(utf8(initial));
  const claim = await lookUp(connection, username, authzid);
  const keys = await keysFor(connection, claim, hash);
  return { challenge: server.challenge(keys, offered(connection)), next };

  async function next(response: Buffer): Promise<Step> {
    const { door, address } = connection;
    const data = await door.throttle.turn(claim.bare, address, () => {
      try {
        return server.final(utf8(response));
      } catch (error) {
        if (error instanceof ScramError && error.condition === 'not-authorized')
          door.throttle.failed(claim.bare, address);
        throw error;
      }
    });
    if (data === undefined) throw new SaslError('temporary-auth-failure', 'too many tries stand in line');
    const account = admitted(connection, claim);
    return { data, login: passwordLogin(connection, account, name, keys.storedKey) };
  }
}

/** What the client was offered, as it is hashed (XEP-0474 §5.1): octets sort like code units, as all of it is ASCII. */
function offered({ offered, tls }: Request['connection']): string {
  const mechanisms = offered.map(({ name }) => name).sort();
  const types = tls === undefined ? '' : `\x1f${[...bindingTypes(tls)].sort().join('\x1e')}`;
  return `${mechanisms.join('\x1e')}${types}`;
}
