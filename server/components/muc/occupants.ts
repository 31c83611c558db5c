import { looksOf } from './looks.ts';
import type { Occupant } from './occupant.ts';

/** Who is in a room, by nickname; and whose nicknames look alike, so that nobody passes for somebody else. */
export class Occupants extends Map<string, Occupant> {
  /** More than one for a person with several names only. */
  readonly #byLooks = new Map<string, Set<Occupant>>();

  /** Somebody other than the person of this bare address who has this nickname, or one that looks like it. */
  alike(nick: string, bare: string | undefined): Occupant | undefined {
    for (const occupant of this.#byLooks.get(looksOf(nick)) ?? []) if (occupant.bare !== bare) return occupant;
    return undefined;
  }

  override set(nick: string, occupant: Occupant): this {
    this.delete(nick);
    const looks = looksOf(nick);
    const others = this.#byLooks.get(looks);
    if (others === undefined) this.#byLooks.set(looks, new Set([occupant]));
    else others.add(occupant);
    return super.set(nick, occupant);
  }

  override delete(nick: string): boolean {
    const occupant = this.get(nick);
    if (occupant === undefined) return false;
    const looks = looksOf(nick);
    const all = this.#byLooks.get(looks);
    all?.delete(occupant);
    if (all?.size === 0) this.#byLooks.delete(looks);
    return super.delete(nick);
  }

  override clear(): void {
    this.#byLooks.clear();
    super.clear();
  }
}
