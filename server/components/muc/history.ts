import { delay } from '../../xmpp/delay.ts';
import { clone } from '../../xmpp/element.ts';
import { Stanza } from '../../xmpp/stanza.ts';

/** Messages, and characters of them, that a room remembers for newcomers at most. */
export const LONGEST_HISTORY = 100;
const CHARACTERS = 400_000;

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

  /** Oldest first. */
  get items(): readonly Remembered[] {
    return this.#items;
  }

  /** Adds the newest one and forgets what is too much; `length` is how many the room wants. */
  add(item: Remembered, length: number): void {
    this.#items.push(item);
    this.#characters += item.said.text.length;
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
