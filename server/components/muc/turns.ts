/** ms of one turn of the event loop that all rooms of a service may take. What follows from it, the sockets, takes as long again. */
const BUDGET = 5;

/**
 * Keeps rooms with a thousand people in them from stopping everybody else: when many come or speak at once, some of it waits
 * for the next turns, in the order in which it came. Who waits is a connection that reads on afterwards, so that there
 * are never more than those.
 */
export class Turns {
  readonly #budget: number;
  readonly #waiting: (() => void)[] = [];
  #spent = 0;
  #scheduled = false;

  constructor(budget = BUDGET) {
    this.#budget = budget;
  }

  /** Runs it, at once if there is time. */
  run<T>(task: () => T | Promise<T>): T | Promise<T> {
    if (this.#waiting.length === 0 && this.#spent < this.#budget) return this.#timed(task);
    this.#schedule();
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#timed(task));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #timed<T>(task: () => T): T {
    const began = performance.now();
    try {
      return task();
    } finally {
      this.#spent += performance.now() - began;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#spent = 0;
    do this.#waiting.shift()?.();
    while (this.#waiting.length > 0 && this.#spent < this.#budget);
  }
}
