import type { RoomConfig } from '../../storage/stores/rooms.ts';
import type { Field } from '../../xmpp/data-form.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';

/** What the service allows the owners of rooms. */
export interface Bounds {
  readonly history: number;
  readonly occupants: number;
}

/** One field of the form, between the form and the configuration. */
export interface ConfigField {
  readonly name: string;
  /** As owners get it. */
  show(config: RoomConfig, bounds: Bounds): Field;
  /** What is submitted. Throws StanzaError. */
  read(values: readonly string[], config: RoomConfig, bounds: Bounds): Partial<RoomConfig>;
}

type Of<T> = { readonly [Key in keyof RoomConfig]: RoomConfig[Key] extends T ? Key : never }[keyof RoomConfig];

/** XEP-0045 §10.1.3: what the service does not accept. */
export function unacceptable(label: string, text: string): StanzaError {
  return new StanzaError('not-acceptable', `${label}: ${text}`);
}

function single(label: string, values: readonly string[]): string {
  if (values.length > 1) throw unacceptable(label, 'one value, please.');
  return values[0] ?? '';
}

export function readSwitch(label: string, values: readonly string[]): boolean | undefined {
  const value = single(label, values).trim();
  if (value === '') return undefined;
  if (value === '1' || value === 'true') return true;
  if (value === '0' || value === 'false') return false;
  throw unacceptable(label, 'yes or no (1 or 0).');
}

export function yesNo(name: string, key: Of<boolean>, label: string): ConfigField {
  return {
    name,
    show: (config) => ({ name, type: 'boolean', label, values: [config[key] ? '1' : '0'] }),
    read(values) {
      const value = readSwitch(label, values);
      return value === undefined ? {} : { [key]: value };
    },
  };
}

/** A text of one line; `wrong` says what is wrong with one that is not empty. */
export function line(
  name: string,
  key: Of<string>,
  label: string,
  longest: number,
  wrong?: (value: string) => string | undefined,
): ConfigField {
  return {
    name,
    show: (config) => ({ name, type: 'text-single', label, values: [config[key]] }),
    read(values) {
      const value = single(label, values).replaceAll(/\s+/gu, ' ').trim();
      if (value.length > longest) throw unacceptable(label, `at most ${longest} characters.`);
      const lacking = value === '' ? undefined : wrong?.(value);
      if (lacking !== undefined) throw unacceptable(label, lacking);
      return { [key]: value };
    },
  };
}

export function wholeNumber(
  name: string,
  key: Of<number>,
  label: string,
  range: (bounds: Bounds) => readonly [number, number],
): ConfigField {
  return {
    name,
    show: (config, bounds) => {
      const [least, most] = range(bounds);
      return { name, type: 'text-single', label, values: [String(Math.min(config[key], most))], range: [least, most] };
    },
    read(values, _config, bounds) {
      const text = single(label, values).trim();
      if (text === '') return {};
      return { [key]: readNumber(label, text, range(bounds)) };
    },
  };
}

export function readNumber(label: string, text: string, [least, most]: readonly [number, number]): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw unacceptable(label, `a whole number from ${least} to ${most}.`);
  return value;
}

/** One of several words. */
export function oneOf<Word extends string>(
  name: string,
  label: string,
  choices: Readonly<Record<Word, string>>,
  shown: (config: RoomConfig) => Word,
  chosen: (value: Word) => Partial<RoomConfig>,
): ConfigField {
  const options = optionsOf(choices);
  return {
    name,
    show: (config) => ({ name, type: 'list-single', label, values: [shown(config)], options }),
    read(values) {
      const value = single(label, values).trim();
      if (value === '') return {};
      if (!Object.hasOwn(choices, value)) throw unacceptable(label, `one of ${Object.keys(choices).join(', ')}.`);
      return chosen(value as Word);
    },
  };
}

/** Any of several words; they are kept in the order of the choices. */
export function anyOf<Key extends 'broadcast' | 'memberList'>(
  name: string,
  key: Key,
  label: string,
  choices: Readonly<Record<string, string>>,
): ConfigField {
  const options = optionsOf(choices);
  return {
    name,
    show: (config) => ({ name, type: 'list-multi', label, values: config[key], options }),
    read(values) {
      for (const value of values) {
        if (!Object.hasOwn(choices, value)) throw unacceptable(label, `some of ${Object.keys(choices).join(', ')}.`);
      }
      return { [key]: Object.keys(choices).filter((choice) => values.includes(choice)) };
    },
  };
}

function optionsOf(choices: Readonly<Record<string, string>>): NonNullable<Field['options']> {
  return Object.entries(choices).map(([value, label]) => ({ value, label }));
}

/** Bare addresses of people, each once. Throws StanzaError. */
export function readPeople(label: string, values: readonly string[], most: number): string[] {
  const people = new Set<string>();
  for (const value of values) {
    if (value.trim() === '') continue;
    const jid = tryParseJid(value.trim());
    if (jid === undefined || jid.local === '' || jid.resource !== '') {
      throw unacceptable(label, 'addresses of people, like juliet@example.test.');
    }
    people.add(jid.bare);
    if (people.size > most) throw unacceptable(label, `at most ${most}.`);
  }
  return [...people];
}
