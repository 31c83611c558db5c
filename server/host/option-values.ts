import type { Statement } from '../storage/database.ts';
import type { Json, Settings } from '../storage/stores/settings.ts';
import { type Option, whatIsWrong } from './options.ts';

type Changed = (option: Option, domain: string) => void;

const PREFIX = 'option:';
const nameOf = (option: Option, domain: string): string =>
  option.scope === 'house' ? `${PREFIX}${option.key}` : `${PREFIX}${option.key}:${domain}`;

/** What was decided for every option there is, at hand without waiting: a stanza on its way may ask. */
export class OptionValues {
  readonly #store: Settings;
  readonly #options = new Map<string, Option>();
  readonly #values = new Map<string, Json>();
  readonly #watchers: Changed[] = [];

  /** Throws when two options have the same key or a default is not what it may be: the house must not start. */
  constructor(store: Settings, options: readonly Option[]) {
    this.#store = store;
    for (const option of options) {
      if (this.#options.has(option.key)) throw new Error(`two options are called ${option.key}`);
      const wrong = whatIsWrong(option, option.default);
      if (wrong !== undefined) throw new Error(`the default of ${option.key}: ${wrong}`);
      this.#options.set(option.key, option);
    }
  }

  /** Reads what was decided before. What an option of today could not be is left alone, and its default holds. */
  async load(): Promise<void> {
    for (const [name, value] of await this.#store.all()) {
      if (!name.startsWith(PREFIX)) continue;
      const [key = ''] = name.slice(PREFIX.length).split(':');
      const option = this.#options.get(key);
      if (option !== undefined && whatIsWrong(option, value) === undefined) this.#values.set(name, value);
    }
  }

  [Symbol.iterator](): IterableIterator<Option> {
    return this.#options.values();
  }

  find(key: string): Option | undefined {
    return this.#options.get(key);
  }

  /** What holds; `domain` says for which, and is not looked at for an option of the whole house. */
  get<T extends Json>(option: Option<T>, domain = ''): T {
    return (this.#values.get(nameOf(option, domain)) as T | undefined) ?? option.default;
  }

  /** Whether somebody decided it; else the default holds. */
  decided(option: Option, domain = ''): boolean {
    return this.#values.has(nameOf(option, domain));
  }

  /**
   * Sets a value, which `whatIsWrong` must have found right; undefined goes back to the default. On disk when it resolves, `and` with it.
   */
  async set(option: Option, domain: string, value: Json | undefined, and: readonly Statement[] = []): Promise<void> {
    const name = nameOf(option, domain);
    if (value === undefined) await this.#store.remove(name, and);
    else await this.#store.set(name, value, and);
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
    for (const watcher of this.#watchers) watcher(option, domain);
  }

  /** Is told of every change, once it is on disk; `domain` is '' for an option of the whole house. */
  watch(watcher: Changed): void {
    this.#watchers.push(watcher);
  }

  /** Forgets what was decided for a domain that is not served any more: it may come back as somebody else's. */
  async forget(domain: string): Promise<void> {
    for (const option of this.#options.values()) {
      if (option.scope === 'domain' && this.decided(option, domain)) await this.set(option, domain, undefined);
    }
  }
}
