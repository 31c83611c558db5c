import type { ClientOutlet } from './client-outlet.ts';

/** Characters that may wait for the acknowledgements of all clients of one account. */
const MOST = 32 * 1024 * 1024;

/** What waits for the clients of one account, all together: with many that never answer, one account could fill the memory. */
export class Unacknowledged {
  /** Characters. */
  size = 0;
  readonly outlets = new Set<ClientOutlet>();

  /** Where it is too much, the session for which most waits ends, and what waits for it goes another way. */
  relieve(): void {
    while (this.size > MOST) {
      const [worst] = [...this.outlets].sort((one, other) => other.unacked - one.unacked);
      if (worst === undefined) return;
      this.outlets.delete(worst); // whatever becomes of it, it is not the worst again
      worst.end('policy-violation', 'Too much is waiting for the acknowledgements of all your devices.');
    }
  }
}
