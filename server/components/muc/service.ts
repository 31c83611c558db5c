import type { RunningComponent } from '../../host/component.ts';
import { payloadOf } from '../../host/iq.ts';
import type { Keeping } from '../../host/keeping.ts';
import type { Ledger } from '../../host/ledger.ts';
import type { RoomAdministration } from '../../host/room-administration.ts';
import type { Capabilities } from '../../xmpp/caps.ts';
import type { Element } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { resultFor, Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Service } from '../service.ts';
import { Administration } from './administration.ts';
import { bounced } from './bounce.ts';
import type { Talk } from './feature.ts';
import { keeping } from './going-on.ts';
import { movement } from './movement.ts';
import { toOccupant } from './private.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { sweep } from './temporary.ts';
import { Turns } from './turns.ts';

/** What is at `conference.DOMAIN`: the service itself, its rooms, and those who are in them. */
export class RoomService implements RunningComponent {
  readonly rooms: Rooms;
  readonly administration: RoomAdministration;
  readonly keeps: Keeping;
  /** Answers what is for the service itself. */
  readonly #front: Service;
  #stopped = false;
  readonly #turns = new Turns();

  constructor(rooms: Rooms, front: Service) {
    this.rooms = rooms;
    this.administration = new Administration(rooms, () => this.listed);
    this.keeps = keeping(rooms);
    this.#front = front;
  }

  get title(): string {
    return this.#front.title;
  }

  get listed(): boolean {
    return this.#front.listed;
  }

  get capabilities(): Capabilities {
    return this.#front.capabilities;
  }

  /** Takes a stanza for the service, a room or an occupant. Throws StanzaError when it is refused. */
  accept(stanza: Stanza, ledger: Ledger): void | Promise<void> {
    const { local } = stanza.to!;
    if (local === '') return this.#front.accept(stanza, ledger);
    if (this.#stopped || !this.listed) throw new StanzaError('service-unavailable');
    return this.#turns.run(() => {
      const room = this.rooms.inUse.get(local);
      return room instanceof Promise ? this.#takeLate(room, stanza, ledger) : this.#take(room, stanza, ledger);
    });
  }

  async #takeLate(loading: Promise<Room | undefined>, stanza: Stanza, ledger: Ledger): Promise<void> {
    const loaded = await loading;
    const room = this.rooms.inUse.current(stanza.to!.local) ?? loaded; // somebody may have made it meanwhile
    try {
      await this.#turns.run(() => this.#take(room, stanza, ledger));
    } finally {
      if (room !== undefined) this.rooms.inUse.leaveAlone(room); // who only asks keeps no room in use
    }
  }

  tidy(): void {
    const { log } = this.rooms.host.house;
    sweep(this.rooms).catch((error: unknown) => log.error({ err: error }, 'temporary rooms could not be removed'));
  }

  lost(domain: string): void {
    this.rooms.ghosts.of(domain);
  }

  behind({ local, resource }: Jid): string | undefined {
    const bare = this.rooms.inUse.current(local)?.occupants.get(resource)?.bare;
    return bare !== undefined && this.rooms.isOurs(bare) ? bare : undefined;
  }

  async stop(goingOn: ReadonlySet<string>): Promise<void> {
    this.#stopped = true;
    await this.rooms.stop(goingOn);
  }

  #take(room: Room | undefined, stanza: Stanza, ledger: Ledger): void | Promise<void> {
    if (room?.destroyed === true) return this.#afterEnd(room, stanza, ledger);
    if (stanza.kind === 'presence') return movement(this.rooms, room, stanza);
    if (room === undefined) return stanza.mayBeAnswered ? this.#isAbsent(stanza) : undefined;
    return this.rooms.inUse.using(room, () => {
      if (stanza.to!.resource !== '') return toOccupant(this.rooms, room, stanza);
      return stanza.kind === 'iq' ? this.#answer(room, stanza, ledger) : this.#listen(room, stanza, ledger);
    });
  }

  /** The room is being taken down: what is said to it is said to whatever has its name then. */
  async #afterEnd(room: Room, stanza: Stanza, ledger: Ledger): Promise<void> {
    await room.changing(async () => {});
    await this.accept(stanza, ledger);
  }

  async #isAbsent({ from, to }: Stanza): Promise<never> {
    throw await this.rooms.absence(to!.local, from);
  }

  #answer(room: Room, stanza: Stanza, ledger: Ledger): void | Promise<void> {
    if (!stanza.mayBeAnswered) return;
    const payload = payloadOf(stanza);
    const handle = this.rooms.handlerOf(stanza.type, payload.name, payload.attrs.xmlns ?? '');
    if (handle === undefined) throw new StanzaError('service-unavailable');
    const { from } = stanza;
    const occupant = room.clients.get(from.full);
    const affiliation = room.affiliationOf(from);
    let answered = false;
    // By the way of all that a room sends: an answer comes after what belongs to it.
    const reply = (payload: Element | undefined): void => {
      if (!answered) room.send(resultFor(stanza, stanza.to!, payload));
      answered = true;
    };
    const answer = () => reply(undefined);
    const result = handle({ room, stanza, payload, from, affiliation, occupant, ledger, answer });
    return result instanceof Promise ? result.then(reply) : reply(result);
  }

  #listen(room: Room, stanza: Stanza, ledger: Ledger): void | Promise<void> {
    const { from, type } = stanza;
    const occupant = room.clients.get(from.full);
    if (type === 'error') return bounced(this.rooms, room, occupant, stanza);
    if (type === 'groupchat') {
      if (occupant === undefined) throw new StanzaError('not-acceptable', 'You are not in this room.'); // §7.4
      const said = new Stanza(stanza.element, occupant.jid, undefined);
      const talk: Talk = { room, stanza, occupant, ledger, said, archiveId: 0 };
      const done = this.rooms.groupchat.run(talk);
      return done instanceof Promise ? done.then(() => undefined) : undefined;
    }
    const note = { room, stanza, from, affiliation: room.affiliationOf(from), occupant, ledger };
    for (const { note: take } of this.rooms.wirings) {
      const taken = take?.(note);
      if (taken instanceof Promise) return taken.then(() => undefined);
      if (taken === true) return;
    }
    throw new StanzaError('bad-request', 'A room reads messages of the type groupchat.');
  }
}
