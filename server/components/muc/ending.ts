import type { RetiredRoom } from '../../storage/stores/retired-rooms.ts';
import { type Element, el } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { xmppUri } from '../../xmpp/uri.ts';
import type { Occupant } from './occupant.ts';
import { CODE } from './presence.ts';
import type { Room } from './room.ts';

/** What is said of a room that is destroyed (XEP-0045 §10.9). */
export interface Ending {
  readonly reason?: string;
  /** The address of the room to go to instead, and its password. */
  readonly alternate?: string;
  readonly password?: string;
  /** The bare address of who destroys it, '' for an administrator; undefined when it ends by itself, which leaves its name free. */
  readonly by?: string;
}

/** The one stanza that an occupant gets of it: they are out. */
export function ended(occupant: Occupant, ending: Ending): Stanza {
  return new Stanza(
    el(
      'presence',
      { type: 'unavailable' },
      el('occupant-id', { xmlns: NS.occupantId, id: occupant.id }),
      el(
        'x',
        { xmlns: NS.mucUser },
        el('item', { affiliation: 'none', role: 'none' }),
        destroyOf(ending),
        el('status', { code: CODE.self }),
      ),
    ),
    occupant.jid,
    undefined,
  );
}

export function destroyOf({ reason = '', alternate = '', password = '' }: Ending): Element {
  return el(
    'destroy',
    { jid: alternate === '' ? undefined : alternate },
    password !== '' && el('password', {}, password),
    reason !== '' && el('reason', {}, reason),
  );
}

/** What the name of a room says when the room is gone; undefined when anybody may have it. */
export function retirement(room: Room, { reason = '', alternate = '', by }: Ending): RetiredRoom | undefined {
  const { persistent, membersOnly, password, public: open } = room.config;
  if (by === undefined || (!persistent && alternate === '')) return undefined;
  const secret = membersOnly || password !== '' || !open;
  return { reason, alternate, retiredAt: Date.now(), retiredBy: by, secret };
}

/** What somebody is told who wants to go there; `told` says whether they may know more than that it is gone. */
export function goneError({ reason, alternate }: RetiredRoom, told: boolean): StanzaError {
  if (!told) return new StanzaError('gone', 'This room is closed.');
  const text = reason === '' ? 'This room is closed.' : `This room is closed: ${reason}`;
  const there = tryParseJid(alternate);
  return new StanzaError('gone', text, there && { address: xmppUri(there.local, there.domain, ['join']) });
}
