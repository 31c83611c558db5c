import type { Json } from '../storage/stores/settings.ts';
import type { Session } from './session.ts';

/**
 * What a part of the house remembers of a session beside the session itself, for sessions that go on over a restart of the
 * server (docs/decisions/0029-sessions-over-a-restart.md).
 */
export interface Keeping {
  /** What is to be written down of it; undefined for nothing. */
  of(session: Session): Json | undefined;
  /** It is there again, and waits for its client; `kept` is what `of` gave, perhaps that of an older release. */
  back(session: Session, kept: Json): void | Promise<void>;
}
