import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { Registrar } from '../host/registrar.ts';
import { readForm } from '../xmpp/data-form.ts';
import { child, type Element, el, elements, textOf } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/**
 * In-band registration (XEP-0077) for who has logged in: a new password, and the end of the account. What comes before the
 * login is c2s/features/registration.ts.
 */
export function registration(registrar: Registrar): Module {
  return {
    name: 'registration',
    xep: [77, '2.4'],
    start: (host) => ({
      features: [NS.register], // §9
      iq: (['host', 'own'] as const).flatMap((scope) => [
        { type: 'get', scope, xmlns: NS.register, name: 'query', handle: get },
        {
          type: 'set',
          scope,
          xmlns: NS.register,
          name: 'query',
          handle: (request: IqRequest) => set(host, registrar, request),
        },
      ]),
    }),
  };
}

function get({ session }: IqRequest): Element {
  if (session === undefined) throw new StanzaError('registration-required');
  const { local } = session.jid;
  return el('query', { xmlns: NS.register }, el('registered'), el('username', {}, local), el('password')); // §3.1
}

async function set(host: Host, registrar: Registrar, request: IqRequest): Promise<undefined> {
  const { session, payload, stanza } = request;
  if (session === undefined) throw new StanzaError('registration-required');
  if (stanza.from.domain !== host.domain) throw new StanzaError('forbidden');
  if (child(payload, 'remove') !== undefined) {
    if (elements(payload).length !== 1) throw new StanzaError('bad-request'); // §3.2
    await remove(host, registrar, request);
    return undefined;
  }
  const form = readForm(payload);
  const field = (name: string): string => form?.values.get(name)?.[0] ?? (form ? '' : textOf(child(payload, name)));
  const [username, password] = [field('username'), field('password')];
  if (username === '' || password === '') throw new StanzaError('bad-request', 'A name and a password are needed.'); // §3.3
  // The name or the whole address, but nobody else's: the account is the session's, whatever the request says.
  const named = tryParseJid(username.includes('@') ? username : `${username}@${host.domain}`);
  if (named?.full !== session.jid.bare) {
    throw new StanzaError('not-allowed', 'You can change your own password only, and are logged in already.');
  }
  await registrar.changePassword(session, password);
  return undefined;
}

/** §3.2: the result comes first, then the stream ends. */
async function remove(host: Host, registrar: Registrar, { session }: IqRequest): Promise<void> {
  const leaving = session!;
  if (!registrar.mayRemoveOwn(host.domain)) {
    throw new StanzaError('not-allowed', 'Please ask your administrator to delete your account.');
  }
  // Taken out first, so that contacts see it while there is a contact list to tell them by, and the result still goes out.
  host.unbind(leaving);
  try {
    await registrar.removeOwn(leaving.account);
  } finally {
    setImmediate(() => leaving.end('not-authorized', 'Your account was deleted.'));
  }
}
