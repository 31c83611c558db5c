import type { OptionValues } from '../host/option-values.ts';
import { type Option, type Shape, whatIsWrong } from '../host/options.ts';
import type { Audit } from '../storage/stores/audit.ts';
import type { SettingChange, SettingChanges } from '../storage/stores/setting-changes.ts';
import type { Json } from '../storage/stores/settings.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, mustMay, mustProve, record } from './actor.ts';
import { mustProveToLetIn } from './closed-rooms.ts';
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
  /** Only owners change it. */
  readonly owner: boolean;
}

/** One change of an option, for people to read. */
export interface ChangeView {
  readonly id: number;
  readonly key: string;
  readonly title: string;
  /** '' for what is the same for all domains. */
  readonly domain: string;
  readonly time: number;
  readonly actor: string;
  readonly door: SettingChange['door'];
  readonly kept: SettingChange['kept'];
  /** What it was and became; null: what the server comes with. Of a secret only whether there is one. */
  readonly old: OptionView['value'] | null;
  readonly new: OptionView['value'] | null;
  /** It can be taken back: nobody has changed it since. */
  readonly undoable: boolean;
}

export interface ChangeWish {
  readonly key?: string;
  readonly domain?: string;
  readonly before?: number;
  readonly limit?: number;
}

/** Characters of a value that is kept to be gone back to. */
const LONGEST_KEPT = 50_000;

/** Whether a value must not be seen again, in a page, a log or the audit log. */
function isSecret({ shape }: Option): boolean {
  return shape.kind === 'text' && shape.secret;
}

function unknown(key: string): CommandError {
  return new CommandError('setting-not-found', `There is no setting called ${key}.`);
}

function mustFit(option: Option, value: Json): void {
  const wrong = whatIsWrong(option, value);
  if (wrong !== undefined) throw new CommandError('invalid', wrong, 'value');
}

/** What an administrator decides while the server runs, each option declared by the file that obeys it. */
export class OptionCommands {
  readonly #values: OptionValues;
  readonly #changes: SettingChanges;
  readonly #audit: Audit;
  readonly #house: House;
  readonly #turns = new KeyedMutex<string>();

  constructor(
    values: OptionValues,
    { audit, settingChanges }: { readonly audit: Audit; readonly settingChanges: SettingChanges },
    house: House,
  ) {
    this.#values = values;
    this.#changes = settingChanges;
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
    if (option === undefined) throw unknown(key);
    const served = this.#where(option, domain);
    if (value !== undefined) mustFit(option, value);
    await this.#inTurn(option, served, () => this.#change(by, option, served, value));
    return this.#view(option, served);
  }

  /** Whether an option could be set once these domains are served; changes nothing. Throws CommandError. */
  check(key: string, value: Json, domain: string | undefined, domains: readonly string[]): void {
    const option = this.#values.find(key);
    if (option === undefined) throw unknown(key);
    if (option.scope === 'house' && domain !== undefined) {
      throw new CommandError('invalid', `${key} is the same for all domains: leave the domain out.`, 'domain');
    }
    if (option.scope === 'domain' && domain === undefined && domains.length !== 1) {
      throw new CommandError('invalid', `${key} is decided for each domain: say which one.`, 'domain');
    }
    if (domain !== undefined && !domains.includes(domain)) {
      throw new CommandError('domain-not-found', `The domain ${domain} is not served here.`, 'domain');
    }
    mustFit(option, value);
  }

  /** Whether what it is set to must not be seen. Throws CommandError. */
  secret(key: string): boolean {
    const option = this.#values.find(key);
    if (option === undefined) throw unknown(key);
    return isSecret(option);
  }

  /** What was changed, the newest first: of one option, or of all. Throws CommandError. */
  async history({ key, domain, before, limit = 50 }: ChangeWish): Promise<{ rows: ChangeView[]; hasMore: boolean }> {
    if (key !== undefined && this.#values.find(key) === undefined) throw unknown(key);
    const where = domain === undefined ? undefined : this.#served(domain);
    const option = key === undefined ? undefined : this.#values.find(key);
    const rows = await this.#changes.page({
      limit: limit + 1,
      ...(key !== undefined && { key }),
      ...(where !== undefined && { domain: option?.scope === 'house' ? '' : where }),
      ...(before !== undefined && { before }),
    });
    return { rows: rows.slice(0, limit).map((row) => this.#told(row)), hasMore: rows.length > limit };
  }

  /** Takes one change back, if it is what holds now. Throws CommandError when somebody has changed it since, or it cannot be any more. */
  async undo(by: Actor, id: number): Promise<OptionView> {
    const change = await this.#changes.find(id);
    if (change === undefined) throw new CommandError('change-not-found', 'This change is not kept any more.');
    const option = this.#values.find(change.key);
    if (option === undefined) throw unknown(change.key);
    if (option.scope === 'domain') this.#served(change.domain);
    if (change.kept === 'secret' || isSecret(option)) {
      throw new CommandError('invalid', 'What a secret was is not kept. Enter it again instead.');
    }
    if (change.kept === 'long') throw new CommandError('invalid', 'What it was is too long to be kept.');
    const wrong = change.old === undefined ? undefined : whatIsWrong(option, change.old);
    if (wrong !== undefined) throw new CommandError('invalid', `What it was cannot be any more. ${wrong}`);
    await this.#inTurn(option, change.domain, async () => {
      if (!this.#holds(option, change)) {
        throw new CommandError(
          'setting-changed',
          'It was changed again since. Undo the newest change, or set it by hand.',
        );
      }
      await this.#change(by, option, change.domain, change.old, id);
    });
    return this.#view(option, change.domain);
  }

  /** Forgets what was decided for a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    await this.#values.forget(domain);
    await this.#changes.forget(domain);
  }

  /** One change of an option at a time: what it was is what the one before has made of it. */
  #inTurn(option: Option, domain: string, change: () => Promise<void>): Promise<void> {
    return this.#turns.run(`${option.key} ${domain}`, change);
  }

  #decided(option: Option, domain: string): Json | undefined {
    return this.#values.decided(option, domain) ? this.#values.get(option, domain) : undefined;
  }

  async #change(by: Actor, option: Option, domain: string, value: Json | undefined, undone?: number): Promise<void> {
    if (option.owner === true) {
      mustMay(by, 'owner');
      mustProve(by);
    }
    const before = this.#decided(option, domain);
    const [from, to] = [before ?? option.default, value ?? option.default];
    if (JSON.stringify(from) !== JSON.stringify(to) && option.needsProof?.(from, to) === true) mustProve(by);
    if (option.letsIn === true) {
      const [had, has] = [from as readonly string[], to as readonly string[]];
      const further = has.filter((name) => !had.includes(name));
      await mustProveToLetIn(by, this.#house, domain, further);
    }
    if (JSON.stringify(before) === JSON.stringify(value)) return;
    const secret = isSecret(option);
    const long = [before, value].some((one) => one !== undefined && JSON.stringify(one).length > LONGEST_KEPT);
    const kept = (one: Json | undefined) => (secret && one !== undefined ? one !== '' : long ? undefined : one);
    const noting = this.#changes.noting({
      key: option.key,
      domain,
      at: Date.now(),
      actor: by.name,
      door: by.door,
      kept: secret ? 'secret' : long ? 'long' : 'all',
      old: kept(before),
      new: kept(value),
    });
    await this.#values.set(option, domain, value, noting);
    const told = secret ? 'a secret' : JSON.stringify(value);
    await record(this.#audit, by, 'setting.change', domain === '' ? option.key : `${option.key} ${domain}`, {
      value: value === undefined ? 'back to the default' : told!.slice(0, 500),
      ...(undone !== undefined && { undone }),
    });
  }

  /** Whether what a change led to is what holds now. */
  #holds(option: Option, change: SettingChange): boolean {
    return JSON.stringify(this.#decided(option, change.domain)) === JSON.stringify(change.new);
  }

  #told(change: SettingChange): ChangeView {
    const { id, key, domain, at, actor, door, kept } = change;
    const option = this.#values.find(key);
    // What was no secret when it was written may be one in a newer release.
    const hidden = option === undefined || (isSecret(option) && kept !== 'secret');
    const value = (one: Json | undefined) => (one === undefined || hidden ? null : (one as OptionView['value']));
    return {
      id,
      key,
      title: option?.title ?? key,
      domain,
      time: at,
      actor,
      door,
      kept: hidden ? 'secret' : kept,
      old: value(change.old),
      new: value(change.new),
      undoable: kept === 'all' && !hidden && this.#holds(option, change),
    };
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
    const { key, scope, group, title, help, shape, owner = false } = option;
    const held = this.#values.get(option, domain);
    const value = (isSecret(option) ? held !== '' : held) as OptionView['value'];
    const decided = this.#values.decided(option, domain);
    return { key, scope, group, title, help, shape, value, decided, owner };
  }
}
