import type { Host } from '../../host/host.ts';
import { chatAdmins } from '../../storage/stores/chat-admins.ts';
import type { RoomConfig } from '../../storage/stores/rooms.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { STANDARD } from './config.ts';
import type { Room } from './room.ts';
import {
  historyOption,
  isLike,
  makersOption,
  namesOption,
  newMembersOnlyOption,
  newPublicOption,
  perDomainOption,
  perPersonOption,
  reservedOption,
} from './rules.ts';

/** Rooms that one person has begun and not finished. */
const UNFINISHED_EACH = 5;
const UNFINISHED = 1_000;
/** A room that nobody finished within this time is given up (XEP-0045 §10.1.1, §14.6). */
const PATIENCE_MS = 30 * 60 * 1_000;
/** Rooms that one person makes one after the other, and in the long run. */
const RATE = { capacity: 20, perSecond: 1 / 10, keys: 10_000 };

/** Who may make which rooms (XEP-0045 §10.1.1, §14.6), and what a new room is like. */
export class Creation {
  readonly #host: Host;
  readonly #service: string;
  readonly #rate = new TokenBuckets(RATE);
  /** Rooms that are their maker's alone still, each with the clock that ends it. */
  readonly #unfinished = new Map<Room, NodeJS.Timeout>();

  constructor(host: Host, service: string) {
    this.#host = host;
    this.#service = service;
  }

  /** What a room is like of which nobody said anything. */
  standard(): RoomConfig {
    const host = this.#host;
    return {
      ...STANDARD,
      public: host.option(newPublicOption),
      membersOnly: host.option(newMembersOnlyOption),
      historyLength: Math.min(STANDARD.historyLength, host.option(historyOption)),
    };
  }

  /** Throws StanzaError for who may not make a room of this name (§10.1.1: not-allowed), or not now. */
  async check(name: string, owner: Jid): Promise<void> {
    const host = this.#host;
    if (owner.domain !== host.domain || owner.local === '') throw refusal('You may not make rooms here.');
    const makers = host.option(makersOption);
    if (makers === 'nobody') throw refusal('Rooms are made by the administrators of this server.');
    if (!(await this.#administers(owner))) {
      if (makers === 'administrators') throw refusal('Rooms are made by the administrators of this server.');
      this.#checkName(name);
      await this.#checkNumber(owner);
    }
    await this.#checkSpace();
    // Last, so that a refusal takes nothing.
    const wait = this.#rate.take(owner.bare);
    if (wait > 0) throw tooMany(`You make too many rooms. Please wait ${Math.ceil(wait / 1_000)} seconds.`);
  }

  /** A room was begun; unless it is ended before, `giveUp` is called after half an hour. */
  begun(room: Room, giveUp: () => void): void {
    this.#unfinished.set(room, setTimeout(giveUp, PATIENCE_MS).unref());
  }

  /** A room is finished, or gone. */
  ended(room: Room): void {
    clearTimeout(this.#unfinished.get(room));
    this.#unfinished.delete(room);
  }

  async #administers(who: Jid): Promise<boolean> {
    const { accounts, settings } = this.#host.house.stores;
    const account = await accounts.at(who.bare);
    return account !== undefined && (await chatAdmins(settings)).includes(account.id);
  }

  #checkName(name: string): void {
    const host = this.#host;
    const allowed = host.option(namesOption);
    if (allowed.length > 0 && !allowed.some((pattern) => isLike(name, pattern))) {
      throw refusal(`The addresses of rooms are like these here: ${allowed.slice(0, 10).join(', ')}.`);
    }
    if (host.option(reservedOption).some((pattern) => isLike(name, pattern))) {
      throw refusal('Only administrators make a room of this name.');
    }
  }

  async #checkNumber(owner: Jid): Promise<void> {
    const unfinished = [...this.#unfinished.keys()].filter(({ createdBy }) => createdBy === owner.bare).length;
    if (unfinished >= UNFINISHED_EACH) {
      throw tooMany('You have begun other rooms. Please finish making them first, or leave them.');
    }
    const most = this.#host.option(perPersonOption);
    const made = await this.#host.house.stores.rooms.countOf(this.#service, owner.bare);
    if (made + unfinished >= most) throw tooMany(`You have made ${made} rooms, and ${most} are allowed.`);
  }

  async #checkSpace(): Promise<void> {
    const most = this.#host.option(perDomainOption);
    if (this.#unfinished.size >= UNFINISHED) throw tooMany('Too many rooms are being made. Please try again later.');
    if ((await this.#host.house.stores.rooms.count(this.#service)) + this.#unfinished.size >= most) {
      throw tooMany('There are as many rooms here as this server allows.');
    }
  }
}

function refusal(text: string): StanzaError {
  return new StanzaError('not-allowed', text);
}

function tooMany(text: string): StanzaError {
  return new StanzaError('resource-constraint', text);
}
