import { LRUCache } from 'lru-cache';

/** What was found, and for how many ms it may be said again. */
export interface Found<T> {
  readonly value: T;
  readonly ms: number;
}

/** Answers that are kept for a while, bounded; who asks for what is being asked already waits for the same answer. */
export class Remembered<T> {
  readonly #answers: LRUCache<string, Promise<Found<T>>>;
  readonly #failureMs: (error: unknown) => number;

  constructor(max: number, failureMs: (error: unknown) => number) {
    this.#answers = new LRUCache({ max });
    this.#failureMs = failureMs;
  }

  /** `find` goes on when the signal of who asked first is over: others may wait for it. Rejects as it does, or with the signal's reason. */
  async get(key: string, find: () => Promise<Found<T>>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const { value } = await until(this.#answers.get(key) ?? this.#begin(key, find), signal);
    return value;
  }

  #begin(key: string, find: () => Promise<Found<T>>): Promise<Found<T>> {
    const answer = find();
    this.#answers.set(key, answer);
    const keep = (ms: number): void => {
      if (this.#answers.peek(key) === answer) this.#answers.set(key, answer, { ttl: Math.max(1, ms) });
    };
    answer.then(
      ({ ms }) => keep(ms),
      (error) => keep(this.#failureMs(error)),
    );
    return answer;
  }
}

function until<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = (): void => reject(signal.reason);
    signal.addEventListener('abort', over, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', over));
  });
}
