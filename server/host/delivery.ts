import { insertLast } from '../xmpp/element.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Arrival } from './flow.ts';
import { isMissed } from './hints.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

const NOBODY: readonly Session[] = [];

/** The sessions that a message or presence for an account goes to (RFC 6121 §8.5.2, §8.5.3). */
export function recipientsOf(stanza: Stanza, sessions: Sessions): readonly Session[] {
  const to = stanza.to!;
  if (to.resource !== '') {
    const session = sessions.get(to);
    if (session !== undefined) return [session];
    if (stanza.kind !== 'message' || stanza.type !== 'chat') return NOBODY;
    // §8.5.3.2.1: a chat message for a device that has left is for its owner.
  }
  const all = sessions.of(to.bare);
  if (stanza.kind === 'presence') return all.filter((session) => session.listens);
  if (stanza.kind === 'iq' || stanza.type === 'groupchat' || stanza.type === 'error') return NOBODY;
  const [first] = all;
  if (all.length === 1 && first!.listens && first!.priority >= 0) return all;
  return all.filter((session) => session.listens && session.priority >= 0); // §8.5.2.1.1
}

/** For a message that several devices of a person were given: how many of them have not failed to take it. */
const takers = new WeakMap<Stanza, number>();

/** A message as it would have been delivered, of which a device got a copy. */
interface Original {
  readonly stanza: Stanza;
  readonly text: string;
}
const originals = new WeakMap<Stanza, Original>();

/** Another device than the recipients gets `copy` of a message (XEP-0280): it has the message, too. Before `deliver`. */
export function isCopy(copy: Stanza, of: Original): void {
  originals.set(copy, of);
  takers.set(of.stanza, (takers.get(of.stanza) ?? 0) + 1);
}

/** What is known of a stanza that some devices were given, to go over a restart of the server with it. */
export interface Fate {
  /** How many devices were given it and have not failed, where that is more than one. */
  readonly takers: number | undefined;
  readonly original: Original | undefined;
}

export function fateOf(stanza: Stanza): Fate {
  return { takers: takers.get(stanza), original: originals.get(stanza) };
}

export function setFate(stanza: Stanza, { takers: given, original }: Fate): void {
  if (given !== undefined) takers.set(stanza, given);
  if (original !== undefined) originals.set(stanza, original);
}

/** What a stanza is a copy of. */
export function originalOf(copy: Stanza): Original | undefined {
  return originals.get(copy);
}

/**
 * To be called by each recipient that ends before it has taken a message. True for the last one: all others failed, too, so
 * the message must go another way. While any of them has it, or may yet, the person would get it twice.
 */
export function lastToFail(message: Stanza): boolean {
  const left = (takers.get(message) ?? 1) - 1;
  if (left > 0) takers.set(message, left);
  else takers.delete(message);
  return left <= 0;
}

/** The last step of the stage `deliver`, for messages and presence. */
export function deliver(arrival: Arrival): 'stop' | undefined {
  const { recipients, stanza, extra } = arrival;
  if (recipients.length === 0) return undefined;
  if (stanza.kind === 'message') {
    const all = recipients.length + (takers.get(stanza) ?? 0);
    if (all > 1) takers.set(stanza, all);
  }
  const text = extra === '' ? stanza.text : insertLast(stanza.text, extra);
  for (const session of recipients) session.deliver(stanza, text);
  return 'stop';
}

/**
 * What becomes of a message or presence that nobody took (§8.5.2.2, §8.5.3.2). Throws StanzaError for what must bounce;
 * without a text, so that nobody away, nobody of that name and somebody who has blocked the sender all read alike.
 */
export function undelivered(stanza: Stanza): void {
  if (isMissed(stanza)) throw new StanzaError('service-unavailable');
}

/** The same for an account that does not exist (§8.5.1); it reads like one where nobody is there. */
export function noSuchAccount(stanza: Stanza): void {
  if (stanza.kind === 'iq' ? stanza.mayBeAnswered : isMissed(stanza)) throw new StanzaError('service-unavailable');
}
