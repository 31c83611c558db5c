/** What the answer depends on. */
export interface HealthOptions {
  /** One small write that resolves when it is on disk. */
  readonly write: () => Promise<unknown>;
  /** Whether everything that should be listened on takes connections. */
  readonly listening: () => Promise<boolean>;
  /** For how long an answer holds; 5,000 ms. Whoever asks more often costs nothing. */
  readonly holdsMs?: number;
  /** How long both may take; 3,000 ms. */
  readonly patienceMs?: number;
}

/** Whether the house is well: asked by programs that watch it, who learn nothing else. */
export class Health {
  readonly #options: HealthOptions;
  #answer: { readonly until: number; readonly ok: Promise<boolean> } | undefined;
  #closing = false;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Never rejects. That there is an answer at all says that the event loop turns. */
  async ok(): Promise<boolean> {
    if (this.#closing) return false;
    const now = performance.now();
    if (this.#answer === undefined || now >= this.#answer.until) {
      this.#answer = { until: now + (this.#options.holdsMs ?? 5_000), ok: this.#works() };
    }
    return this.#answer.ok;
  }

  /** From now on it is not: no new work should be sent here. */
  close(): void {
    this.#closing = true;
  }

  async #works(): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), this.#options.patienceMs ?? 3_000);
    const all = Promise.all([this.#options.write(), this.#options.listening()]).then(
      ([, listening]) => listening,
      () => false,
    );
    return Promise.race([all, late]).finally(() => clearTimeout(timer));
  }
}
