import type { StreamError } from '../xmpp/stream-error.ts';
import type { Items } from './element-stream.ts';
import type { StreamItem } from './parser.ts';

/** Items read ahead of the loop before the sender has to wait, so that a fast one does not fill memory. */
const READ_AHEAD = 32;

/** What was read of a stream and not handled yet: the end of a transport that the loop over the stream pulls at. */
export class ItemQueue implements Items {
  readonly #items: StreamItem[] = [];
  readonly #drained: () => void;
  #waiting: { resolve(result: IteratorResult<StreamItem>): void; reject(error: Error): void } | undefined;
  #failure: StreamError | undefined;
  #ended = false;

  /** `drained` is called whenever the last item was taken. */
  constructor(drained: () => void) {
    this.#drained = drained;
  }

  /** The transport should stop reading until it is drained. */
  get full(): boolean {
    return this.#items.length >= READ_AHEAD;
  }

  get pending(): boolean {
    return this.#items.length > 0;
  }

  /** Nothing more will come. */
  get ended(): boolean {
    return this.#ended;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  push(item: StreamItem): void {
    const waiting = this.#waiting;
    if (waiting === undefined) this.#items.push(item);
    else {
      this.#waiting = undefined;
      waiting.resolve({ value: item, done: false });
    }
  }

  /** The peer broke the rules: the loop is told after the items that came before. */
  fail(error: StreamError): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** The loop ends after the items that came before. */
  end(): void {
    this.#ended = true;
    this.#waiting?.resolve({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  /** Forgets what was not taken. */
  clear(): void {
    this.#items.length = 0;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<StreamItem>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#items.length === 0) this.#drained();
      return Promise.resolve({ value: item, done: false });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
