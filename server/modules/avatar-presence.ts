import type { Departure } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { PhotoMark } from '../storage/stores/profiles.ts';
import { child, clone, type Element, el, removeChildren, textOf } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';

/**
 * The hash of one's photo in one's presence (XEP-0153), put there by the server (XEP-0398 §4): clients need not fetch their
 * own photo to tell others of it. Decided once for a presence, however many hear it.
 */
export const avatarPresence: Module = {
  name: 'avatar-presence',
  xep: [153, '1.1.1'],
  start(host) {
    /** Sessions that say themselves that there is no photo. */
    const declined = new WeakSet<Session>();
    return {
      outbound: { stamp: (departure) => stamp(host, declined, departure) },
      keeps: {
        of: (session) => (declined.has(session) ? true : undefined),
        back: (session) => void declined.add(session),
      },
      on: { pictured: ({ account }) => announce(host, declined, account) },
    };
  },
};

const isUpdate = ({ name, attrs }: Element): boolean => name === 'x' && attrs.xmlns === NS.vcardUpdate;

function stamp(host: Host, declined: WeakSet<Session>, { stanza, session }: Departure): undefined | Promise<undefined> {
  if (stanza.kind !== 'presence' || stanza.type !== '') return undefined;
  const directed = stanza.to !== undefined;
  const update = child(stanza.element, 'x', NS.vcardUpdate);
  const photo = update && child(update, 'photo');
  const claimed = photo && textOf(photo).trim().toLowerCase();
  if (!directed) {
    if (claimed === '') declined.add(session);
    else declined.delete(session);
  }
  if (claimed === '') return undefined; // XEP-0398 §4: the client's own word that there is none
  const tell = (mark: PhotoMark | undefined): undefined => {
    if (mark === undefined && update === undefined) return;
    // What only contacts may see is not pointed at for others.
    if (directed && mark?.audience === 'contacts') return;
    const hash = mark?.hash ?? '';
    if (claimed === hash) return;
    removeChildren(stanza.element, isUpdate);
    stanza.element.append(el('x', { xmlns: NS.vcardUpdate }, el('photo', {}, hash)));
  };
  const mark = host.house.stores.profiles.mark(session.account.id);
  return mark instanceof Promise ? mark.then(tell) : tell(mark);
}

/** Who is here with an old photo is here with the new one: their presence is sent again as if they had sent it. */
async function announce(host: Host, declined: WeakSet<Session>, { local, domain }: Account): Promise<void> {
  for (const session of host.sessions.of(makeJid(local, domain).bare)) {
    if (session.available === undefined || declined.has(session)) continue;
    const element = clone(session.available.element);
    removeChildren(element, isUpdate);
    await host.receive(session, element);
  }
}
