import { answerBody } from './body.ts';

/** One HTTP request that waits for its answer. */
export interface Reply {
  answer(body: string): void;
  /** The connection it came by is gone. */
  readonly gone: boolean;
}

interface Held {
  readonly rid: number;
  reply: Reply;
  timer: NodeJS.Timeout;
}

/** Says that the same request has come again by another connection, and is answered there (XEP-0124 §14.3, §17.3). */
const ELSEWHERE = answerBody({ type: 'error' });

/** The requests of a session that are not answered yet, in order, and the last answers, should a client have lost one. */
export class Requests {
  readonly #held: Held[] = [];
  readonly #answers = new Map<number, string>();
  readonly #most: number;

  /** `most` answers are remembered. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get count(): number {
    return this.#held.length;
  }

  /** Whether any waits whose client is still there. */
  get alive(): boolean {
    return this.#held.some(({ reply }) => !reply.gone);
  }

  hold(rid: number, reply: Reply, ms: number, late: () => void): void {
    const timer = setTimeout(late, ms);
    timer.unref();
    this.#held.push({ rid, reply, timer });
  }

  /** A request that has come before: answered again, or waiting by its new connection. False when nothing is known of it. */
  again(rid: number, reply: Reply): boolean {
    const answer = this.#answers.get(rid);
    if (answer !== undefined) {
      reply.answer(answer);
      return true;
    }
    const held = this.#held.find((one) => one.rid === rid);
    if (held === undefined) return false;
    held.reply.answer(ELSEWHERE);
    held.reply = reply;
    return true;
  }

  /** Answers the oldest: the oldest whose client is still there when the answer says something. */
  answer(body: string, says = false): void {
    const at = says
      ? Math.max(
          this.#held.findIndex(({ reply }) => !reply.gone),
          0,
        )
      : 0;
    const [held] = this.#held.splice(at, 1);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#answers.set(held.rid, body);
    for (const rid of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) break;
      this.#answers.delete(rid);
    }
    held.reply.answer(body);
  }
}
