import type { Settings } from '../storage/stores/settings.ts';

const KEY = 'authority.unseen';

/**
 * Whether nobody can have the certificate of the house's own authority yet: it was made here, and never handed out. Until then it may
 * be made anew for fewer names. Afterwards it is only ever widened: who has the wide one would keep it all the same, and find that its
 * fingerprint is not the one that the house shows. A house from before this was kept counts as one that has handed it out.
 */
export class Unseen {
  readonly #settings: Pick<Settings, 'get' | 'set' | 'remove'>;

  constructor(settings: Pick<Settings, 'get' | 'set' | 'remove'>) {
    this.#settings = settings;
  }

  async holds(): Promise<boolean> {
    return (await this.#settings.get(KEY)) !== undefined;
  }

  /** A new authority is about to be stored. */
  async begin(): Promise<void> {
    await this.#settings.set(KEY, true);
  }

  /** It is about to be handed out. */
  async end(): Promise<void> {
    if (await this.holds()) await this.#settings.remove(KEY);
  }
}
