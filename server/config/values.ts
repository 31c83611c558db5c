import { isIP, isIPv6 } from 'node:net';
import { JidError, prepareDomain } from '../xmpp/jid.ts';
import type { Address } from './settings.ts';

/** What a value of the boot file must be: gives it checked, or throws Refusal. */
export type Reader<T> = (value: unknown) => T;

/** A value is not what it must be. `culprit` is the part of a list that is wrong, as written. */
export class Refusal extends Error {
  readonly culprit: string | undefined;

  constructor(problem: string, culprit?: string) {
    super(problem);
    this.culprit = culprit;
  }
}

const MAX_SHOWN = 60;

function kind(value: unknown): string {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return value instanceof Date ? 'a date' : 'a table';
}

function shown(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

/** Text that is not empty and has no control characters. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Refusal(`must be text in quotes, not ${kind(value)}`);
  if (value === '' || /\p{Cc}/u.test(value)) throw new Refusal('must not be empty or have control characters');
  return value;
}

/** A domain in prepared form; an IP address is not one, since no certificate of ours and no account could name it well. */
export function domain(value: unknown): string {
  const name = text(value);
  try {
    const prepared = prepareDomain(name);
    if (isIP(prepared.replace(/^\[|\]$/g, '')) === 0) return prepared;
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
  }
  throw new Refusal(`${shown(name)} is not a domain name`);
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Reader<number> {
  return (value) => {
    if (typeof value !== 'bigint') {
      throw new Refusal(`must be a whole number, not ${typeof value === 'number' ? value : kind(value)}`);
    }
    if (value < BigInt(least) || value > BigInt(most)) {
      throw new Refusal(`${value} is out of range, must be ${least} to ${most}`);
    }
    return Number(value);
  };
}

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[]): Reader<Word> {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const given = typeof value === 'string' ? shown(value) : kind(value);
    throw new Refusal(`must be one of ${words.join(', ')}, not ${given}`);
  };
}

/** `"127.0.0.1:5222"` or `"[::1]:5222"`. Throws Refusal. */
export function address(value: unknown): Address {
  if (typeof value !== 'string') throw new Refusal(`must be "address:port" in quotes, not ${kind(value)}`);
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(value);
  const [, six, four, digits] = parts ?? [];
  const port = Number(digits);
  const good = six === undefined ? four !== undefined && isIP(four) === 4 : isIPv6(six);
  if (parts === null || !good) {
    throw new Refusal(
      `${shown(value)} is not "address:port" with an IP address, like "127.0.0.1:5222" or "[::]:5222"`,
      value,
    );
  }
  if (port > 65535) throw new Refusal(`${shown(value)} has a port over 65535`, value);
  return Object.freeze({ host: six ?? four ?? '', port, text: value });
}

const MAX_ADDRESSES = 64;

/** A list of addresses, each once. */
export function addresses(value: unknown): readonly Address[] {
  if (!Array.isArray(value)) throw new Refusal(`must be a list like ["[::]:5222"], not ${kind(value)}`);
  if (value.length > MAX_ADDRESSES) throw new Refusal(`must have ${MAX_ADDRESSES} addresses at most`);
  return Object.freeze(value.map(address));
}
