import type { RoomRole } from '../../storage/stores/rooms.ts';
import type { Element } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import type { Stanza } from '../../xmpp/stanza.ts';

/** One device of an occupant. */
export interface Client {
  /** Its full address. */
  readonly jid: Jid;
  /** What its last presence said, without what only the room says. */
  presence: readonly Element[];
  /** It could not be reached, and is about to be let out. */
  lost?: boolean;
}

/** Somebody in a room, with one nickname and however many devices (XEP-0045 §1.1). */
export class Occupant {
  /** In the room: `room@service/nick`. */
  jid: Jid;
  /** The bare address of the person. */
  readonly bare: string;
  /** The same as long as the room lives, whatever the nickname (XEP-0421). */
  readonly id: string;
  role: RoomRole;
  /** By full address; the last one is that whose presence is shown. */
  readonly clients = new Map<string, Client>();
  /** The presence that the others see, by whether they see addresses; made when first wanted. */
  shown: { open: Stanza | undefined; masked: Stanza | undefined } = { open: undefined, masked: undefined };

  constructor(jid: Jid, bare: string, id: string, role: RoomRole) {
    this.jid = jid;
    this.bare = bare;
    this.id = id;
    this.role = role;
  }

  get nick(): string {
    return this.jid.resource;
  }

  /** A device of theirs, in already or not, says how they are: it is the one that is shown from now on. */
  shows(jid: Jid, presence: readonly Element[]): void {
    this.clients.delete(jid.full);
    this.clients.set(jid.full, { jid, presence });
    this.shown = { open: undefined, masked: undefined };
  }

  /** The device whose presence is shown. There is always one, until the occupant has left. */
  get front(): Client {
    let last: Client | undefined;
    for (const client of this.clients.values()) last = client;
    return last!;
  }
}
