import type { House } from '../../host/house.ts';
import { Ledger } from '../../host/ledger.ts';
import { settle } from '../../host/settle.ts';
import type { Stanza } from '../../xmpp/stanza.ts';

/**
 * Sends what rooms say. One stanza to many is many to their recipients: each of them gets what is for them in the order in
 * which it was sent (RFC 6120 §10.1), though one may have to wait for the store on its way in.
 */
export class Outbox {
  readonly #house: House;
  readonly #refused: (stanza: Stanza, error: unknown) => void;
  /** By full address: the last of what is still on its way. */
  readonly #late = new Map<string, Promise<void>>();

  /** `refused` is told of what could not be delivered; it must not send at once. */
  constructor(house: House, refused: (stanza: Stanza, error: unknown) => void) {
    this.#house = house;
    this.#refused = refused;
  }

  send(stanza: Stanza): void {
    const late = this.#late.size === 0 ? undefined : this.#late.get(stanza.to!.full);
    if (late !== undefined) {
      this.#follow(
        stanza,
        late.then(() => this.#route(stanza)),
      );
      return;
    }
    const done = this.#route(stanza);
    if (done instanceof Promise) this.#follow(stanza, done);
  }

  #follow(stanza: Stanza, done: Promise<void>): void {
    const key = stanza.to!.full;
    this.#late.set(key, done);
    void done.then(() => {
      if (this.#late.get(key) === done) this.#late.delete(key);
    });
  }

  /** Writes what a private message leaves with who gets it: in their archive, for one. */
  #settle(stanza: Stanza, ledger: Ledger): void | Promise<void> {
    return settle(this.#house, stanza, ledger, () => {}); // that it failed is in the log
  }

  /** Never throws and never rejects. */
  #route(stanza: Stanza): void | Promise<void> {
    try {
      const ledger = new Ledger();
      const done = this.#house.router.route(stanza, ledger);
      if (done instanceof Promise)
        return done.then(() => this.#settle(stanza, ledger)).catch((error: unknown) => this.#refused(stanza, error));
      // Most of what a room says leaves nothing: its archive has it already.
      if (ledger.entries.length + ledger.statements.length + ledger.after.length > 0)
        return this.#settle(stanza, ledger);
    } catch (error) {
      this.#refused(stanza, error);
    }
  }
}
