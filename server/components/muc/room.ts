import { createHmac } from 'node:crypto';
import type {
  RoomAffiliation,
  RoomConfig,
  RoomMember,
  RoomRole,
  RoomSubject,
  StoredRoom,
} from '../../storage/stores/rooms.ts';
import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { type Jid, makeJid } from '../../xmpp/jid.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { firstRole } from './affiliations.ts';
import type { Former } from './former.ts';
import { HatRack } from './hat-rack.ts';
import { History } from './history.ts';
import { Members } from './members.ts';
import type { Occupant } from './occupant.ts';
import { Occupants } from './occupants.ts';

/** People whose voice is remembered after they have left. */
const VOICES = 2_000;

/** One room as it is now: its occupants are here only, the rest is in the store as well. */
export class Room {
  readonly jid: Jid;
  readonly id: number;
  readonly service: string;
  readonly name: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly secret: Uint8Array;
  config: RoomConfig;
  subject: RoomSubject | undefined;
  /** In the store, so open to others; until then it is its maker's alone (XEP-0045 §10.1.3). */
  stored: boolean;
  /** Nobody comes in any more. */
  destroyed = false;
  /** Requests that are under way. */
  uses = 0;
  /** By bare address; without those whose affiliation is none. Outcasts may be whole domains. */
  readonly members = new Members();
  /** By nickname. */
  readonly occupants = new Occupants();
  /** By the full address of a device. */
  readonly clients = new Map<string, Occupant>();
  readonly history = new History();
  readonly hats = new HatRack();
  readonly #changes = new KeyedMutex<''>();
  /**
   * By bare address: who was given voice or lost it, and is to find it so on coming back (§5.1). Only as long as the room is
   * in use.
   */
  readonly #voices = new Map<string, 'participant' | 'visitor'>();
  readonly #send: (stanza: Stanza) => void;
  readonly #former: Former;

  constructor(
    stored: StoredRoom,
    members: Iterable<RoomMember>,
    isStored: boolean,
    send: (stanza: Stanza) => void,
    former: Former,
  ) {
    this.id = stored.id;
    this.service = stored.service;
    this.name = stored.name;
    this.createdAt = stored.createdAt;
    this.createdBy = stored.createdBy;
    this.secret = stored.secret;
    this.config = stored.config;
    this.subject = stored.subject;
    this.jid = makeJid(stored.name, stored.service);
    this.stored = isStored;
    for (const member of members) this.members.put(member);
    this.#send = send;
    this.#former = former;
  }

  /** Nobody is in it or busy with it. */
  get empty(): boolean {
    return this.clients.size === 0 && this.uses === 0;
  }

  affiliationOf(who: Jid): RoomAffiliation {
    const own = this.members.get(who.bare)?.affiliation;
    if (own !== undefined && own !== 'none') return own;
    return this.members.get(who.domain)?.affiliation === 'outcast' ? 'outcast' : 'none';
  }

  /** Remembers that somebody was given voice or lost it; undefined: that their affiliation decides. */
  rememberVoice(bare: string, voice: 'participant' | 'visitor' | undefined): void {
    this.#voices.delete(bare);
    if (voice !== undefined) this.#voices.set(bare, voice);
    for (const [oldest] of this.#voices) {
      if (this.#voices.size <= VOICES) break;
      this.#voices.delete(oldest);
    }
  }

  /** The role with which somebody enters (§5.1.2), as a moderator may have changed it. */
  roleOnEntering(who: Jid): RoomRole {
    const usual = firstRole(this.affiliationOf(who), this.config);
    const voice = this.#voices.get(who.bare);
    if (usual === 'moderator' || voice === undefined) return usual;
    return voice === 'visitor' || this.config.moderated ? voice : usual;
  }

  /** XEP-0421: says nothing of who it is, and is the same whenever they come; not for who has their address after them. */
  occupantId(bare: string): string {
    return createHmac('sha256', this.secret).update(this.#former.whoIs(bare)).digest('base64url');
  }

  /** Whether somebody in the room sees the addresses of all (§5.1, whois). */
  seesAddresses(occupant: Occupant): boolean {
    return this.config.openAddresses || occupant.role === 'moderator';
  }

  /** Changes of what is in the store, one after the other. */
  changing<T>(task: () => Promise<T>): Promise<T> {
    return this.#changes.run('', task);
  }

  /** One stanza for one address. */
  send(stanza: Stanza): void {
    this.#send(stanza);
  }

  /** One stanza for all devices of an occupant. */
  tell(occupant: Occupant, stanza: Stanza): void {
    for (const { jid, lost } of occupant.clients.values()) if (lost !== true) this.#send(stanza.for(jid));
  }

  /** One stanza for everybody, or for those whom `wanted` lets have it; serialised once. */
  tellAll(stanza: Stanza, wanted?: (occupant: Occupant) => boolean): void {
    for (const occupant of this.occupants.values()) {
      if (wanted === undefined || wanted(occupant)) this.tell(occupant, stanza);
    }
  }
}
