import type { Account } from '../../storage/stores/accounts.ts';
import { type Element, el, serialize, textOf } from '../../xmpp/element.ts';
import { makeJid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { fakeKeys, ScramError, type ScramName, ScramServer } from '../../xmpp/scram.ts';
import { type MechanismKeys, passwordFits } from '../../xmpp/scram-keys.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import { bindingTypes, channelBindings } from '../channel-binding.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';

/** Failures on one stream before it is ended (RFC 6120 §6.4.5). */
const TRIES = 5;
const PLAIN_CHECKS: ScramName = 'SCRAM-SHA-256';
const SCRAM_NAMES: readonly ScramName[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'];
const MECHANISMS: readonly string[] = [...SCRAM_NAMES.map((name) => `${name}-PLUS`), ...SCRAM_NAMES, 'PLAIN'];

type Condition =
  | 'aborted'
  | 'account-disabled'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized'
  | 'temporary-auth-failure';

class SaslError extends Error {
  readonly condition: Condition;

  constructor(condition: Condition, message: string) {
    super(message);
    this.condition = condition;
  }
}

/** What is remembered from <auth/> to the end, and over tries that fail. */
interface Exchange {
  failures: number;
  scram:
    | { server: ScramServer; mechanism: string; account: Account | undefined; bare: string; storedKey: Uint8Array }
    | undefined;
}

/** SASL (RFC 6120 §6): SCRAM with and without channel binding, and PLAIN; inside TLS only. */
export const sasl: Feature = {
  offer(connection) {
    if (connection.tls === undefined || connection.account !== undefined) return '';
    const mechanisms = MECHANISMS.map((name) => `<mechanism>${name}</mechanism>`).join('');
    const bindings = bindingTypes(connection.tls)
      .map((type) => `<channel-binding type='${type}'/>`)
      .join('');
    return (
      `<mechanisms xmlns='${NS.sasl}'>${mechanisms}</mechanisms>` +
      `<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${bindings}</sasl-channel-binding>`
    );
  },

  takes: (_connection, element) => element.attrs.xmlns === NS.sasl,

  async handle(connection, element) {
    if (connection.tls === undefined || connection.host === undefined || connection.account !== undefined) {
      throw new StreamError('not-authorized', 'There is nothing to log in to here.'); // SECURITY 13, 17
    }
    connection.exchange ??= { failures: 0, scram: undefined } satisfies Exchange;
    const exchange = connection.exchange as Exchange;
    try {
      await step(connection, exchange, element);
    } catch (error) {
      if (!(error instanceof SaslError) && !(error instanceof ScramError)) throw error;
      exchange.scram = undefined;
      connection.host.house.counters.loginFailures++;
      const { address } = connection;
      connection.door.log.info({ address, condition: error.condition, reason: error.message }, 'login refused');
      connection.stream.send(
        serialize(
          el(
            'failure',
            { xmlns: NS.sasl },
            el(error.condition),
            el('text', { 'xml:lang': 'en' }, explain(error.condition)),
          ),
        ),
      );
      if (++exchange.failures >= TRIES) throw new StreamError('policy-violation', 'Too many failed logins.');
    }
  },
};

/** For the person at the client; what went wrong exactly stays in the log, as it would help who guesses. */
function explain(condition: string): string {
  if (condition === 'not-authorized') return 'The name or the password is wrong.';
  if (condition === 'account-disabled') return 'This account is disabled. Please ask your administrator.';
  if (condition === 'temporary-auth-failure') return 'The server could not check the password. Please try again.';
  if (condition === 'invalid-mechanism') return 'This way to log in is not offered.';
  return 'The login was not understood.';
}

function step(connection: Connection, exchange: Exchange, element: Element): Promise<void> {
  switch (element.name) {
    case 'auth':
      return begin(connection, exchange, element);
    case 'response':
      return respond(connection, exchange, element);
    case 'abort':
      throw new SaslError('aborted', 'the client gave up');
    default:
      throw new StreamError('unsupported-stanza-type', 'SASL knows no such element.');
  }
}

function decode(element: Element): string {
  const text = textOf(element).trim();
  if (text === '=') return ''; // RFC 6120 §6.4.2
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new SaslError('incorrect-encoding', 'not base 64');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64'));
  } catch {
    throw new SaslError('malformed-request', 'not UTF-8');
  }
}

async function begin(connection: Connection, exchange: Exchange, element: Element): Promise<void> {
  if (exchange.scram !== undefined) throw new SaslError('malformed-request', 'an exchange is under way');
  const mechanism: string = element.attrs.mechanism ?? '';
  if (!MECHANISMS.includes(mechanism)) throw new SaslError('invalid-mechanism', 'no such mechanism');
  const initial = decode(element);
  if (mechanism === 'PLAIN') return plain(connection, initial);
  const plus = mechanism.endsWith('-PLUS');
  const name = (plus ? mechanism.slice(0, -5) : mechanism) as ScramName;
  const bindings = plus ? channelBindings(connection.tls!) : new Map<string, Uint8Array>();
  const server = new ScramServer(name, plus, bindings, true);
  const { username, authzid } = server.first(initial);
  const { bare, account } = await lookUp(connection, username, authzid);
  const keys = await keysFor(connection, account, name, bare);
  exchange.scram = { server, mechanism, account, bare, storedKey: keys.storedKey };
  const challenge = Buffer.from(server.challenge(keys)).toString('base64');
  connection.stream.send(`<challenge xmlns='${NS.sasl}'>${challenge}</challenge>`);
}

async function respond(connection: Connection, exchange: Exchange, element: Element): Promise<void> {
  const { scram } = exchange;
  if (scram === undefined) throw new SaslError('malformed-request', 'no exchange is under way');
  const { door, address, stream } = connection;
  const final = await door.throttle.turn(scram.bare, address, () => {
    try {
      return scram.server.final(decode(element));
    } catch (error) {
      if (error instanceof ScramError && error.condition === 'not-authorized')
        door.throttle.failed(scram.bare, address);
      throw error;
    }
  });
  if (final === undefined) throw new SaslError('temporary-auth-failure', 'too many tries stand in line');
  const account = admitted(connection, scram.account, scram.bare);
  stream.send(`<success xmlns='${NS.sasl}'>${Buffer.from(final).toString('base64')}</success>`);
  connection.authenticated(account, scram.mechanism, scram.storedKey);
}

async function plain(connection: Connection, message: string): Promise<void> {
  const parts = message.split('\0'); // RFC 4616 §2
  const [authzid, username, password] = parts;
  if (parts.length !== 3 || !username || !password) throw new SaslError('malformed-request', 'not what PLAIN sends');
  const { bare, account } = await lookUp(connection, username, authzid!);
  const { door, address, stream } = connection;
  const keys = await door.throttle.turn(bare, address, async () => {
    const known = await keysFor(connection, account, PLAIN_CHECKS, bare);
    if ((await passwordFits(password, known)) && account !== undefined) return known;
    door.throttle.failed(bare, address);
    throw new SaslError('not-authorized', 'the password is wrong');
  });
  if (keys === undefined) throw new SaslError('temporary-auth-failure', 'too many tries stand in line');
  const admittedAccount = admitted(connection, account, bare);
  stream.send(`<success xmlns='${NS.sasl}'/>`);
  connection.authenticated(admittedAccount, 'PLAIN', keys.storedKey);
}

/** The account of a user name; who acts for somebody else is refused (SECURITY 16). */
async function lookUp(connection: Connection, username: string, authzid: string) {
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
async function keysFor(
  connection: Connection,
  account: Account | undefined,
  mechanism: ScramName,
  bare: string,
): Promise<MechanismKeys> {
  const { door } = connection;
  const credentials = account === undefined ? [] : await connection.host!.house.stores.credentials.of(account.id);
  const keys = credentials.find((one) => one.mechanism === mechanism);
  return keys ?? { mechanism, ...fakeKeys(door.fakeSaltSecret, mechanism, bare, door.iterations) };
}

/** The password was right: may this account log in? */
function admitted(connection: Connection, account: Account | undefined, bare: string): Account {
  if (account === undefined) throw new SaslError('not-authorized', 'no such account');
  if (account.status !== 'active') throw new SaslError('account-disabled', 'the account is disabled');
  connection.door.throttle.succeeded(bare, connection.address);
  return account;
}
