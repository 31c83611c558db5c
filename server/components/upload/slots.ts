import { randomBytes } from 'node:crypto';
import type { OptionValues } from '../../host/option-values.ts';
import type { FileFolder } from '../../storage/file-folder.ts';
import type { Stores } from '../../storage/stores/index.ts';
import { hashOf, type UploadPurpose } from '../../storage/stores/uploads.ts';
import { Fleeting } from './fleeting.ts';
import { checkSpace } from './space.ts';

/** How long somebody has to begin after asking, in ms (XEP-0363 §6: around 300 s). */
const BEGIN_MS = 300_000;
/** Slots not used yet, of one person and of all. */
const EACH = 50;
const ALL = 10_000;
/** Files that one person may be uploading at once: the places there are, are for everybody. */
const AT_ONCE_EACH = 20;

/** What somebody wants to upload. */
export interface Wish {
  /** Whose it will be (`Account.id`), and in which domain that is. */
  readonly account: number;
  readonly domain: string;
  readonly name: string;
  /** '' when it was not said */
  readonly type: string;
  readonly bytes: number;
  readonly purpose: UploadPurpose;
  /** ms since 1970 */
  readonly expiresAt: number | undefined;
}

/** The promise to take one file, once, and to show it under one link (XEP-0363 §4). */
export interface Slot extends Wish {
  /** The secret in the link by which the file is had. */
  readonly token: string;
  /** Until when the upload must have begun, ms since 1970. */
  readonly until: number;
  /** Somebody is uploading to it. */
  busy: boolean;
}

export interface SlotsOptions {
  readonly stores: Stores;
  readonly folder: FileFolder;
  readonly options: OptionValues;
  readonly now?: () => number;
}

/** What was promised and is not there yet. In memory only: who meets a restart asks for another slot. */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #now: () => number;
  /** By the hash of the secret that lets one upload. Oldest first. */
  readonly #slots = new Map<string, Slot>();
  readonly #fleeting = new Fleeting();

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Promises to take a file. Gives the secret that lets its owner upload it, and the one in its link. Throws StanzaError that
   * says which limit it would be over (§5).
   */
  async grant(wish: Wish): Promise<{ readonly put: string; readonly get: string }> {
    this.#tidy();
    const put = randomBytes(18).toString('base64url');
    const slot = { ...wish, token: randomBytes(18).toString('base64url'), until: this.#now() + BEGIN_MS, busy: false };
    // Promised before it is checked: of two that ask at once each must count the other.
    const key = hashOf(put);
    this.#slots.set(key, slot);
    try {
      const now = this.#now();
      const gone = this.#fleeting.bytes(wish.account, now);
      await checkSpace(slot, { ...this.#options, promised: this.#promised(wish.account), gone, now });
    } catch (error) {
      this.#slots.delete(key);
      throw error;
    }
    return { put, get: slot.token };
  }

  /**
   * The slot of a secret, to be uploaded to; undefined when there is none, or not any more; 'many' when its owner has to wait for
   * their other files. Whoever gets it calls `drop` or `retry`.
   */
  take(put: string): Slot | 'busy' | 'many' | undefined {
    const slot = this.#slots.get(hashOf(put));
    if (slot === undefined || (!slot.busy && slot.until < this.#now())) return undefined;
    if (slot.busy) return 'busy';
    let others = 0;
    for (const { account, busy } of this.#slots.values()) if (busy && account === slot.account) others++;
    if (others >= AT_ONCE_EACH) return 'many';
    slot.busy = true;
    return slot;
  }

  /** The upload failed: it may be tried again while there is time. */
  retry(slot: Slot): void {
    slot.busy = false;
  }

  /** The file is there. */
  drop(put: string): void {
    const key = hashOf(put);
    const { account, bytes, expiresAt } = this.#slots.get(key) ?? {};
    this.#slots.delete(key);
    if (expiresAt !== undefined) this.#fleeting.add(account!, bytes!, this.#now(), expiresAt);
  }

  /** What was promised and is not there yet: to one person, and to all. */
  #promised(account: number): Promised {
    const sum = { files: 0, bytes: 0, full: this.#slots.size > ALL, all: 0 };
    for (const slot of this.#slots.values()) {
      sum.all += slot.bytes;
      if (slot.account !== account) continue;
      sum.files++;
      sum.bytes += slot.bytes;
    }
    sum.full ||= sum.files > EACH;
    return sum;
  }

  #tidy(): void {
    const now = this.#now();
    for (const [key, slot] of this.#slots) if (!slot.busy && slot.until < now) this.#slots.delete(key);
  }
}

/** What was promised and is not there yet, the wish at hand among it. */
export interface Promised {
  /** Of the one who asks. */
  readonly files: number;
  readonly bytes: number;
  /** Bytes of everybody. */
  readonly all: number;
  /** There are too many. */
  readonly full: boolean;
}
