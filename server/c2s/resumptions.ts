import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ClientOutlet } from './client-outlet.ts';
import { Unacknowledged } from './unacknowledged.ts';

/** How long a session waits for its client to come back, in seconds (XEP-0198 §5: told to the client as `max`). */
export const RESUME_SECONDS = 300;
/** Sessions that may wait at once; beyond, the longest waiting ends. */
const WAITING_LIMIT = 50_000;

/** What a token is known by: who reads what the server keeps cannot take up anybody's session. */
export const tokenKey = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** What is kept for clients: sessions that can be taken up again (XEP-0198 §5), by the key of the token that their client was given. */
export class Resumptions {
  readonly #byKey = new Map<string, ClientOutlet>();
  readonly #waiting: LRUCache<string, ClientOutlet>;
  /** How many stanzas had been handled for sessions that are gone, so that a late client knows what to send again. */
  readonly #gone = new LRUCache<string, { bare: string; handled: number }>({ max: 10_000 });

  readonly #thawed = new Map<ClientOutlet, () => void>();
  readonly #unacknowledged = new Map<number, Unacknowledged>();

  constructor(seconds = RESUME_SECONDS) {
    this.#waiting = new LRUCache({
      max: WAITING_LIMIT,
      ttl: seconds * 1_000,
      ttlAutopurge: true,
      dispose: (outlet, _key, reason) => {
        if (reason === 'expire' || reason === 'evict') outlet.finish();
      },
    });
  }

  /** One more client of an account has agreed to acknowledge; gives what waits for all of them. */
  join(outlet: ClientOutlet): Unacknowledged {
    const { id } = outlet.session.account;
    const all = this.#unacknowledged.get(id) ?? new Unacknowledged();
    this.#unacknowledged.set(id, all);
    all.outlets.add(outlet);
    return all;
  }

  /** A client is gone, and nothing waits for it any more. */
  leave(outlet: ClientOutlet): void {
    const { id } = outlet.session.account;
    const all = this.#unacknowledged.get(id);
    all?.outlets.delete(outlet);
    if (all?.outlets.size === 0) this.#unacknowledged.delete(id);
  }

  offer(outlet: ClientOutlet): void {
    this.#byKey.set(outlet.key, outlet);
  }

  /** The session of a token, if it is this account's (SECURITY: a token is of no use to anybody else). */
  find(token: string, bare: string): ClientOutlet | undefined {
    const outlet = this.#byKey.get(tokenKey(token));
    return outlet !== undefined && outlet.session.jid.bare === bare ? outlet : undefined;
  }

  /** For a session that is gone: how many of its stanzas had been handled. */
  handledBefore(token: string, bare: string): number | undefined {
    const gone = this.#gone.get(tokenKey(token));
    return gone?.bare === bare ? gone.handled : undefined;
  }

  wait(outlet: ClientOutlet): void {
    this.#waiting.set(outlet.key, outlet);
  }

  resumed(outlet: ClientOutlet): void {
    this.#waiting.delete(outlet.key);
    this.#settled(outlet);
  }

  /** `settled` is called once it is known what becomes of a session that was thawed: its client came, or it is over. */
  whenSettled(outlet: ClientOutlet, settled: () => void): void {
    this.#thawed.set(outlet, settled);
  }

  /** Nobody is waited for any more: the sessions are somebody else's. */
  close(): void {
    this.#waiting.clear();
    this.#byKey.clear();
  }

  forget(outlet: ClientOutlet): void {
    this.#byKey.delete(outlet.key);
    this.#waiting.delete(outlet.key);
    this.#settled(outlet);
    this.#gone.set(outlet.key, { bare: outlet.session.jid.bare, handled: outlet.handled });
  }

  #settled(outlet: ClientOutlet): void {
    this.#thawed.get(outlet)?.();
    this.#thawed.delete(outlet);
  }
}
