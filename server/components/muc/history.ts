import { delay } from '../../xmpp/delay.ts';
import { clone } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { setsSubject } from './subject.ts';

/** Messages, and characters of them, that a room remembers for newcomers at most. */
export const LONGEST_HISTORY = 100;
const CHARACTERS = 400_000;

/** What says how somebody gets on with reading or writing, or is only about the message itself. */
const ASIDE: ReadonlySet<string> = new Set([
  NS.sid,
  NS.occupantId,
  NS.hints,
  NS.receipts,
  NS.chatMarkers,
  NS.chatStates,
]);

/** Whether newcomers are told of a message: the subject they get apart, and who has read what they need not know. */
export function isTold(said: Stanza): boolean {
  if (setsSubject(said)) return false;
  return said.element.children.some(
    (node) => typeof node !== 'string' && node.name !== 'thread' && !ASIDE.has(node.attrs.xmlns ?? ''),
  );
}

/** A message as the room sent it, and when. */
export class Remembered {
  /** The id in the archive, or 0. */
  readonly id: number;
  /** ms since 1970 */
  readonly at: number;
  readonly said: Stanza;
  #late: Stanza | undefined;

  constructor(id: number, at: number, said: Stanza) {
    this.id = id;
    this.at = at;
    this.said = said;
  }

  /** The message as newcomers get it (XEP-0045 §7.2.14), serialised once for all of them. */
  get late(): Stanza {
    if (this.#late === undefined) {
      const element = clone(this.said.element);
      const stamp = delay(this.said.from.bare, this.at);
      stamp.parent = element;
      element.children.push(stamp);
      this.#late = new Stanza(element, this.said.from, undefined);
    }
    return this.#late;
  }
}

/** The last messages of a room, kept at hand: entering asks the store for nothing. */
export class History {
  #items: Remembered[] = [];
  #characters = 0;
  #hidden = 0;

  /** Oldest first. */
  get items(): readonly Remembered[] {
    return this.#items;
  }

  /** What newcomers may be told of it. */
  get shown(): readonly Remembered[] {
    return this.#hidden === 0 ? this.#items : this.#items.filter(({ id }) => id > this.#hidden);
  }

  /** What was said so far is for moderators alone, who may have to take it away: newcomers are told nothing of it, ever. */
  hide(): void {
    this.#hidden = this.#items.at(-1)?.id ?? this.#hidden;
  }

  /** Adds the newest one and forgets what is too much; `length` is how many the room wants. */
  add(item: Remembered, length: number): void {
    this.#items.push(item);
    this.#characters += item.said.text.length;
    this.fit(length);
  }

  /** Forgets the oldest, if there are more than the room wants. */
  fit(length: number): void {
    while (this.#items.length > length || this.#characters > CHARACTERS) {
      const gone = this.#items.shift();
      if (gone === undefined) break;
      this.#characters -= gone.said.text.length;
    }
  }

  /** Puts another message in the place of one, or with undefined none. */
  replace(id: number, said: Stanza | undefined): void {
    this.#items = this.#items.flatMap((item) => {
      if (item.id !== id) return [item];
      return said === undefined ? [] : [new Remembered(id, item.at, said)];
    });
    this.#characters = this.#items.reduce((sum, { said: { text } }) => sum + text.length, 0);
  }
}
