import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { payloadOf } from '../../host/iq.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { clone, type Element, el } from '../../xmpp/element.ts';
import { type Jid, parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { resultFor, Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { maskedAnswer } from './masking.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';

/** Requests under way in all rooms of a service, and how long an answer is waited for, in ms. */
const UNDER_WAY = 10_000;
const PATIENCE = 120_000;
/** Requests of one person, at once and in the long run: nobody pushes those of others out of what is remembered. */
const RATE = { capacity: 500, perSecond: 5, keys: 10_000 };

interface Asked {
  /** Who asked: the device, and the id that it gave. */
  readonly by: Jid;
  readonly id: string;
  /** Who was asked, by their name in the room, and the device that got it. */
  readonly as: Jid;
  readonly device: string;
  /** What may be shown of the answer. */
  readonly shown: ((payload: Element) => Element) | undefined;
}

/**
 * Requests from one occupant to the client of another, through the room, so that neither learns an address (XEP-0045 §17.3). Ids
 * are ours on the way: an answer that nobody asked for goes nowhere.
 */
export class Relay {
  readonly #rate = new TokenBuckets(RATE);
  readonly #asked = new LRUCache<string, Asked>({ max: UNDER_WAY, ttl: PATIENCE });

  ask(room: Room, sender: Occupant, target: Occupant, stanza: Stanza): void {
    if (sender === target && isPing(stanza)) {
      room.send(resultFor(stanza, stanza.to!, undefined)); // XEP-0410 §3.3
      return;
    }
    this.#ask(room, sender, target, stanza, target.front.jid);
  }

  /** Asks the account, not the device: for what servers answer. `shown` makes of the answer what the asker may know. */
  askAccount(
    room: Room,
    sender: Occupant,
    target: Occupant,
    stanza: Stanza,
    shown?: (payload: Element) => Element,
  ): void {
    this.#ask(room, sender, target, stanza, parseJid(target.bare), shown);
  }

  #ask(room: Room, sender: Occupant, target: Occupant, stanza: Stanza, to: Jid, shown?: Asked['shown']): void {
    if (this.#rate.take(stanza.from.bare) > 0) {
      throw new StanzaError('resource-constraint', 'You ask the people in rooms too much at once.', { type: 'wait' });
    }
    const id = randomBytes(12).toString('base64url');
    this.#asked.set(id, { by: stanza.from, id: stanza.id, as: target.jid, device: to.full, shown });
    const request = el('iq', { type: stanza.type, id }, clone(payloadOf(stanza)));
    room.send(new Stanza(request, sender.jid, to));
  }

  answered(room: Room, stanza: Stanza): void {
    const asked = this.#asked.get(stanza.id);
    if (asked === undefined || asked.device !== stanza.from.full) return;
    this.#asked.delete(stanza.id);
    const children = maskedAnswer(stanza);
    const { shown } = asked;
    const told = shown === undefined || stanza.type === 'error' ? children : children.map((one) => shown(one));
    const answer = el('iq', { type: stanza.type, id: asked.id }, ...told);
    room.send(new Stanza(answer, asked.as, asked.by));
  }

  /** A request could not be delivered, as when who was asked has blocked who asks: every one is answered (RFC 6120 §8.2.3). */
  refused(room: Room, { id }: Stanza): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    const error = new StanzaError('service-unavailable').toElement();
    room.send(new Stanza(el('iq', { type: 'error', id: asked.id }, error), asked.as, asked.by));
  }
}

function isPing(stanza: Stanza): boolean {
  const { name, attrs } = payloadOf(stanza);
  return stanza.type === 'get' && name === 'ping' && attrs.xmlns === NS.ping;
}
