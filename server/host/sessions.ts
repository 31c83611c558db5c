import type { Jid } from '../xmpp/jid.ts';
import type { Session } from './session.ts';

const NONE: readonly Session[] = [];

/** The sessions of one host, by account and resource. */
export class Sessions {
  readonly #byBare = new Map<string, Session[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** How many accounts have a session. */
  get accounts(): number {
    return this.#byBare.size;
  }

  /** All sessions of an account. Not to be kept across an `await`: it is the list itself. */
  of(bare: string): readonly Session[] {
    return this.#byBare.get(bare) ?? NONE;
  }

  get(jid: Jid): Session | undefined {
    for (const session of this.of(jid.bare)) if (session.jid.resource === jid.resource) return session;
    return undefined;
  }

  *all(): IterableIterator<Session> {
    for (const list of this.#byBare.values()) yield* list;
  }

  add(session: Session): void {
    const list = this.#byBare.get(session.jid.bare);
    if (list === undefined) this.#byBare.set(session.jid.bare, [session]);
    else list.push(session);
    this.#count++;
  }

  /** False when it was not there. */
  remove(session: Session): boolean {
    const list = this.#byBare.get(session.jid.bare);
    const at = list?.indexOf(session) ?? -1;
    if (list === undefined || at < 0) return false;
    if (list.length === 1) this.#byBare.delete(session.jid.bare);
    // A new list, so that a loop over the old one that ends sessions misses none.
    else this.#byBare.set(session.jid.bare, list.toSpliced(at, 1));
    this.#count--;
    return true;
  }
}
