import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Transfer } from '../../host/transfers.ts';
import { Meeting, Side } from './meeting.ts';

/** How long a connection has to itself, in ms; after it, where it is full, it makes way while it is alone. */
const UNDISTURBED = 3_000;
/** The same for two who have met: the word to go comes at once, or it is not to come. */
const UNDISTURBED_PAIR = 10_000;

export interface WaitingLimits {
  /** For the whole handshake, in ms. */
  readonly handshakeMs: number;
  /** For the other to come, and then again for the activation, in ms. */
  readonly waitMs: number;
  /** Connections that belong to no transfer yet: in all, and from one address (an IPv6 /64). */
  readonly most: number;
  readonly perAddress: number;
}

/** All that is connected and not relayed: in its handshake, or waiting for the other side or for the activation. */
export class Waiting {
  readonly #limits: WaitingLimits;
  /** In the order in which they came. */
  readonly #sides = new Set<Side>();
  readonly #perGroup = new Map<string, number>();
  readonly #meetings = new Map<string, Meeting>();

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#sides.size;
  }

  /** Takes a connection in, whose handshake begins; undefined when there is no place for it. */
  enter(socket: Socket): Side | undefined {
    const side = new Side(socket);
    const { group } = side;
    if (group === '' || !this.#hasRoom(group)) return undefined;
    this.#sides.add(side);
    this.#perGroup.set(group, (this.#perGroup.get(group) ?? 0) + 1);
    side.timer = setTimeout(() => socket.destroy(), this.#limits.handshakeMs);
    socket.once('close', () => this.#leave(side));
    return side;
  }

  /** Its handshake is done. False when two are there already (XEP-0065 §10.1: only one target). */
  join(side: Side, hash: string): boolean {
    let meeting = this.#meetings.get(hash);
    if (meeting !== undefined && meeting.sides.length === 2) return false;
    if (meeting === undefined) {
      meeting = new Meeting(randomBytes(9).toString('base64url'), hash);
      this.#meetings.set(hash, meeting);
    }
    clearTimeout(side.timer);
    side.meeting = meeting;
    meeting.sides.push(side);
    if (meeting.sides.length === 2) meeting.metAt = Date.now();
    clearTimeout(meeting.timer);
    meeting.timer = setTimeout(disperse, this.#limits.waitMs, meeting);
    return true;
  }

  /** Who waits under this hash. */
  find(hash: string): Meeting | undefined {
    return this.#meetings.get(hash);
  }

  /** Lets two go on to their transfer. Gives their sockets, which are followed here no more. */
  release(meeting: Meeting): Socket[] {
    const sides = [...meeting.sides];
    for (const side of sides) this.#leave(side);
    return sides.map((side) => side.release());
  }

  list(): Transfer[] {
    return [...this.#meetings.values()].map(({ id, since, sides }) => ({
      id,
      state: 'waiting',
      requester: undefined,
      target: undefined,
      since,
      sent: 0,
      received: 0,
      addresses: sides.map(({ address }) => address),
    }));
  }

  /** False when none has this id. */
  end(id: string): boolean {
    for (const meeting of this.#meetings.values()) {
      if (meeting.id !== id) continue;
      disperse(meeting);
      return true;
    }
    return false;
  }

  close(): void {
    for (const { socket } of this.#sides) socket.destroy();
  }

  /** Called once it is closed, too. */
  #leave(side: Side): void {
    if (!this.#sides.delete(side)) return;
    clearTimeout(side.timer);
    const left = this.#perGroup.get(side.group)! - 1;
    if (left === 0) this.#perGroup.delete(side.group);
    else this.#perGroup.set(side.group, left);
    const { meeting } = side;
    if (meeting === undefined) return;
    meeting.sides.splice(meeting.sides.indexOf(side), 1);
    if (meeting.sides.length > 0) return;
    clearTimeout(meeting.timer);
    this.#meetings.delete(meeting.hash);
  }

  /** Where it is full, who only waits makes way: else those would keep out all others of an office, or everybody. */
  #hasRoom(group: string): boolean {
    const { most, perAddress } = this.#limits;
    if ((this.#perGroup.get(group) ?? 0) >= perAddress) return this.#makeRoom(group);
    if (this.#sides.size < most) return true;
    let largest: readonly [string, number] = ['', 0];
    for (const entry of this.#perGroup) if (entry[1] > largest[1]) largest = entry;
    return this.#makeRoom(largest[0]);
  }

  #makeRoom(group: string): boolean {
    const now = Date.now();
    for (const side of this.#sides) {
      if (side.since > now - UNDISTURBED) return false;
      const { meeting } = side;
      const expected = meeting?.sides.length === 2 && meeting.metAt > now - UNDISTURBED_PAIR;
      if (side.group !== group || expected) continue;
      this.#leave(side);
      side.socket.destroy();
      return true;
    }
    return false;
  }
}

function disperse(meeting: Meeting): void {
  for (const { socket } of meeting.sides) socket.destroy();
}
