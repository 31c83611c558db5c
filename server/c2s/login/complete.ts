import { archiveState } from '../../host/archive-state.ts';
import type { Token } from '../../storage/stores/devices.ts';
import { dateTime } from '../../xmpp/delay.ts';
import { escapeAttribute, escapeText, serialize } from '../../xmpp/element.ts';
import { makeJid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { ClientOutlet } from '../client-outlet.ts';
import type { Connection } from '../connection.ts';
import { newId } from '../id.ts';
import { tokenMechanismsFor } from '../mechanisms/index.ts';
import type { Login } from '../mechanisms/mechanism.ts';
import { tokenDays } from '../options.ts';
import { SEEN_WITHIN } from '../tokens.ts';
import type { BindWish, LoginRequest } from './request.ts';
import { enableManagement, takeUp } from './resumption.ts';
import { beginSession } from './session.ts';

/**
 * A login by SASL2 has succeeded: does what was asked for along with it, and says all that in one <success/> (XEP-0388 §2.6.1):
 * a session taken up (XEP-0198 §9.2), or else a new one (XEP-0386), and a token for the next time (XEP-0484).
 */
export async function complete(
  connection: Connection,
  request: LoginRequest,
  login: Login,
  data: string,
): Promise<void> {
  onlyThis(connection);
  const { stream } = connection;
  const { devices } = connection.host!.house.stores;
  const device = request.agent === '' ? undefined : devices.idOf(login.account.id, request.agent);
  connection.authenticated(login, device);
  const token = await noteDevice(connection, request, login);
  await connection.stillValid(); // after the token was written: a password changed meanwhile has taken it back

  let refused = '';
  if (request.resume !== undefined) {
    const taken = await takeUp(connection, request.resume);
    onlyThis(connection);
    if (taken.failed === undefined) {
      // XEP-0198 §9.2: no features follow, and no resource is bound.
      return taken.goOn(success(data, taken.jid, taken.resumed + token));
    }
    refused = taken.failed;
    // It may have ended because the access was taken: then there is no other one to be had either.
    if (!stream.ended) await connection.stillValid();
  }
  if (stream.ended) return;
  if (request.bind === undefined) {
    const { account, host } = connection;
    stream.send(success(data, makeJid(account!.local, host!.domain).bare, refused + token));
    stream.send(connection.features());
    return;
  }
  const { jid, outlet, bound } = await bind(connection, request.bind);
  onlyThis(connection);
  outlet.begin(success(data, jid, refused + bound + token), connection.features());
}

/** §2.5: while a login is under way nothing but the login is sent. Throws StreamError. */
function onlyThis({ stream }: Connection): void {
  if (stream.items.pending)
    throw new StreamError('policy-violation', 'Nothing may follow before the login is decided.');
}

function success(data: string, jid: string, more: string): string {
  const additional = data === '' ? '' : `<additional-data>${data}</additional-data>`;
  const identifier = `<authorization-identifier>${escapeText(jid)}</authorization-identifier>`;
  return `<success xmlns='${NS.sasl2}'>${additional}${identifier}${more}</success>`;
}

/** XEP-0386 §3.2. Gives <bound/>; the client is told nothing yet. Throws StreamError. */
async function bind(
  connection: Connection,
  { tag, carbons, management, inactive }: BindWish,
): Promise<{ jid: string; outlet: ClientOutlet; bound: string }> {
  const { account, device, door } = connection;
  const host = connection.host!;
  const { bare } = makeJid(account!.local, host.domain);
  const own = device === undefined ? newId() : door.tokens.resourceOf({ account: account!.id, device });
  // §3.2.1: what cannot be part of an address is left out.
  const resource = tag !== '' && tryParseJid(`${bare}/${tag}/${own}`)?.bare === bare ? `${tag}/${own}` : own;
  // A device that comes anew is not there twice (§3.2). First, so that its own ghost does not keep it out.
  const earlier = device === undefined ? [] : host.sessions.of(bare).filter((one) => one.client.device === device);
  for (const session of earlier) {
    if (session.jid.resource !== resource) session.end('conflict', 'You logged in again on this device.');
  }
  try {
    const { session, outlet } = beginSession(connection, resource, { inline: true });
    if (carbons) session.carbons = true;
    if (inactive) outlet.setActive(false);
    const enabled = management === undefined ? '' : enableManagement(outlet, management.resume);
    // Asked for in the turn of the binding: what comes later is for the session to get, what came before is in there.
    const state = await archiveState(host.house, host.domain, account!.id);
    const metadata = state === undefined ? '' : serialize(state);
    return { jid: session.jid.full, outlet, bound: `<bound xmlns='${NS.bind2}'>${metadata}${enabled}</bound>` };
  } catch (error) {
    if (error instanceof StanzaError) throw new StreamError('resource-constraint', error.message);
    throw error;
  }
}

/** Notes which device it was, for its owner to see (XEP-0494), and gives it a token if it is to have one. Gives <token/> or ''. */
async function noteDevice(connection: Connection, request: LoginRequest, login: Login): Promise<string> {
  const { device, door } = connection;
  if (device === undefined) return '';
  const { account } = login;
  const owner = { account: account.id, device };
  const token = newToken(connection, request, login);
  const now = Date.now();
  const { software, device: name } = request;
  await connection.host!.house.stores.devices.change(
    owner.account,
    device,
    (known) => {
      const password = login.storedKey === undefined ? (known?.passwordAt ?? 0) : now;
      const same = known?.software === software && known.name === name && token === undefined;
      // Written a moment ago, by the check of the token for one.
      if (same && now - known.lastSeen < SEEN_WITHIN && password - known.passwordAt < SEEN_WITHIN) return undefined;
      return {
        id: device,
        software,
        name,
        firstSeen: known?.firstSeen ?? now,
        lastSeen: now,
        passwordAt: password,
        current: known?.current,
        // XEP-0484 §3.5: one that was given before and never used is void; the one in use is not, until this one is used.
        fresh: token ?? known?.fresh,
      };
    },
    token === undefined, // a token is on the disk before its client hears of it
  );
  if (token === undefined) return '';
  const secret = door.tokens.secretOf(owner, token);
  return `<token xmlns='${NS.fast}' expiry='${dateTime(token.expiresAt)}' token='${escapeAttribute(secret)}'/>`;
}

function newToken(connection: Connection, { tokenFor }: LoginRequest, { token, mechanism }: Login): Token | undefined {
  const wanted = tokenFor ?? (token?.due === true ? mechanism : undefined);
  const days = connection.host!.option(tokenDays);
  if (days === 0 || !tokenMechanismsFor(connection).some(({ name }) => name === wanted)) return undefined;
  return connection.door.tokens.issue(wanted!, days, Date.now());
}
