import type { Account } from '../storage/stores/accounts.ts';
import type { Element } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Option } from './options.ts';
import type { Sent, Session } from './session.ts';

/** Every event of a host: what has happened, and cannot be stopped. */
export interface HostEvents {
  /** A resource was bound; `fromArchive` when its client reads there what it missed (XEP-0386 §3.2). */
  bound: { session: Session; fromArchive: boolean };
  /** A session that was there before the server was started anew is there again, and waits for its client. */
  survived: { session: Session };
  /** A session sent available presence (RFC 6121 §4.2, §4.4); `initial` when it was unavailable before. */
  available: { session: Session; initial: boolean };
  /**
   * A session takes what is for its account, from now on (`initial`) or perhaps with another priority: it sent available
   * presence, or is there unseen (XEP-0186).
   */
  listening: { session: Session; initial: boolean };
  /** A session is there unseen; `probe`: and wants to know who of its contacts is there. */
  unseen: { session: Session; probe: boolean };
  /** A session that was available is not any more, by its own presence or because it ended (§4.5). */
  unavailable: { session: Session; status: string };
  /**
   * A session's client does not show that it still gets what is sent to it: its connection was lost, or it does not answer
   * (XEP-0198). `unacked` is what it may not have got, oldest first. Until `reached` or `ended`, its outlet is `away`.
   */
  adrift: { session: Session; unacked: readonly Sent[] };
  /** Its client is there again. */
  reached: { session: Session };
  /** A session is gone, after `unavailable` if it was available. */
  ended: { session: Session };
  /** A contact may see an account's presence now, or not any more (§3.1.5, §3.2.2, §3.3.3). */
  shown: { account: Account; contact: string };
  hidden: { account: Account; contact: string };
  /** There is a new card of somebody in place of the old one (XEP-0054). `photoBefore` is the hash of its photo until now. */
  carded: { account: Account; photoBefore: string };
  /** Somebody has another photo, or none any more. */
  pictured: { account: Account };
  /** A client keeps another element, or none, under this name (XEP-0049). */
  kept: { account: Account; xmlns: string; name: string };
  /**
   * An item of an account's node is on disk (XEP-0060). `origin` is what the module gave that published it, undefined when a
   * client did. The payload belongs to others too: it is not to be changed, and cloned before it is put anywhere.
   */
  published: {
    account: Account;
    node: string;
    id: string;
    payload: Element | undefined;
    publisher: Jid;
    origin: string | undefined;
  };
  /** An item is gone, or with an `id` of undefined all items of the node. */
  retracted: { account: Account; node: string; id: string | undefined; origin: string | undefined };
  /** Somebody was blocked, and the items of the request say why (XEP-0377). */
  blocked: { account: Account; reported: readonly Element[] };
  /**
   * Somebody was spoken of in a room: `stanza` is the message as the room sent it. Their devices that are away are to be woken,
   * but for those in the room (`inside`, resources), which get it anyway.
   */
  mentioned: { account: Account; stanza: Stanza; inside: ReadonlySet<string> };
  /** An account was disabled: its sessions have ended, and nobody logs in to it until it is enabled. */
  disabled: { account: Account };
  /** An account was removed with all it had. */
  removed: { account: Account };
  /** An administrator decided something anew that holds for this host. */
  decided: { option: Option };
}

export type Handlers = { [Name in keyof HostEvents]?: (event: HostEvents[Name]) => void | Promise<void> };

/** Tells events to the handlers in the order of the modules. A handler that fails does not keep it from the others. */
export class Events {
  readonly #handlers: Handlers[] = [];
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  add(handlers: Handlers): void {
    this.#handlers.push(handlers);
  }

  emit<Name extends keyof HostEvents>(name: Name, event: HostEvents[Name]): void {
    for (const handlers of this.#handlers) {
      try {
        const done = handlers[name]?.(event);
        if (done instanceof Promise) done.catch(this.#failed);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
