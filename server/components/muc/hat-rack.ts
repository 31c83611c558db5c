import { createHash } from 'node:crypto';
import type { RoomHat, WornHat } from '../../storage/stores/room-hats.ts';
import { type Element, el } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';

/** The hats of a room, and whose they are: as in the store. */
export class HatRack {
  readonly #hats = new Map<string, RoomHat>();
  /** By bare address. */
  readonly #worn = new Map<string, Set<string>>();

  get all(): IterableIterator<RoomHat> {
    return this.#hats.values();
  }

  get size(): number {
    return this.#hats.size;
  }

  /** Hats that are worn, all together: one that two wear counts twice. */
  get wornInAll(): number {
    let number = 0;
    for (const { size } of this.#worn.values()) number += size;
    return number;
  }

  *worn(): Generator<WornHat> {
    for (const [jid, uris] of this.#worn) for (const uri of uris) yield { jid, uri };
  }

  hang(hats: readonly RoomHat[], worn: readonly WornHat[]): void {
    for (const hat of hats) this.put(hat);
    for (const one of worn) this.assign(one);
  }

  get(uri: string): RoomHat | undefined {
    return this.#hats.get(uri);
  }

  put(hat: RoomHat): void {
    this.#hats.set(hat.uri, hat);
  }

  /** XEP-0317 §3.3: taken off all who wear it. */
  remove(uri: string): void {
    this.#hats.delete(uri);
    for (const jid of [...this.#worn.keys()]) this.unassign({ jid, uri });
  }

  assign({ jid, uri }: WornHat): void {
    const worn = this.#worn.get(jid);
    if (worn === undefined) this.#worn.set(jid, new Set([uri]));
    else worn.add(uri);
  }

  unassign({ jid, uri }: WornHat): void {
    const worn = this.#worn.get(jid);
    if (worn?.delete(uri) === true && worn.size === 0) this.#worn.delete(jid);
  }

  takeOff(bare: string): void {
    this.#worn.delete(bare);
  }

  wornBy(bare: string): ReadonlySet<string> {
    return this.#worn.get(bare) ?? NONE;
  }

  /** What presence says of somebody (§3.1), undefined for who has no hat. */
  shownOf(bare: string): Element | undefined {
    const worn = this.#worn.get(bare);
    if (worn === undefined) return undefined;
    const hats = [...worn].flatMap((uri) => this.#hats.get(uri) ?? []);
    return el(
      'hats',
      { xmlns: NS.hats },
      ...hats.map(({ uri, title, hue }) => el('hat', { title, uri, hue: hue === '' ? undefined : hue })),
    );
  }

  /** §2: another one whenever there are other hats. */
  get hash(): string {
    return createHash('sha256')
      .update(JSON.stringify([...this.#hats.values()]))
      .digest('hex');
  }
}

const NONE: ReadonlySet<string> = new Set();
