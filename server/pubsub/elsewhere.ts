import { LRUCache } from 'lru-cache';
import type { Account } from '../storage/stores/accounts.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { capsOnly } from './interests.ts';

/** Devices of contacts at other domains that are remembered; the longest silent are forgotten first. */
const DEVICES = 20_000;
/** Devices of one contact. */
const DEVICES_EACH = 20;

/** A device of a contact at another domain, as far as its presence tells. */
export class Elsewhere {
  readonly jid: Jid;
  /** What its last available presence said of its capabilities. */
  lastPresence: Stanza | undefined;
  /** The accounts of ours that it has sent presence to, by bare address. */
  readonly accounts = new Map<string, Account>();

  constructor(jid: Jid) {
    this.jid = jid;
  }
}

/** Who of other domains is there, for accounts of ours that they are contacts of (XEP-0060 §9.2). */
export class Visitors {
  readonly #devices: LRUCache<string, Elsewhere>;
  readonly #byBare = new Map<string, Set<Elsewhere>>();
  readonly #left: (device: Elsewhere) => void;

  /** `left` is told of devices that are not there any more, or forgotten. */
  constructor(left: (device: Elsewhere) => void) {
    this.#left = left;
    this.#devices = new LRUCache({ max: DEVICES, dispose: (device) => this.#forget(device) });
  }

  /** The devices of a bare address that have sent presence to an account. */
  *of(bare: string, account: string): Iterable<Elsewhere> {
    for (const device of this.#byBare.get(bare) ?? []) if (device.accounts.has(account)) yield device;
  }

  /** Presence has come for an account; gives the device, and whether it is new to the account; undefined for one too many. */
  came(stanza: Stanza, account: Account): { device: Elsewhere; initial: boolean } | undefined {
    const { from, to } = stanza;
    let device = this.#devices.get(from.full);
    if (device === undefined) {
      const all = this.#byBare.get(from.bare) ?? new Set();
      if (all.size >= DEVICES_EACH) return undefined;
      device = new Elsewhere(from);
      this.#byBare.set(from.bare, all.add(device));
      this.#devices.set(from.full, device);
    }
    const initial = !device.accounts.has(to!.bare);
    device.lastPresence = capsOnly(stanza);
    device.accounts.set(to!.bare, account);
    return { device, initial };
  }

  /** A device said goodbye to an account. */
  went({ from, to }: Stanza): void {
    const device = this.#devices.get(from.full);
    if (device?.accounts.delete(to!.bare) && device.accounts.size === 0) this.#devices.delete(from.full);
  }

  #forget(device: Elsewhere): void {
    device.lastPresence = undefined;
    const all = this.#byBare.get(device.jid.bare);
    all?.delete(device);
    if (all?.size === 0) this.#byBare.delete(device.jid.bare);
    this.#left(device);
  }
}
