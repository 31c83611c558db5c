import { type Element, el, serialize, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { ScramError } from '../../xmpp/scram.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import { fromBase64, refuse } from '../attempts.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';
import { complete } from '../login/complete.ts';
import { type LoginRequest, readRequest } from '../login/request.ts';
import { beginUpgrade, neededUpgrades, UPGRADES } from '../login/upgrade.ts';
import { tokenMechanismsFor } from '../mechanisms/index.ts';
import { type Login, type Mechanism, SaslError, type Step } from '../mechanisms/mechanism.ts';
import { tokenDays } from '../options.ts';

const listed = (mechanisms: readonly Mechanism[]): string =>
  mechanisms.map(({ name }) => `<mechanism>${name}</mechanism>`).join('');

/** XEP-0386 §3.1: what can be turned on while binding. */
const WITH_BIND = [NS.carbons, NS.csi, NS.sm].map((name) => `<feature var='${name}'/>`).join('');
const BIND = `<bind xmlns='${NS.bind2}'><inline>${WITH_BIND}</inline></bind>`;
const TASKS = [...UPGRADES.keys()].map((task) => `<upgrade xmlns='${NS.saslUpgrade}'>${task}</upgrade>`).join('');

/**
 * The extensible SASL profile (XEP-0388), inside TLS only, with what it lets a client do in the same round trip: Bind 2 (XEP-0386),
 * resumption (XEP-0198), tokens (XEP-0484), better keys (XEP-0480).
 */
export const sasl2: Feature = {
  xep: [388, '1.0.4'],
  also: [
    [386, '1.1.0'],
    [480, '0.2.0'],
    [484, '0.2.0'],
  ],
  offer(connection) {
    if (!connection.encrypted || connection.account !== undefined) return '';
    const tokens = connection.host!.option(tokenDays) === 0 ? [] : tokenMechanismsFor(connection);
    // No `tls-0rtt`: there are no early data here (XEP-0484 §3.1).
    const fast = tokens.length === 0 ? '' : `<fast xmlns='${NS.fast}'>${listed(tokens)}</fast>`;
    const inline = `<inline>${BIND}<sm xmlns='${NS.sm}'/>${fast}</inline>`;
    return `<authentication xmlns='${NS.sasl2}'>${listed(connection.offered)}${inline}${TASKS}</authentication>`;
  },

  takes: (_connection, element) => element.attrs.xmlns === NS.sasl2,

  async handle(connection, element) {
    if (!connection.encrypted || connection.host === undefined || connection.account !== undefined) {
      throw new StreamError('not-authorized', 'There is nothing to log in to here.'); // §5, §6.8
    }
    const { attempts, stream } = connection;
    attempts.enter(NS.sasl2);
    try {
      const { next } = attempts;
      if (element.name === 'abort') throw new SaslError('aborted', 'the client gave up');
      if (next !== undefined) await next(element);
      else if (element.name === 'authenticate') await authenticate(connection, element);
      else throw new SaslError('malformed-request', 'no exchange is under way');
    } catch (error) {
      if (!(error instanceof SaslError) && !(error instanceof ScramError)) throw error;
      const condition = el(error.condition, { xmlns: NS.sasl });
      const text = el('text', { 'xml:lang': 'en' }, refuse(connection, error));
      stream.send(serialize(el('failure', { xmlns: NS.sasl2 }, condition, text)));
      attempts.failed();
    }
  },
};

/** The next element must be this one: anything else on a stream that is being logged in to ends it (§2.5, §6.8). */
function expect(connection: Connection, name: string, take: (element: Element) => Promise<void>): void {
  connection.attempts.next = (element) => {
    if (element.name !== name)
      throw new StreamError('policy-violation', `This is not the time for <${element.name}/>.`);
    return take(element);
  };
}

async function authenticate(connection: Connection, element: Element): Promise<void> {
  const request = readRequest(element);
  const { agent, fast } = request;
  const ways = fast === undefined ? connection.offered : [...connection.offered, ...tokenMechanismsFor(connection)];
  const mechanism = ways.find(({ name }) => name === request.mechanism);
  if (mechanism === undefined) throw new SaslError('invalid-mechanism', 'no such mechanism');
  const { initial } = request;
  await advance(connection, request, await mechanism.begin({ connection, initial, agent, ...(fast && { fast }) }));
}

async function advance(connection: Connection, request: LoginRequest, step: Step): Promise<void> {
  if (step.challenge !== undefined) {
    expect(connection, 'response', async (response) =>
      advance(connection, request, await step.next(fromBase64(textOf(response).trim()))),
    );
    const challenge = Buffer.from(step.challenge).toString('base64');
    connection.stream.send(`<challenge xmlns='${NS.sasl2}'>${challenge}</challenge>`);
    return;
  }
  const { login } = step;
  const { from } = connection;
  // §2.4: who was announced in the stream's header is who logs in.
  if (from !== undefined && from.local !== '' && from.local !== login.account.local) {
    throw new SaslError('invalid-authzid', 'the stream was opened by somebody else');
  }
  const data = step.data === undefined ? '' : Buffer.from(step.data).toString('base64');
  await proceed(connection, request, login, data, await neededUpgrades(connection, login, request.upgrades));
}

/** One task after the other (§2.6.3), then the end. `data` is what the mechanism has to say with the first of these. */
async function proceed(
  connection: Connection,
  request: LoginRequest,
  login: Login,
  data: string,
  [task, ...more]: readonly string[],
): Promise<void> {
  if (task === undefined) return complete(connection, request, login, data);
  expect(connection, 'next', async (next) => {
    if (next.attrs.task !== task) throw new SaslError('malformed-request', 'another task than was asked for');
    const { question, answered } = beginUpgrade(connection, login, task);
    expect(connection, 'task-data', async (answer) => {
      await answered(answer);
      await proceed(connection, request, login, '', more);
    });
    connection.stream.send(question);
  });
  const additional = data === '' ? '' : `<additional-data>${data}</additional-data>`;
  const tasks = `<tasks><task>${task}</task></tasks>`;
  connection.stream.send(`<continue xmlns='${NS.sasl2}'>${additional}${tasks}</continue>`);
}
