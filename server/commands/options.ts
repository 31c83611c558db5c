import type { OptionValues } from '../host/option-values.ts';
import { type Option, type Shape, whatIsWrong } from '../host/options.ts';
import type { Audit } from '../storage/stores/audit.ts';
import type { Json } from '../storage/stores/settings.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';

/** One option with what holds now. */
export interface OptionView {
  readonly key: string;
  readonly scope: 'house' | 'domain';
  readonly group: string;
  readonly title: string;
  readonly help: string;
  readonly shape: Shape;
  /** Of a secret only whether there is one: `true` or `false`. */
  readonly value: boolean | number | string | string[];
  /** Whether somebody decided it; else it is what the server comes with. */
  readonly decided: boolean;
}

/** Whether a value must not be seen again, in a page, a log or the audit log. */
function isSecret({ shape }: Option): boolean {
  return shape.kind === 'text' && shape.secret;
}

/** What an administrator decides while the server runs, each option declared by the file that obeys it. */
export class OptionCommands {
  readonly #values: OptionValues;
  readonly #audit: Audit;
  readonly #house: House;

  constructor(values: OptionValues, audit: Audit, house: House) {
    this.#values = values;
    this.#audit = audit;
    this.#house = house;
  }

  /** All options as they hold for a domain: without one, for the only domain there is, or the first. Throws CommandError. */
  list(domain?: string): { readonly domain: string; readonly options: OptionView[] } {
    const served = domain === undefined ? (this.#house.domains()[0] ?? '') : this.#served(domain);
    return { domain: served, options: [...this.#values].map((option) => this.#view(option, served)) };
  }

  /**
   * Sets an option, or takes it back to what the server comes with when `value` is undefined. For one that each domain has
   * apart, `domain` may be left out while there is only one. Throws CommandError.
   */
  async set(by: Actor, key: string, value: Json | undefined, domain?: string): Promise<OptionView> {
    const option = this.#values.find(key);
    if (option === undefined) throw new CommandError('setting-not-found', `There is no setting called ${key}.`);
    const served = this.#where(option, domain);
    if (value !== undefined) {
      const wrong = whatIsWrong(option, value);
      if (wrong !== undefined) throw new CommandError('invalid', wrong, 'value');
    }
    const before = this.#values.decided(option, served) ? this.#values.get(option, served) : undefined;
    if (JSON.stringify(before) !== JSON.stringify(value)) {
      await this.#values.set(option, served, value);
      const told = isSecret(option) ? 'a secret' : JSON.stringify(value);
      await record(this.#audit, by, 'setting.change', served === '' ? key : `${key} ${served}`, {
        value: value === undefined ? 'back to the default' : told!.slice(0, 500),
      });
    }
    return this.#view(option, served);
  }

  /** Forgets what was decided for a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    await this.#values.forget(domain);
  }

  #where(option: Option, domain: string | undefined): string {
    if (option.scope === 'house') {
      if (domain === undefined) return '';
      throw new CommandError('invalid', `${option.key} is the same for all domains: leave the domain out.`, 'domain');
    }
    if (domain !== undefined) return this.#served(domain);
    const [only, ...more] = this.#house.domains();
    if (only !== undefined && more.length === 0) return only;
    throw new CommandError('invalid', `${option.key} is decided for each domain: say which one.`, 'domain');
  }

  #served(input: string): string {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return domain;
  }

  #view(option: Option, domain: string): OptionView {
    const { key, scope, group, title, help, shape } = option;
    const held = this.#values.get(option, domain);
    const value = (isSecret(option) ? held !== '' : held) as OptionView['value'];
    const decided = this.#values.decided(option, domain);
    return { key, scope, group, title, help, shape, value, decided };
  }
}
